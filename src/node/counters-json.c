/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger as JSON. */

#include <config.h>

#include "counters.h"

#include <stdlib.h>

#include "ovs-json.h"

#include "compile.h"
#include "ledger.h"
#include "openvswitch/dynamic-string.h"
#include "policy.h"
#include "ptrs.h"
#include "util.h"

static struct json *
count_to_json(const struct ledger_count *count)
{
    struct json *json = json_object_create();

    json_object_put(json, "packets", json_integer_create(count->packets));
    json_object_put(json, "bytes", json_integer_create(count->bytes));
    return json;
}

/* An array of "NAMESPACE/NAME" and, of cluster policies, "KIND NAME". */
static struct json *
policies_to_json(const struct ledger *ledger, const struct ledger_item *item)
{
    struct ptrs policies = PTRS_INITIALIZER;
    struct json *json = json_array_create_empty();

    ledger_item_policies(ledger, item, &policies);
    for (size_t i = 0; i < policies.n; i++) {
        struct ds name = DS_EMPTY_INITIALIZER;

        policy_format_name(policies.p[i], &name);
        json_array_add(json, json_string_create_nocopy(ds_steal_cstr(&name)));
    }
    ptrs_uninit(&policies);
    return json;
}

static struct json *
item_to_json(const struct ledger *ledger, const struct ledger_item *item)
{
    struct json *json = count_to_json(&item->count);
    enum k8s_tier tier;

    json_object_put(json, item->by_rule ? "rule" : "target",
                    json_integer_create(item->id));
    json_object_put_string(json, "direction",
                           k8s_direction_name(item->direction));
    json_object_put_string(json, "verdict",
                           ledger_verdict_name(item->verdict));
    json_object_put(json, "tier", (ledger_item_tier(ledger, item, &tier)
                                   ? json_string_create(k8s_tier_name(tier))
                                   : json_null_create()));
    json_object_put(json, "policies", policies_to_json(ledger, item));
    return json;
}

static struct json *
items_to_json(const struct ledger *ledger)
{
    struct json *json = json_array_create_empty();
    size_t n;
    const struct ledger_item **items = ledger_items(ledger, &n);

    for (size_t i = 0; i < n; i++) {
        json_array_add(json, item_to_json(ledger, items[i]));
    }
    free(items);
    return json;
}

static struct json *
account_to_json(const struct ledger_account *account)
{
    struct json *json = json_object_create();

    json_object_put(json, "namespace",
                    account->ns ? json_string_create(account->ns)
                                : json_null_create());
    if (account->name) {
        json_object_put_string(json, "kind", k8s_kind_name(account->kind));
        json_object_put_string(json, "name", account->name);
    }
    if (k8s_kind_is_cluster_policy(account->kind)) {
        json_object_put_string(json, "tier", k8s_tier_name(account->tier));
    }
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct json *counts = json_object_create();

        for (int v = 0; v < LEDGER_N_VERDICTS; v++) {
            json_object_put(counts, ledger_verdict_name(v),
                            count_to_json(&account->counts[d][v]));
        }
        json_object_put(json, k8s_direction_name(d), counts);
    }
    return json;
}

static struct json *
accounts_to_json(const struct ledger_account *const accounts[], size_t n)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; i < n; i++) {
        json_array_add(json, account_to_json(accounts[i]));
    }
    return json;
}

/* The sum of all others comes last. */
static struct json *
policy_accounts_to_json(const struct ledger *ledger)
{
    size_t n;
    const struct ledger_account **accounts = ledger_policies(ledger, &n);
    struct json *json = accounts_to_json(accounts, n);

    free(accounts);
    json_array_add(json, account_to_json(ledger_other_policies(ledger)));
    return json;
}

/* Namespaces, tiers, and the sum of all others. */
static struct json *
namespace_accounts_to_json(const struct ledger *ledger)
{
    size_t n;
    const struct ledger_account **accounts = ledger_namespaces(ledger, &n);
    struct json *json = accounts_to_json(accounts, n);

    free(accounts);
    for (enum k8s_tier tier = 0; tier < K8S_N_TIERS; tier++) {
        json_array_add(json, account_to_json(ledger_tier(ledger, tier)));
    }
    json_array_add(json, account_to_json(ledger_other_namespaces(ledger)));
    return json;
}

char *
counters_format(const struct ledger *ledger)
{
    struct json *json = json_object_create();

    json_object_put(json, "items", items_to_json(ledger));
    json_object_put(json, "policies", policy_accounts_to_json(ledger));
    json_object_put(json, "namespaces", namespace_accounts_to_json(ledger));

    char *text = json_to_string(json, JSSF_SORT);
    json_destroy(json);
    return text;
}
