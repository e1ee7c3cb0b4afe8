/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "k8s.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doc.h"
#include "util.h"

struct misnamed {
    const char *list;           /* NULL: not in a list. */
    const char *item;
    const char *want;           /* NULL: something else. */
};

static void
check(const struct misnamed *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        const struct misnamed *c = &cases[i];
        char *yaml = xasprintf("[%s, %s]", c->item, c->list ? c->list : "{}");
        const char *path = "?";
        struct doc **docs;
        size_t n;

        assert_null(doc_parse_yaml(yaml, strlen(yaml), NULL, &docs, &n));
        const struct doc_node *root = doc_root(docs[0]);
        char *got = k8s_explain_unknown(doc_node_at(root, 0),
                                        c->list ? doc_node_at(root, 1) : NULL,
                                        &path);

        if (!nullable_string_is_equal(got, c->want)) {
            fail_msg("%s: %s, not %s", yaml, got, c->want);
        }
        if (got) {
            assert_memory_equal(got, path, strlen(path));
        }
        free(got);
        doc_destroy(docs[0]);
        free(docs);
        free(yaml);
    }
}

static void
test_misnamed(void **state)
{
    static const struct misnamed cases[] = {
        {NULL, "{apiVersion: networking.k8s.io/v1, kind: Networkpolicy}",
         "kind: \"Networkpolicy\" is unknown, want \"NetworkPolicy\""},
        {NULL, "{apiVersion: networking.k8s.io/v1, kind: NetworkPoilcy}",
         "kind: \"NetworkPoilcy\" is unknown, want \"NetworkPolicy\""},
        {NULL, "{apiVersion: v1, kind: pod}",
         "kind: \"pod\" is unknown, want \"Pod\""},
        {NULL, "{kind: networkpolicy}",
         "kind: \"networkpolicy\" is unknown, want \"NetworkPolicy\""},
        {NULL, "{kind: NetworkPolicy}",
         "apiVersion: missing, want \"networking.k8s.io/v1\""},
        {NULL, "{apiVersion: null, kind: Pod}",
         "apiVersion: missing, want \"v1\""},
        {NULL, "{apiVersion: networking.k8s.io/v2, kind: NetworkPolicy}",
         "apiVersion: \"networking.k8s.io/v2\" is unknown, want "
         "\"networking.k8s.io/v1\""},
        {NULL, "{apiVersion: Networking.k8s.io/v1, kind: NetworkPolicy}",
         "apiVersion: \"Networking.k8s.io/v1\" is unknown, want "
         "\"networking.k8s.io/v1\""},
        {NULL, "{apiVersion: networking.k8s.oi/v1, kind: NetworkPolicy}",
         "apiVersion: \"networking.k8s.oi/v1\" is unknown, want "
         "\"networking.k8s.io/v1\""},
        {NULL, "{apiVersion: extensions/v1beta1, kind: NetworkPolicy}",
         "apiVersion: \"extensions/v1beta1\" is unknown, want "
         "\"networking.k8s.io/v1\""},
        {NULL, "{apiVersion: v1, kind: NetworkPolicy}",
         "apiVersion: \"v1\" is unknown, want \"networking.k8s.io/v1\""},
        {NULL, "{apiVersion: 1, kind: Pod}",
         "apiVersion: \"1\" is unknown, want \"v1\""},
        {NULL, "{apiVersion: policy.networking.k8s.io/v1alpha1, "
         "kind: ClusterNetworkPolicy}",
         "apiVersion: \"policy.networking.k8s.io/v1alpha1\" is unknown, "
         "want \"policy.networking.k8s.io/v1alpha2\""},
        {NULL, "{apiVersion: v1, kind: list, items: []}",
         "kind: \"list\" is unknown, want \"List\""},
        {NULL, "{apiVersion: v1, kind: podlist, items: []}",
         "kind: \"podlist\" is unknown, want \"PodList\""},
        {"{apiVersion: v2, kind: PodList}", "{metadata: {}}",
         "apiVersion: \"v2\" is unknown, want \"v1\""},
    };

    check(cases, ARRAY_SIZE(cases));
}

static void
test_others(void **state)
{
    static const struct misnamed cases[] = {
        {NULL, "{apiVersion: apps/v1, kind: Deployment}", NULL},
        {NULL, "{kind: Deployment}", NULL},
        {NULL, "{apiVersion: v1, kind: Service}", NULL},
        {NULL, "{apiVersion: v1, kind: Po}", NULL},
        {NULL, "{apiVersion: v1, kind: Nod}", NULL},
        {NULL, "{apiVersion: networking.k8s.io/v1, kind: Ingress}", NULL},
        {NULL, "{apiVersion: crd.projectcalico.org/v1, kind: NetworkPolicy}",
         NULL},
        {NULL, "{apiVersion: crd.antrea.io/v1beta1, "
         "kind: ClusterNetworkPolicy}", NULL},
        {NULL, "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy}", NULL},
        {NULL, "{apiVersion: management.cattle.io/v3, kind: Node}", NULL},
        {NULL, "{apiVersion: v1}", NULL},
        {NULL, "{apiVersion: v1, kind: []}", NULL},
        {"{apiVersion: v1, kind: ServiceList}", "{metadata: {}}", NULL},
    };

    check(cases, ARRAY_SIZE(cases));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misnamed),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
