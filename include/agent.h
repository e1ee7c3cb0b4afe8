/* SPDX-License-Identifier: Apache-2.0
 *
 * agent: the daemon.
 *
 * Owns every long-lived object and fixes the order in which they run:
 *
 *   sources (dir or kube, ports, netif) -> model -> compile -> flowset
 *     -> bridge
 *
 * and then of the observers, who only read: health, metrics, http.
 *
 * Nothing is told to the switch before every source was read once; until then
 * the flows of an earlier run stay in force. */

#ifndef AGENT_H
#define AGENT_H 1

#include <stdbool.h>

struct agent;
struct settings;
struct simap;

/* 'settings' and 'control', the path of the control socket or NULL, are
 * borrowed.  With 'cleanup' it does nothing but remove what we ever put into
 * the switch and the database. */
struct agent *agent_create(const struct settings *, bool cleanup,
                           const char *control);
void agent_destroy(struct agent *);
void agent_run(struct agent *);
void agent_wait(struct agent *);

/* Adds how many there are of what takes memory, for memory_report(). */
void agent_get_memory_usage(const struct agent *, struct simap *usage);

/* Opens log files anew, other than vlog's. */
void agent_reopen_logs(struct agent *);

/* True once a cleanup is done. */
bool agent_is_done(const struct agent *);
/* What a cleanup that is not done waits for.  '*hopeless' if there is no point
 * in waiting. */
const char *agent_cleanup_problem(const struct agent *, bool *hopeless);

#endif /* agent.h */
