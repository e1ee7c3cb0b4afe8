/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd-status: the command "status".
 *
 * cmd-status.c collects what it tells, cmd-status-text.c and cmd-status-json.c
 * tell it.  What has a file of its own in both forms is in cmd-private.h. */

#ifndef CMD_STATUS_H
#define CMD_STATUS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge.h"
#include "dir.h"
#include "kube.h"
#include "openvswitch/dynamic-string.h"

struct cmd_context;

/* What both forms have to count or to ask for. */
struct cmd_status {
    uint64_t wanted, installed; /* Generations. */
    struct dir_status dir;      /* If there is one, */
    struct kube_status kube;    /* else this. */
    struct bridge_status bridge;
    size_t n_local_pods, n_ports;
    size_t n_losers;            /* Pods without an address of theirs. */
    size_t n_cluster_policies;
    bool ready;
    struct ds reasons;          /* Why not, a line each. */
};

/* Caller frees. */
char *cmd_status_to_text(const struct cmd_context *,
                         const struct cmd_status *);
char *cmd_status_to_json(const struct cmd_context *,
                         const struct cmd_status *);

#endif /* cmd-status.h */
