/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

static void
test_kinds(void **state)
{
    static const struct {
        const char *word;
        enum k8s_kind kind;
    } rows[] = {
        { "netpol", K8S_POLICY }, { "NetworkPolicy", K8S_POLICY },
        { "networkpolicies", K8S_POLICY }, { "pods", K8S_POD },
        { "po", K8S_POD }, { "CNP", K8S_CLUSTER_POLICY },
        { "clusternetworkpolicies", K8S_CLUSTER_POLICY },
        { "AdminNetworkPolicy", K8S_ADMIN_POLICY },
        { "banp", K8S_BASELINE_POLICY }, { "Node", K8S_NODE },
        { "", K8S_N_KINDS }, { "s", K8S_N_KINDS }, { "shop", K8S_N_KINDS },
        { "podss", K8S_N_KINDS },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(name_parse_kind(rows[i].word, strlen(rows[i].word)),
                         rows[i].kind);
    }
    assert_int_equal(name_parse_kind("pod/x", 3), K8S_POD);
}

static void
test_policies(void **state)
{
    static const struct {
        const char *word;
        enum k8s_kind kind;
        const char *ns, *name;  /* 'name' NULL: not a name. */
    } rows[] = {
        { "shop/db", K8S_POLICY, "shop", "db" },
        { "netpol/shop/db", K8S_POLICY, "shop", "db" },
        { "NetworkPolicy/shop/db", K8S_POLICY, "shop", "db" },
        { "ClusterNetworkPolicy/strict", K8S_CLUSTER_POLICY, NULL, "strict" },
        { "cnp/strict", K8S_CLUSTER_POLICY, NULL, "strict" },
        { "banp/default", K8S_BASELINE_POLICY, NULL, "default" },
        { "strict", K8S_N_KINDS, NULL, "strict" },
        { "", 0, NULL, NULL }, { "/", 0, NULL, NULL },
        { "shop/", 0, NULL, NULL }, { "/db", 0, NULL, NULL },
        { "cnp/", 0, NULL, NULL }, { "cnp/a/b", 0, NULL, NULL },
        { "pod/a/b", 0, NULL, NULL }, { "netpol//b", 0, NULL, NULL },
        { "netpol/a/b/c", 0, NULL, NULL }, { "netpol/a/", 0, NULL, NULL },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct policy_name name;

        if (policy_name_parse(rows[i].word, &name) != !!rows[i].name) {
            fail_msg("%s", rows[i].word);
        }
        if (rows[i].name) {
            assert_int_equal(name.kind, rows[i].kind);
            assert_true(nullable_string_is_equal(name.ns, rows[i].ns));
            assert_string_equal(name.name, rows[i].name);
            policy_name_uninit(&name);
        }
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
