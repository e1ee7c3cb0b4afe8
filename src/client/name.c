/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util.h"

/* True if the first 'length' letters of 'word' are 'name'. */
static bool
is_word(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && !strncasecmp(word, name, length);
}

enum k8s_kind
name_parse_kind(const char *word, size_t length)
{
    static const struct {
        const char *word;
        enum k8s_kind kind;
    } names[] = {
        { "ns", K8S_NAMESPACE }, { "po", K8S_POD }, { "netpol", K8S_POLICY },
        { "networkpolicies", K8S_POLICY }, { "cnp", K8S_CLUSTER_POLICY },
        { "clusternetworkpolicies", K8S_CLUSTER_POLICY },
        { "anp", K8S_ADMIN_POLICY }, { "banp", K8S_BASELINE_POLICY },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (is_word(word, length, names[i].word)) {
            return names[i].kind;
        }
    }
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        const char *name = k8s_kind_name(kind);

        if (is_word(word, length, name)
            || (length && strchr("sS", word[length - 1])
                && is_word(word, length - 1, name))) {
            return kind;
        }
    }
    return K8S_N_KINDS;
}

bool
policy_name_parse(const char *word, struct policy_name *name)
{
    size_t first = strcspn(word, "/");
    const char *second = word[first] ? word + first + 1 : NULL;
    const char *third = second ? strchr(second, '/') : NULL;
    enum k8s_kind kind = (second ? name_parse_kind(word, first)
                          : K8S_N_KINDS);

    *name = (struct policy_name) { .kind = K8S_N_KINDS, .name = word };
    if (third) {
        name->kind = K8S_POLICY;
        name->ns = xmemdup0(second, third - second);
        name->name = third + 1;
        if (kind != K8S_POLICY || !name->ns[0]) {
            name->name = "";
        }
    } else if (second && k8s_kind_is_cluster_policy(kind)) {
        name->kind = kind;
        name->name = second;
    } else if (second) {
        name->kind = K8S_POLICY;
        name->ns = xmemdup0(word, first);
        name->name = first ? second : "";
    }
    if (!name->name[0] || strchr(name->name, '/')) {
        policy_name_uninit(name);
        return false;
    }
    return true;
}

void
policy_name_uninit(struct policy_name *name)
{
    free(name->ns);
}

bool
policy_name_is(const char *word)
{
    struct policy_name name;

    if (!policy_name_parse(word, &name)) {
        return false;
    }
    policy_name_uninit(&name);
    return true;
}
