/* SPDX-License-Identifier: Apache-2.0
 *
 * What the database says about the bridge, into the model and the compiler:
 * the pods' ports and everybody else's, where the node itself is, and which
 * table comes after ours, if that one is known by its name. */

#ifndef AGENT_PORTS_H
#define AGENT_PORTS_H 1

struct agent_ports;
struct compile;
struct model;
struct ports;
struct settings;

/* All borrowed. */
struct agent_ports *agent_ports_create(const struct settings *,
                                       struct ports *, struct model *,
                                       struct compile *);
void agent_ports_destroy(struct agent_ports *);
/* Runs the ports, too.  To be called when no batch is under way. */
void agent_ports_run(struct agent_ports *);
/* Points to NULL, or to why the next table is not known, or not any more, as
 * long as there is an agent_ports. */
char *const *agent_ports_problem(const struct agent_ports *);

#endif /* agent-ports.h */
