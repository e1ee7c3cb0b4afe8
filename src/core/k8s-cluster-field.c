/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields that are read alike in several places of a cluster policy. */

#include <config.h>

#include "k8s-private.h"

void
k8s_cluster_not_understood(struct k8s_parser *p, const struct k8s_field *field,
                           struct k8s_cluster_context *c, const char *problem)
{
    k8s_warn_closed(p, field, problem, c->consequence);
    c->understood = false;
}

bool
k8s_cluster_choose(struct k8s_parser *p, const struct k8s_field *field,
                   const char *const known[], struct k8s_cluster_context *c,
                   struct k8s_field *found)
{
    *found = (struct k8s_field) { .up = field };
    if (!k8s_expect(p, field, DOC_MAP)) {
        return false;
    }
    for (size_t i = 0; known[i]; i++) {
        struct k8s_field member = k8s_field_member(field, known[i]);

        if (member.node && found->node) {
            return k8s_fail(p, field, "%s and %s may not stand together",
                            found->name, member.name);
        } else if (member.node) {
            *found = member;
        }
    }
    if (!k8s_check_known(p, field, known, c->consequence)) {
        c->understood = false;
    } else if (!found->node && c->understood) {
        k8s_cluster_not_understood(p, field, c, "none of the fields that we "
                                   "know is set");
    }
    return true;
}

bool
k8s_cluster_get_list(struct k8s_parser *p, const struct k8s_field *field,
                     size_t max, size_t *n)
{
    if (!k8s_get_count(p, field, DOC_LIST, max, n)) {
        return false;
    }
    return *n || k8s_fail(p, field, "needs at least one item");
}
