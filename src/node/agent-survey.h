/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's census of the bridge: surveys it at each read-back, lets us in
 * or not, and says what clashes, once.
 *
 * Not let in:
 * - another program takes the bridge to be its own (owner.h);
 * - none of our flows is there, but flows of others are in our tables: we are
 *   new, and they would be removed.
 *
 * --force lets us in nevertheless.  Once in we stay in as long as we run: then
 * the flows of others in our tables came after ours, and whoever else came
 * too is only told of. */

#ifndef AGENT_SURVEY_H
#define AGENT_SURVEY_H 1

#include <stdbool.h>

struct agent_survey;
struct bridge;
struct pipeline_config;
struct ports;
struct survey;

/* All borrowed. */
struct agent_survey *agent_survey_create(const struct pipeline_config *,
                                         const struct ports *, bool force);
void agent_survey_destroy(struct agent_survey *);

void agent_survey_attach(struct agent_survey *, struct bridge *);
/* We are in. */
bool agent_survey_is_permitted(const struct agent_survey *);
/* The last survey that is complete; empty before the first. */
const struct survey *agent_survey_last(const struct agent_survey *);

#endif /* agent-survey.h */
