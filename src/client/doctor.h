/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: is the installation right?
 *
 * A list of checks, each with a name, how it went, what was found and what to
 * do about it.  The names are for scripts; ovs-netpol(1) lists them. */

#ifndef DOCTOR_H
#define DOCTOR_H 1

#include <stdbool.h>
#include <stddef.h>

#include "db.h"
#include "openvswitch/compiler.h"
#include "snapshot.h"

struct client_options;
struct json;

enum doctor_result {
    DOCTOR_OK,
    DOCTOR_UNKNOWN,             /* Could not be looked at. */
    DOCTOR_WARNING,
    DOCTOR_BAD,
};

struct doctor_check {
    const char *name;
    enum doctor_result result;
    char *text;                 /* What was found. */
    char *fix;                  /* What to do, or NULL. */
};

/* What checks look at; each may be missing. */
struct doctor {
    const struct client_options *options;
    const char *bridge;         /* Its name, or NULL. */
    struct json *status;        /* The daemon's. */
    char *daemon_error;         /* Why there is no status. */
    char *log_levels;           /* As vlog/list says. */
    struct json *pods;          /* As the daemon's pods -o json. */
    char *vswitchd_version;     /* As ovs-vswitchd says, or NULL. */
    bool has_db;
    struct db_facts db;
    char *db_error;

    struct doctor_check *checks;
    size_t n, allocated;
};

/* Adds the result of one check.  'fix' may be NULL. */
void doctor_add(struct doctor *, const char *name, enum doctor_result,
                const char *fix, const char *format, ...)
    OVS_PRINTF_FORMAT(5, 6);
void doctor_checks_uninit(struct doctor *);
/* False if a check went badly. */
bool doctor_is_ok(const struct doctor *);
/* All checks; the schema of JSON is in ovs-netpol(1).  Caller frees. */
char *doctor_to_text(const struct doctor *, bool colour);
char *doctor_to_json(const struct doctor *);

/* Groups of checks: the daemon and its sources; the switch; this machine. */
void doctor_check_daemon(struct doctor *);
void doctor_check_switch(struct doctor *);
void doctor_check_machine(struct doctor *);

#endif /* doctor.h */
