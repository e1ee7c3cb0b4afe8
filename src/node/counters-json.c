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

    json_object_put(json, item->by_rule ? "rule" : "target",
                    json_integer_create(item->id));
    json_object_put_string(json, "direction",
                           k8s_direction_name(item->direction));
    json_object_put_string(json, "verdict",
                           ledger_verdict_name(item->verdict));
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

/* The sum of all others comes last. */
static struct json *
accounts_to_json(const struct ledger_account *const accounts[], size_t n,
                 const struct ledger_account *other)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; i < n; i++) {
        json_array_add(json, account_to_json(accounts[i]));
    }
    json_array_add(json, account_to_json(other));
    return json;
}

char *
counters_format(const struct ledger *ledger)
{
    struct json *json = json_object_create();
    const struct ledger_account **accounts;
    size_t n;

    json_object_put(json, "items", items_to_json(ledger));
    accounts = ledger_policies(ledger, &n);
    json_object_put(json, "policies",
                    accounts_to_json(accounts, n,
                                     ledger_other_policies(ledger)));
    free(accounts);
    accounts = ledger_namespaces(ledger, &n);
    json_object_put(json, "namespaces",
                    accounts_to_json(accounts, n,
                                     ledger_other_namespaces(ledger)));
    free(accounts);

    char *text = json_to_string(json, JSSF_SORT);
    json_destroy(json);
    return text;
}
