/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts of a ledger, by whom they are about; for ledger.c alone. */

#ifndef LEDGER_ACCOUNT_H
#define LEDGER_ACCOUNT_H 1

#include <stddef.h>

#include "ledger.h"

struct ledger_accounts {
    struct hmap map;            /* "struct ledger_account". */
    struct ledger_account other;        /* Of those for which there is no
                                         * room. */
};

void ledger_accounts_init(struct ledger_accounts *);
void ledger_accounts_uninit(struct ledger_accounts *);

/* The one with this key, made if need be; 'other' if there are 'max' already.
 * 'tier' is 0 for what is not of cluster policies; 'ns' and 'name' may be
 * NULL. */
struct ledger_account *ledger_accounts_get(struct ledger_accounts *,
                                           enum k8s_kind, enum k8s_tier,
                                           const char *ns, const char *name,
                                           size_t max);
/* Frees it. */
void ledger_accounts_remove(struct ledger_accounts *, struct ledger_account *);

/* All but 'other', by namespace, name and kind, in an array of '*n' (caller
 * frees the array). */
const struct ledger_account **ledger_accounts_sort(
    const struct ledger_accounts *, size_t *n);

#endif /* ledger-account.h */
