/* SPDX-License-Identifier: Apache-2.0
 *
 * settings: how the daemon was told to work.
 *
 * One table says which settings there are; the command line ("--bridge=br0")
 * and the configuration file ("bridge: br0") both read it, so that they cannot
 * differ.  What the command line says wins, whatever the order.
 *
 * The file is a YAML map of settings, read once. */

#ifndef SETTINGS_H
#define SETTINGS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "budget.h"
#include "openvswitch/compiler.h"
#include "pipeline.h"
#include "prefix.h"

struct ds;
struct kubeconfig;
struct option;

/* Leaves some of the 254 tables behind ours. */
#define SETTINGS_MAX_TABLE_BASE 200

/* What policies may cost, in flows, unless told otherwise. */
#define SETTINGS_MAX_POLICY_FLOWS 10000
#define SETTINGS_MAX_NAMESPACE_FLOWS 100000
#define SETTINGS_MAX_FLOWS 200000

/* More than that is a mistake: a cluster has one for each family. */
#define SETTINGS_MAX_SERVICE_CIDRS 32

/* Denied packets to report in a second, or at once. */
#define SETTINGS_MAX_AUDIT_RATE 100000

/* Where metrics and probes are served unless told otherwise. */
#define SETTINGS_DEFAULT_METRICS_LISTEN "127.0.0.1:9640"

#define SETTINGS_MAX_COUNTERS_INTERVAL 3600
#define SETTINGS_MAX_METRICS_POLICIES 100000

struct settings {
    char *bridge;               /* Name of the bridge. */
    char *dir;                  /* Directory of manifests. */
    char *kubeconfig;           /* Kubeconfig file, or NULL. */
    char *api_server;           /* URL of the API server, or NULL. */
    bool insecure;              /* Allow an API server that is not
                                 * verified. */
    char *db;                   /* OVSDB remote. */
    char *node;                 /* Name of this node, or NULL. */
    char *gateway_port;         /* Interface of the bridge that leads to the
                                 * node itself, or NULL. */
    struct prefix *service_cidrs;       /* Destinations that the host
                                         * translates (S25). */
    size_t n_service_cidrs;
    char *metrics_listen;       /* ADDRESS:PORT, or NULL: off. */
    struct model_mark node_mark;        /* Of what the node sends; a mask of 0:
                                         * whatever it is. */
    enum pipeline_attach attach;        /* How packets come and go. */
    char *next_table;           /* With ATTACH_CHAIN: number or name, or
                                 * NULL. */
    unsigned int counters_interval;     /* Seconds between readings of the
                                         * flows' counters. */
    unsigned int metrics_max_policies;  /* That have counters of their own. */
    bool no_spoof_guard;        /* Pods may send from any address. */
    char *state_dir;            /* Folder of the snapshot, or NULL. */
    bool unknown_open;          /* Ports are open until it is known whose they
                                 * are. */
    bool no_state_open;         /* With neither source nor snapshot, leave pod
                                 * ports open. */
    bool recheck;               /* Running connections are judged again when
                                 * policies change. */
    bool audit_mode;            /* What policies deny is let through, where
                                 * the namespace does not say. */
    bool no_audit;              /* Denied packets are not reported. */
    unsigned int audit_rate, audit_burst;       /* How many are: a second, at
                                                 * once. */
    char *audit_log;            /* Where to; NULL: nowhere. */
    uint8_t table_base;         /* Our first table. */
    uint16_t zone;              /* Our conntrack zone. */
    struct budget_limits limits;        /* In flows. */
    bool force;                 /* Take a bridge that others program. */

    uint64_t flags;             /* Settings that came from the command line, by
                                 * number. */
};

/* Number of settings: they are numbered from 0. */
size_t settings_count(void);

void settings_init(struct settings *);          /* Defaults. */
void settings_uninit(struct settings *);

/* Fills 'options[0..settings_count()]', for getopt_long(): setting number N is
 * reported as 'first' + N. */
void settings_long_options(int first, struct option *options);

/* Takes 'value' for setting number 'i' from the command line; NULL is "true"
 * for a setting that is one or the other.  Returns NULL or
 * "--NAME: message" (caller frees). */
char *settings_set_flag(struct settings *, size_t i, const char *value)
    OVS_WARN_UNUSED_RESULT;

/* Reads the configuration file 'name'.  Returns NULL or "FILE:LINE:COL: KEY:
 * message" (caller frees). */
char *settings_load(struct settings *, const char *name)
    OVS_WARN_UNUSED_RESULT;
/* The same for the text of such a file. */
char *settings_parse(struct settings *, const char *name, const char *text,
                     size_t size) OVS_WARN_UNUSED_RESULT;

/* The number in 'next_table', 0 if that is a name. */
uint8_t settings_next_table(const struct settings *);

/* NULL, or what is missing or does not go together (caller frees).  A cleanup
 * needs no source. */
char *settings_check(const struct settings *, bool cleanup)
    OVS_WARN_UNUSED_RESULT;

/* Where the API server is, if that is what we are to follow.  Returns NULL or
 * a message (caller frees). */
char *settings_kubeconfig(const struct settings *, struct kubeconfig **)
    OVS_WARN_UNUSED_RESULT;

/* The settings for `--help`, a line each. */
void settings_format_usage(struct ds *);

#endif /* settings.h */
