/* SPDX-License-Identifier: Apache-2.0
 *
 * rig: a bridge module, its flowset, and a real switch to try them on.
 *
 * The switch is the bridge br0 of an ovs_fixture that a whole test program
 * shares; rig_setup() makes a new br0 for each test. */

#ifndef RIG_H
#define RIG_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge.h"

struct flowset;
struct relay;

/* Cookies of our flows. */
#define RIG_MAGIC UINT64_C(0x6e70000000000000)
#define RIG_MASK UINT64_C(0xffff000000000000)
#define RIG_OURS "cookie=0x6e70000000000000/0xffff000000000000"

/* For cmocka. */
extern struct ovs_fixture *rig_ovs;
int rig_setup_group(void **state);
int rig_teardown_group(void **state);
int rig_setup(void **state);

/* A bridge and what it should have. */
struct rig {
    struct flowset *fs;
    struct bridge *bridge;
    struct relay *relay;        /* Or NULL. */

    /* To wait for. */
    uint64_t generation;
    uint64_t n_connections, n_refused, n_tampered, n_foreign;
    const char *state;
};

/* Enabled, on br0. */
void rig_init(struct rig *);
void rig_uninit(struct rig *);
struct bridge_status rig_status(const struct rig *);
void rig_run(void *rig);
void rig_wait(void *rig);

/* By hand: a flowset, and then a bridge, not enabled, on a socket in the
 * fixture's directory; the path of such a socket (caller frees). */
struct flowset *rig_create_flowset(void);
void rig_connect(struct rig *, const char *socket);
char *rig_socket_path(const char *name);

/* Runs until 'done' or a timeout, which fails the test unless "try". */
void rig_wait_for(struct rig *, bool (*done)(void *rig));
bool rig_try_wait(struct rig *, bool (*done)(void *rig), int timeout_msec);
void rig_wait_published(struct rig *, uint64_t generation);
/* The same after bridge_set_generation(). */
void rig_wait_generation(struct rig *, uint64_t generation);
void rig_wait_state(struct rig *, const char *state);
void rig_wait_refused(struct rig *, uint64_t n);
bool rig_has_lost_connection(void *rig);
bool rig_was_cut(void *rig);

/* Flows in ovs-ofctl syntax; flow 'i' of a large set. */
void rig_set_flow(struct flowset *, const char *text);
void rig_unset_flow(struct flowset *, const char *text);
void rig_set_nth_flow(struct flowset *, unsigned int i, unsigned int reg);
/* One of every kind that the pipeline uses. */
#define RIG_N_KINDS 18
void rig_set_all_kinds(struct flowset *);

/* ovs-ofctl on br0. */
int rig_count_flows(const char *filter);
void rig_run_ofctl(const char *command);

#endif /* rig.h */
