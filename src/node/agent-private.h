/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the agent share.  Each calls only those below it.
 *
 * agent.c            makes and destroys all of it; the order of the loop
 * agent-commands.c   commands that change something, or take time
 * agent-cleanup.c    removes our flows
 * agent-memory.c     how many there are of what takes memory; giving it back
 * agent-observers.c  who only looks: metrics, health, denied packets
 * agent-start.c      the model, the compiler and the bridge, as the settings
 *                    say
 *
 * Parts that keep to themselves:
 *
 * agent-ports.c      the bridge's ports, into the model
 * agent-survey.c     may we write to this bridge?
 * agent-budget.c     who is beyond the budget, said once
 * agent-refusal.c    whose flows the switch does not take, said once */

#ifndef AGENT_PRIVATE_H
#define AGENT_PRIVATE_H 1

#include "agent.h"

#include <stdint.h>

#include "basis.h"
#include "cmd.h"
#include "histogram.h"
#include "metrics.h"

struct flowset;
struct unixctl_conn;

struct agent {
    const struct settings *settings;
    struct label_pool *pool;
    struct model *model;
    struct compile *compile;
    struct flowset *empty;      /* What a cleanup wants. */
    struct dir *dir;            /* Either this, */
    struct kube *kube;          /* or this is not NULL. */
    struct ports *ports;
    struct agent_ports *port_feed;      /* From 'ports' into the model. */
    struct netif *netif;
    struct agent_survey *survey;
    struct agent_budget *budget;
    struct agent_refusal *refusal;
    struct bridge *bridge;
    struct audit *audit;        /* NULL if not wanted. */
    struct waiters *waiters;
    struct latency *latency;
    struct ready *ready;
    struct histogram loop;
    long long int woken;        /* When this turn of the loop began, by
                                 * time_usec(). */
    struct counters *counters;
    struct health *health;
    struct metrics_context metrics;
    struct http *http;          /* NULL if not wanted. */
    struct cmd_context cmd;
    struct unixctl_conn *flush; /* Who asked for a cleanup, or NULL. */
    struct state *state;        /* NULL if not wanted. */
    struct basis basis;
    bool news;                  /* The source changed the model in this
                                 * turn. */
    bool cleanup;
    bool synced;                /* Every source was read once. */
    bool named;                 /* Our tables have names. */
    bool trimmed;               /* See agent_trim_memory(). */
};

/* agent-start.c */

/* Where the bridge listens (caller frees). */
char *agent_bridge_target(const struct agent *);
/* Anew, with 'fs' as what the switch shall have. */
void agent_connect_bridge(struct agent *, struct flowset *fs);
/* Makes the model, of what an earlier run knew if that is on disk. */
void agent_start_model(struct agent *);
void agent_start_compiler(struct agent *);

/* agent-observers.c */

/* 'control' is the path of the control socket. */
void agent_start_observers(struct agent *, const char *control);
/* May be called again. */
void agent_stop_observers(struct agent *);
/* Flows that name a meter come after it, and go with it. */
void agent_run_audit(struct agent *);
void agent_run_observers(struct agent *);

/* agent-memory.c: gives back, once, what only the first batch needed; when
 * that is in the switch. */
void agent_trim_memory(struct agent *);

/* agent-cleanup.c: from here on nothing is enforced. */
void agent_start_cleanup(struct agent *);
void agent_run_cleanup(struct agent *);

/* agent-commands.c */
void agent_register_commands(struct agent *);

#endif /* agent-private.h */
