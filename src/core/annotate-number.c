/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "annotate-private.h"

#include <stdlib.h>

#include "group.h"
#include "openvswitch/dynamic-string.h"
#include "partition.h"
#include "pipeline.h"
#include "util.h"

struct annotation *
annotation_create(struct compile *compile, const struct model *model)
{
    struct annotation *a = xmalloc(sizeof *a);

    annotation_init(a, compile, model);
    return a;
}

void
annotation_destroy(struct annotation *a)
{
    if (a) {
        annotation_uninit(a);
        free(a);
    }
}

bool
annotate_rule(const struct annotation *a, enum k8s_direction d, uint32_t id,
              struct ds *s)
{
    const struct entry *e = find_entry(&a->rules[d], id);

    if (e) {
        annotate_put_rule(e->what, s);
        annotate_put_rule_terms(e->what, s);
    }
    return e != NULL;
}

bool
annotate_target(const struct annotation *a, enum k8s_direction d,
                uint32_t class, struct ds *s)
{
    const struct entry *e = find_entry(&a->targets[d], class);

    if (!e) {
        return false;
    }
    for (size_t i = 0; i < MIN(e->members.n, MAX_NAMES); i++) {
        const struct k8s_object *pod = e->members.p[i];

        ds_put_format(s, "%s%s/%s", i ? ", " : "", pod->ns, pod->name);
    }
    annotate_put_more(e->members.n, s);
    ds_put_cstr(s, e->members.n ? ", " : "");
    annotate_put_concerned(e->what, s);
    return true;
}

bool
annotate_peer(const struct annotation *a, enum k8s_direction d, uint32_t class,
              struct ds *s)
{
    const struct entry *e = find_entry(&a->peers[d], class);
    const struct partition_class *c = e ? e->what : NULL;

    for (size_t i = 0; c && i < MIN(c->n_sets, MAX_NAMES); i++) {
        ds_put_cstr(s, i ? ", " : "among ");
        group_format(CONTAINER_OF(c->sets[i], struct group, set), s);
    }
    if (c) {
        annotate_put_more(c->n_sets, s);
    }
    return c != NULL;
}

bool
annotate_net(const struct annotation *a, enum k8s_direction d, uint32_t class,
             struct ds *s)
{
    const struct entry *e = find_entry(&a->nets[d], class);

    if (e) {
        annotate_put_blocks(e->what, s);
    }
    return e != NULL;
}

static bool
annotate_decision(const struct annotation *a, enum k8s_direction d,
                  uint32_t id, struct ds *s)
{
    const struct entry *e = find_entry(&a->rules[d], id);

    if (e) {
        ds_put_cstr(s, annotate_action(e->what));
        annotate_put_rule(e->what, s);
        annotate_put_rule_terms(e->what, s);
    }
    return e != NULL;
}

static bool
annotate_exemption(uint32_t id, struct ds *s)
{
    static const char *const names[] = {
        "the node, or a pod to itself: not asked",
        "a Service address, decided when translated",
        "pods do not send to the node's tunnel ports",
    };

    if (id >= ARRAY_SIZE(names)) {
        return false;
    }
    ds_put_cstr(s, names[id]);
    return true;
}

bool
annotate_cookie(const struct annotation *a, enum k8s_direction d,
                uint64_t cookie, struct ds *s)
{
    uint32_t id = cookie_id(cookie);

    if ((cookie & COOKIE_MAGIC_MASK) != COOKIE_MAGIC) {
        return false;
    }
    switch (cookie_kind(cookie)) {
    case COOKIE_TARGET:
        return annotate_target(a, d, id, s);
    case COOKIE_PEER:
        return annotate_peer(a, d, id, s);
    case COOKIE_NET:
        return annotate_net(a, d, id, s);
    case COOKIE_RULE:
    case COOKIE_DENY:
        return annotate_decision(a, d, id, s);
    case COOKIE_DROP:
        ds_put_cstr(s, "default drop: ");
        return annotate_target(a, d, id, s);
    case COOKIE_AUDIT:
        ds_put_cstr(s, "audited, let through: ");
        return annotate_target(a, d, id, s);
    case COOKIE_FREE:
        ds_put_cstr(s, "not isolated: ");
        return annotate_target(a, d, id, s);
    case COOKIE_EXEMPT:
        return annotate_exemption(id, s);
    case COOKIE_STATIC:
        ds_put_cstr(s, "always there");
        return true;
    default:
        return false;
    }
}
