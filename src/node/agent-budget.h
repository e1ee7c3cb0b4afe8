/* SPDX-License-Identifier: Apache-2.0
 *
 * Says which policies are beyond their budget: once when they are, and once
 * when they fit again.  In the log, and with Kubernetes in an Event. */

#ifndef AGENT_BUDGET_H
#define AGENT_BUDGET_H 1

struct agent_budget;
struct kube;
struct model;
struct policies;

/* All are borrowed; 'kube' may be NULL. */
struct agent_budget *agent_budget_create(const struct policies *,
                                         struct model *, struct kube *);
void agent_budget_destroy(struct agent_budget *);
/* To be called when no batch is under way.  Tells the model, too. */
void agent_budget_run(struct agent_budget *);

#endif /* agent-budget.h */
