/* SPDX-License-Identifier: Apache-2.0
 *
 * ledger: what the flows' counters say about rules and policies.
 *
 * The switch counts by flow, and a flow's counter begins anew when the flow
 * does.  The ledger takes a reading of all rule and drop flows now and then,
 * works out what each has counted since the last one, and adds that to what it
 * is about, as the compiler knows it:
 *
 * - the rule, or the target class that denied;
 * - the policies: all that have the rule in common for the target, if the flow
 *   says which that is; all that isolate the target class that denied;
 * - for what was denied because no rule allowed it, the namespace of the
 *   targets; for what a cluster policy denied, its tier: the flow does not
 *   know whose pod it was.
 *
 * So these only grow, whatever becomes of the flows; what was counted between
 * the last reading of a flow and its end is lost.  Of flows that allow the
 * same packets the switch counts any one.
 *
 * With "established: keep" only packets of new connections come to these
 * flows.
 *
 * Policies and namespaces are bounded, and first come first served: what is
 * about others is one sum.  A policy goes when the compiler does not know it
 * any more, a namespace with the last of its policies here. */

#ifndef LEDGER_H
#define LEDGER_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k8s.h"
#include "openvswitch/hmap.h"

struct compile;
struct ledger;
struct match;
struct ptrs;

struct ledger_count {
    uint64_t packets, bytes;
};

enum ledger_verdict {
    LEDGER_ALLOWED,
    LEDGER_DENIED,
    LEDGER_AUDITED,             /* Denied, but let through. */
    LEDGER_N_VERDICTS
};
const char *ledger_verdict_name(enum ledger_verdict);   /* "allowed" */

/* 'compile' is borrowed.  No more than 'max' policies, and as many
 * namespaces. */
struct ledger *ledger_create(struct compile *compile, size_t max);
void ledger_destroy(struct ledger *);

/* A flow in a reading.  Flows of other kinds than rules and drops are
 * ignored. */
struct ledger_flow {
    uint8_t table;
    uint16_t priority;
    uint64_t cookie;
    const struct match *match;
    struct ledger_count count;
};
void ledger_read(struct ledger *, const struct ledger_flow *);
/* The reading is over.  'complete': flows that were not in it are gone. */
void ledger_finish(struct ledger *, bool complete);

/* Flows that have counted something: their counts are remembered while the
 * switch has them. */
size_t ledger_n_flows(const struct ledger *);

/* What there is: a rule, or a target class that denied what no rule
 * allowed. */
struct ledger_item {
    struct hmap_node node;
    enum k8s_direction direction;
    enum ledger_verdict verdict;
    bool by_rule;               /* Of a rule, which allows or denies, ... */
    uint32_t id;                /* ...or of a target class. */
    struct ledger_count count;
};
/* A policy ('ns' is NULL for a cluster policy), or a namespace ('name' NULL),
 * or a tier of cluster policies, or what is about others (all NULL). */
struct ledger_account {
    struct hmap_node node;
    enum k8s_kind kind;         /* Of a policy; K8S_CLUSTER_POLICY for a
                                 * tier. */
    enum k8s_tier tier;         /* If 'kind' is one of cluster policies. */
    char *ns, *name;
    struct ledger_count counts[K8S_N_DIRECTIONS][LEDGER_N_VERDICTS];
};

/* Arrays of '*n' borrowed pointers (caller frees the array), until the next
 * ledger_finish().  Items: largest counts first.  Accounts: sorted by
 * name. */
const struct ledger_item **ledger_items(const struct ledger *, size_t *n);
const struct ledger_account **ledger_policies(const struct ledger *,
                                              size_t *n);
const struct ledger_account **ledger_namespaces(const struct ledger *,
                                                size_t *n);
/* What cluster policies of that tier denied. */
const struct ledger_account *ledger_tier(const struct ledger *, enum k8s_tier);
/* What is about policies, or namespaces, beyond the bound. */
const struct ledger_account *ledger_other_policies(const struct ledger *);
const struct ledger_account *ledger_other_namespaces(const struct ledger *);

/* The tier of the cluster policy that 'item' is about; false: it is about
 * NetworkPolicies. */
bool ledger_item_tier(const struct ledger *, const struct ledger_item *,
                      enum k8s_tier *);
/* Adds the policies ("struct policy") that 'item' is about to 'policies'. */
void ledger_item_policies(const struct ledger *, const struct ledger_item *,
                          struct ptrs *policies);

#endif /* ledger.h */
