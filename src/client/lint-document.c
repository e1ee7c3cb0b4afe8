/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about what is written, where what it means does not tell. */

#include <config.h>

#include "lint.h"

#include <string.h>

#include "doc.h"
#include "util.h"

/* The member 'key' of 'node' if it is a list, else NULL. */
static const struct doc_node *
list_at(const struct doc_node *node, const char *key)
{
    const struct doc_node *list = doc_node_get(node, key);

    return list && doc_node_type(list) == DOC_LIST ? list : NULL;
}

/* The rules of a direction as written, or NULL. */
static const struct doc_node *
rules_at(const struct doc_node *policy, enum k8s_direction direction)
{
    return list_at(doc_node_get(policy, "spec"),
                   k8s_direction_name(direction));
}

void
lint_empty_list(struct lint *lint, const struct doc_node *policy)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct doc_node *rules = rules_at(policy, d);

        for (size_t i = 0; rules && i < doc_node_count(rules); i++) {
            const struct doc_node *rule = doc_node_at(rules, i);
            const char *const lists[] = { lint_peers_name(d), "ports" };

            for (int j = 0; j < 2; j++) {
                const struct doc_node *list = list_at(rule, lists[j]);

                if (list && !doc_node_count(list)) {
                    char *path = lint_path(d, i, NULL, 0);

                    lint_find(lint, xasprintf("%s.%s", path, lists[j]),
                              "is an empty list, which means %s, not %s",
                              j ? "all ports" : "everybody",
                              j ? "none" : "nobody");
                    free(path);
                }
            }
        }
    }
}

static bool
list_has(const struct doc_node *list, const char *word)
{
    for (size_t i = 0; i < doc_node_count(list); i++) {
        if (!strcmp(doc_node_text(doc_node_at(list, i)), word)) {
            return true;
        }
    }
    return false;
}

void
lint_ignored_section(struct lint *lint, const struct doc_node *policy)
{
    static const char *const types[] = {
        [K8S_EGRESS] = "Egress", [K8S_INGRESS] = "Ingress",
    };
    const struct doc_node *list = list_at(doc_node_get(policy, "spec"),
                                          "policyTypes");

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct doc_node *rules = rules_at(policy, d);

        if (list && doc_node_count(list) && !list_has(list, types[d])
            && rules && doc_node_count(rules)) {
            lint_find(lint, xasprintf("spec.%s", k8s_direction_name(d)),
                      "has no effect, because policyTypes lacks %s", types[d]);
        }
    }
}

void
lint_missing_selector(struct lint *lint, const struct doc_node *policy)
{
    const struct doc_node *spec = doc_node_get(policy, "spec");
    const struct doc_node *selector = doc_node_get(spec, "podSelector");

    if (!selector || doc_node_type(selector) == DOC_NULL) {
        lint_find(lint, xstrdup("spec.podSelector"),
                  "is missing, which selects all pods of the namespace; "
                  "\"{}\" would say so");
    }
}
