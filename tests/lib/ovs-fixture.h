/* SPDX-License-Identifier: Apache-2.0
 *
 * ovs-fixture: a private Open vSwitch for a test.
 *
 * Its own ovsdb-server and ovs-vswitchd in a temporary directory, with the
 * dummy datapath, so no root and no kernel module.  Nothing is shared with an
 * Open vSwitch of the machine, and only processes that the fixture started are
 * ever ended; they end too if the test dies. */

#ifndef OVS_FIXTURE_H
#define OVS_FIXTURE_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"

struct ovs_fixture;

/* True if the machine cannot run it.  Then the reason was printed as a skip in
 * TAP, and '*status' is what the test program should exit with: 77, but 0 for
 * a TAP harness, which takes anything else for an error. */
bool ovs_fixture_must_skip(int *status);

/* Starts both daemons and waits until they serve.  Ends the test program if
 * that fails.  One at a time; destroyed by exit() too. */
struct ovs_fixture *ovs_fixture_create(void);
void ovs_fixture_destroy(struct ovs_fixture *);

/* The temporary directory, which is OVS_RUNDIR. */
const char *ovs_fixture_dir(const struct ovs_fixture *);
/* "unix:…/db.sock" */
const char *ovs_fixture_db(const struct ovs_fixture *);

/* End with a signal (0: politely) and start again (nothing if it runs). */
void ovs_fixture_stop_vswitchd(struct ovs_fixture *, int signal);
void ovs_fixture_start_vswitchd(struct ovs_fixture *);
void ovs_fixture_stop_ovsdb(struct ovs_fixture *, int signal);
void ovs_fixture_start_ovsdb(struct ovs_fixture *);

/* Runs a shell command in the fixture's environment (plain ovs-vsctl,
 * ovs-ofctl and ovs-appctl talk to it) and returns its standard output, which
 * the caller frees.  Ends the test program if it fails. */
char *ovs_fixture_run(struct ovs_fixture *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

/* For waiting: calls 'run' and 'wait' of the thing under test in a poll loop
 * until 'done' or the deadline.  Returns false at the deadline. */
struct ovs_fixture_loop {
    void (*run)(void *aux);
    void (*wait)(void *aux);
    bool (*done)(void *aux);
    void *aux;
};
bool ovs_fixture_loop(const struct ovs_fixture_loop *, int timeout_msec);

#endif /* ovs-fixture.h */
