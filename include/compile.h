/* SPDX-License-Identifier: Apache-2.0
 *
 * compile: from the model to the flows.
 *
 * Keeps a flowset equal to what the model says, at a cost in proportion to
 * what changed:
 *
 *   model changes -> groups, policies -> rules -> classes -> flows
 *
 * compile_run() takes the model's changes and goes once through these steps.
 * Everything that is decided by more than one object (which class an address
 * is in, which form a rule's flows take) is decided at the end of the step,
 * when all of it is known, so that a batch costs no more than its sum.
 *
 * A rule's flows take one of two forms.  A conjunction: one clause flow for
 * each target class, peer class and service, shared between rules, and one
 * flow for its conj_id.  Or plain flows, one for each combination, where these
 * are not more.
 *
 * No flow gets more than FLOWSET_MAX_PARTS conjunction() actions: from that
 * many conjunctive rules on they are spread by id over bands of their own
 * priorities.  Since all of them allow, their order means nothing. */

#ifndef COMPILE_H
#define COMPILE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget.h"
#include "k8s.h"
#include "pipeline.h"

struct compile;
struct flowset;
struct groups;
struct label_pool;
struct model;
struct netset;
struct policies;
struct flowset_flow;
struct rules;
struct sset;

struct compile_config {
    struct pipeline_config pipeline;
    bool spoof_guard;           /* Check sources at pod ports. */
    bool closes_unknown;        /* With it: a port is closed until it is known
                                 * whose it is. */
    struct budget_limits limits;
};

/* 'pool' and 'model' are borrowed and must outlive the compiler. */
struct compile *compile_create(const struct compile_config *,
                               struct label_pool *pool, struct model *model);
void compile_destroy(struct compile *);

/* Takes the model's changes.  Returns true if there were any. */
bool compile_run(struct compile *);
/* The same in slices: does about 'work' (things looked at, flows written) and
 * returns true if no change is left.  As long as it returns false the model
 * must not change, and the flowset is somewhere between before and after. */
bool compile_step(struct compile *, size_t work);
bool compile_is_busy(const struct compile *);

/* The OpenFlow port on which the node's own traffic comes in.  OFPP_LOCAL
 * until told otherwise; 0 for none.  Returns true if that changed anything. */
bool compile_set_gateway(struct compile *, uint32_t ofport);

/* With attach: chain, the table that gets what is allowed, 1..253.  Returns
 * true if that changed anything. */
bool compile_set_next_table(struct compile *, uint8_t table);

/* Whether what is denied is reported: the switch sends copies to the OpenFlow
 * connection with PIPELINE_CONTROLLER_ID, at the rate of its meters, which
 * must be there.  Returns true if that changed anything. */
bool compile_set_reports(struct compile *, bool);

/* The result: owned by the compiler. */
struct flowset *compile_flowset(struct compile *);

/* Read only, for observers. */
const struct compile_config *compile_config(const struct compile *);
const struct groups *compile_groups(const struct compile *);
const struct policies *compile_policies(const struct compile *);
const struct rules *compile_rules(const struct compile *,
                                  enum k8s_direction);

const struct netset *compile_netset(const struct compile *,
                                    enum k8s_direction);

struct compile_stats {
    size_t n_members, n_policies;
    size_t n_rules[K8S_N_DIRECTIONS];
    size_t n_target_classes[K8S_N_DIRECTIONS];
    size_t n_peer_classes[K8S_N_DIRECTIONS];
    size_t n_net_classes[K8S_N_DIRECTIONS];
    size_t n_flows, n_conjunctions;
};
void compile_get_stats(const struct compile *, struct compile_stats *);

/* Adds the "NS/NAME" of policies whose rules 'flow' is part of to 'names', as
 * long as these are less than 'max'. */
void compile_flow_policies(const struct compile *, const struct flowset_flow *,
                           size_t max, struct sset *names);

#endif /* compile.h */
