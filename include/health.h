/* SPDX-License-Identifier: Apache-2.0
 *
 * health: are we alive, are we ready?
 *
 * Ready means: what the sources say is in the switch, and is kept so.  Before
 * that is reached for the first time everything counts at once; afterwards a
 * trouble counts when it has lasted for a while, since the flows in force are
 * right meanwhile.  Readiness stops a rolling update before the next node; it
 * does not restart anything.  docs/operations.md, "Probes", has the reasons.
 *
 * Not alive is what only a new process can cure, and that is one thing: our
 * control socket is gone, since whoever restarted Open vSwitch made its run
 * directory anew, and a container goes on seeing the old one. */

#ifndef HEALTH_H
#define HEALTH_H 1

#include <stdbool.h>

struct bridge;
struct dir;
struct ds;
struct health;
struct kube;
struct latency;
struct ports;

/* How long trouble may last, in milliseconds. */
#define HEALTH_SOURCE_MSEC 60000        /* No news from a source. */
#define HEALTH_SWITCH_MSEC 10000        /* No agreement with the switch. */

/* What there is to see; all borrowed. */
struct health_context {
    const struct dir *dir;      /* Or NULL, */
    const struct kube *kube;    /* and then this is not NULL. */
    const struct ports *ports;
    const struct bridge *bridge;
    const struct latency *latency;
    char *const *attach_problem;        /* Points to NULL, or to why what is
                                         * allowed does not get on; or is
                                         * NULL. */
    const char *control;        /* Path of our control socket, or NULL. */
};

struct health *health_create(const struct health_context *);
void health_destroy(struct health *);
/* Looks, at 'now' by time_msec(); to be called in each turn of the loop. */
void health_run(struct health *, long long int now);

/* As of the last run.  Each appends a line for each reason why not to
 * 'reasons', unless NULL. */
bool health_is_alive(const struct health *, struct ds *reasons);
bool health_is_ready(const struct health *, struct ds *reasons);

#endif /* health.h */
