/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ledger-account.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "util.h"

void
ledger_accounts_init(struct ledger_accounts *a)
{
    memset(a, 0, sizeof *a);
    hmap_init(&a->map);
}

void
ledger_accounts_remove(struct ledger_accounts *a,
                       struct ledger_account *account)
{
    hmap_remove(&a->map, &account->node);
    free(account->ns);
    free(account->name);
    free(account);
}

void
ledger_accounts_uninit(struct ledger_accounts *a)
{
    struct ledger_account *account;

    HMAP_FOR_EACH_SAFE (account, node, &a->map) {
        ledger_accounts_remove(a, account);
    }
    hmap_destroy(&a->map);
}

struct ledger_account *
ledger_accounts_get(struct ledger_accounts *a, enum k8s_kind kind,
                    enum k8s_tier tier, const char *ns, const char *name,
                    size_t max)
{
    uint32_t hash = hash_string(name ? name : "",
                                hash_string(ns ? ns : "", kind));
    struct ledger_account *account;

    HMAP_FOR_EACH_WITH_HASH (account, node, hash, &a->map) {
        if (account->kind == kind && account->tier == tier
            && nullable_string_is_equal(account->ns, ns)
            && nullable_string_is_equal(account->name, name)) {
            return account;
        }
    }
    if (hmap_count(&a->map) >= max) {
        return &a->other;
    }
    account = xzalloc(sizeof *account);
    account->kind = kind;
    account->tier = tier;
    account->ns = nullable_xstrdup(ns);
    account->name = nullable_xstrdup(name);
    hmap_insert(&a->map, &account->node, hash);
    return account;
}

static int
compare_strings(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int
compare_accounts(const void *a_, const void *b_)
{
    const struct ledger_account *const *a = a_, *const *b = b_;
    int result = compare_strings((*a)->ns, (*b)->ns);

    result = result ? result : compare_strings((*a)->name, (*b)->name);
    return result ? result : (int) (*a)->kind - (int) (*b)->kind;
}

const struct ledger_account **
ledger_accounts_sort(const struct ledger_accounts *a, size_t *n)
{
    const struct ledger_account **accounts = xmalloc(
        MAX(hmap_count(&a->map), 1) * sizeof *accounts);
    const struct ledger_account *account;

    *n = 0;
    HMAP_FOR_EACH (account, node, &a->map) {
        accounts[(*n)++] = account;
    }
    qsort(accounts, *n, sizeof *accounts, compare_accounts);
    return accounts;
}
