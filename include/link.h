/* SPDX-License-Identifier: Apache-2.0
 *
 * link: which classes each rule is about, and in which form it is emitted.
 *
 * Keeps two relations as classes and uses come and go:
 *
 * - A rule applies to a target class when some policy's use ties it to a set
 *   of that class.  Counted, since several uses may do so.  While a target has
 *   a rule "any peer, any service", its other rules are not needed for it.
 * - A rule's peers contain a peer class when that is in one of their sets.
 *
 * A rule whose flows are in the flowset gets the flows of a new class at once.
 * Whether it should have another form (none, plain, conjunction), another band
 * or other families is decided in link_table_flush(), once for each batch. */

#ifndef LINK_H
#define LINK_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hmapx.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"

struct emit;
struct partition_class;
struct policy_use;
struct rule;
struct rules;

/* Of one direction. */
struct link_table {
    const struct emit *emit;
    struct hmap links;          /* "struct link", by rule and target class. */
    struct ovs_list check;      /* Rules whose form may have to change. */
    struct hmapx reviews;       /* "struct partition_class": targets whose need
                                 * of cluster policies' rules may differ. */
    size_t n_conj;              /* Rules with mode RULE_CONJ. */
    unsigned int band_bits;     /* Bits of a rule's id that choose its band. */
    uint8_t families;           /* Of the addresses of all targets. */
};

void link_table_init(struct link_table *, const struct emit *);
void link_table_uninit(struct link_table *);

void link_table_add_use(struct link_table *, struct policy_use *);
void link_table_remove_use(struct link_table *, struct policy_use *);
/* Takes a rule without uses out of the flowset and of the table. */
void link_table_forget_rule(struct link_table *, struct rule *);

/* Classes that were announced. */
void link_table_add_target(struct link_table *, struct partition_class *);
void link_table_remove_target(struct link_table *, struct partition_class *);
void link_table_add_pods(struct link_table *, struct partition_class *);
void link_table_add_nets(struct link_table *, struct partition_class *);
void link_table_remove_peer(struct link_table *, struct partition_class *,
                            bool is_net);

/* Tells that the priority of the rung of a rule changed. */
void link_table_move_rule(struct link_table *, struct rule *);

/* Brings every rule into its right form.  'families' are those of the
 * addresses of all targets (RULE_V4, RULE_V6).  Writes about '*work' flows and
 * parts of flows, takes them off it, and returns true if that was all: else it
 * is to be called again. */
bool link_table_flush(struct link_table *, struct rules *, uint8_t families,
                      size_t *work);

#endif /* link.h */
