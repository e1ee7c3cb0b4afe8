/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs which policies are beyond their budget: once when they are, and once
 * when they fit again. */

#ifndef AGENT_BUDGET_H
#define AGENT_BUDGET_H 1

struct agent_budget;
struct policies;

/* 'policies' is borrowed. */
struct agent_budget *agent_budget_create(const struct policies *);
void agent_budget_destroy(struct agent_budget *);
/* To be called after each batch. */
void agent_budget_run(struct agent_budget *);

#endif /* agent-budget.h */
