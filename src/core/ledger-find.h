/* SPDX-License-Identifier: Apache-2.0
 *
 * What the numbers in cookies stand for, and which policies that is about; for
 * ledger.c alone. */

#ifndef LEDGER_FIND_H
#define LEDGER_FIND_H 1

#include <stdbool.h>
#include <stdint.h>

#include "k8s.h"

struct compile;
struct partition_class;
struct ptrs;
struct rule;

/* NULL if there is none of that number (any more). */
const struct rule *ledger_find_rule(struct compile *, enum k8s_direction,
                                    uint32_t id);
const struct partition_class *ledger_find_target(struct compile *,
                                                 enum k8s_direction,
                                                 uint32_t id);

/* Adds to 'policies' those that have the rule 'id', for the target 'target_id'
 * unless that is 0; or if not 'by_rule' those that isolate the target. */
void ledger_find_policies(struct compile *, enum k8s_direction, bool by_rule,
                          uint32_t id, uint32_t target_id,
                          struct ptrs *policies);

#endif /* ledger-find.h */
