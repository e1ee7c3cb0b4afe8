/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "client.h"
#include "openvswitch/vconn.h"
#include "pipeline.h"
#include "switch.h"
#include "util.h"

/* What our flows need of the datapath. */
static const char *const needed[] = {
    "CT state", "CT zone", "CT mark", "CT label", "Recirc"
};

/* The oldest Open vSwitch whose behaviour was looked at. */
#define OLDEST_MAJOR 3
#define OLDEST_MINOR 1

static void
check_database(struct doctor *d)
{
    if (d->has_db) {
        doctor_add(d, "database", DOCTOR_OK, NULL, "answers, %"PRIuSIZE
                   " bridges", d->db.bridges.n);
    } else {
        doctor_add(d, "database", DOCTOR_BAD,
                   "start ovsdb-server, or say with --db of the daemon where "
                   "it is", "%s", d->db_error);
    }
}

/* The number in "ovs-vswitchd (Open vSwitch) 3.1.0". */
static const char *
find_number(const char *version)
{
    const char *paren = version ? strrchr(version, ')') : NULL;

    return paren ? paren + 1 + strspn(paren + 1, " ") : version;
}

static void
check_ovs_version(struct doctor *d)
{
    const char *version = find_number(d->vswitchd_version);
    int major = 0, minor = 0;

    if (!version || sscanf(version, "%d.%d", &major, &minor) != 2) {
        doctor_add(d, "ovs", DOCTOR_BAD, "start ovs-vswitchd",
                   "ovs-vswitchd does not answer");
    } else if (major < OLDEST_MAJOR
               || (major == OLDEST_MAJOR && minor < OLDEST_MINOR)) {
        doctor_add(d, "ovs", DOCTOR_WARNING, "upgrade Open vSwitch",
                   "%.*s, older than %d.%d, which was tested",
                   (int) strcspn(version, "\n"), version, OLDEST_MAJOR,
                   OLDEST_MINOR);
    } else {
        doctor_add(d, "ovs", DOCTOR_OK, NULL, "Open vSwitch %.*s",
                   (int) strcspn(version, "\n"), version);
    }
}

static void
check_bridge(struct doctor *d)
{
    char *names = svec_join(&d->db.bridges, " ", "");

    if (d->db.found) {
        doctor_add(d, "bridge", DOCTOR_OK, NULL, "%s, datapath type %s",
                   d->bridge, d->db.datapath_type);
    } else if (!d->bridge) {
        doctor_add(d, "bridge", DOCTOR_UNKNOWN,
                   "say which one with --bridge", "there are: %s",
                   names[0] ? names : "none");
    } else {
        doctor_add(d, "bridge", DOCTOR_BAD,
                   "make it, or set --bridge of the daemon to one of these",
                   "there is no bridge %s, but: %s", d->bridge,
                   names[0] ? names : "none");
    }
    free(names);
}

static void
check_fail_mode(struct doctor *d)
{
    const char *mode = d->db.fail_mode ? d->db.fail_mode : "standalone";

    if (!strcmp(mode, "secure")) {
        doctor_add(d, "fail-mode", DOCTOR_OK, NULL, "secure");
        return;
    }

    char *fix = xasprintf("ovs-vsctl set-fail-mode %s secure, and install the "
                          "bridge's own flows (at least NORMAL) at boot",
                          d->bridge);
    doctor_add(d, "fail-mode", DOCTOR_WARNING, fix,
               "%s: a restarted switch forwards everything until our "
               "flows are back", mode);
    free(fix);
}

/* Appends ", WHAT". */
static void
add_word(char **list, const char *what)
{
    char *longer = (*list ? xasprintf("%s, %s", *list, what)
                    : xstrdup(what));

    free(*list);
    *list = longer;
}

static void
check_datapath(struct doctor *d)
{
    char *features, *error, *missing = NULL;

    if (client_ask("ovs-vswitchd", "dpif/show-dp-features", 1, &d->bridge,
                   &features, &error)) {
        doctor_add(d, "datapath", DOCTOR_UNKNOWN, NULL, "%s", error);
        free(error);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        char *line = xasprintf("%s: Yes", needed[i]);

        if (!strstr(features, line)) {
            add_word(&missing, needed[i]);
        }
        free(line);
    }
    doctor_add(d, "datapath", missing ? DOCTOR_BAD : DOCTOR_OK,
               missing ? "a kernel or a datapath with connection tracking"
               : NULL, "%s%s", missing ? "lacks " : "tracks connections",
               missing ? missing : "");
    free(missing);
    free(features);
}

static void
check_openflow(struct doctor *d)
{
    struct switch_port *ports;
    struct vconn *vconn;
    size_t n = 0;
    int version = 0;

    char *error = switch_open(d->bridge, &vconn);
    if (!error) {
        version = vconn_get_version(vconn);
        error = switch_get_ports(vconn, &ports, &n);
        vconn_close(vconn);
    }
    if (error) {
        doctor_add(d, "openflow", DOCTOR_BAD,
                   "is ovs-vswitchd alive, does OVS_RUNDIR agree, does the "
                   "bridge allow OpenFlow14 or OpenFlow15?", "%s", error);
        free(error);
        return;
    }
    doctor_add(d, "openflow", DOCTOR_OK, NULL, "OpenFlow 1.%d, %"PRIuSIZE
               " ports", version - 1, n);
    switch_ports_free(ports, n);
}

static void
check_connection(struct doctor *d)
{
    const char *error = answer_string(d->status, "switch.error");
    int64_t refused = answer_integer(d->status, "switch.refused");

    if (!answer_bool(d->status, "switch.connected")) {
        doctor_add(d, "connection", DOCTOR_BAD, "is ovs-vswitchd alive?",
                   "the daemon is not connected to the bridge");
    } else if (!strcmp(answer_string(d->status, "switch.state"), "barred")) {
        doctor_add(d, "connection", DOCTOR_BAD,
                   "see \"Who else programs the bridge\" in "
                   "docs/operations.md", "%s", error);
    } else if (error[0]) {
        doctor_add(d, "connection", DOCTOR_BAD,
                   "what the switch refused is in the daemon's log",
                   "the last bundle was refused: %s", error);
    } else {
        doctor_add(d, "connection", refused ? DOCTOR_WARNING : DOCTOR_OK,
                   refused ? "what was refused is in the daemon's log" : NULL,
                   "%s, %"PRId64" flows, %"PRId64" bundles refused so far",
                   answer_string(d->status, "switch.state"),
                   answer_integer(d->status, "switch.flows"), refused);
    }
}

static void
check_clashes(struct doctor *d)
{
    const struct json *clashes = answer_get(d->status, "clashes");

    for (size_t i = 0; i < answer_count(clashes); i++) {
        const struct json *clash = answer_at(clashes, i);

        doctor_add(d, "clash", DOCTOR_BAD,
                   "see \"Who else programs the bridge\" in "
                   "docs/operations.md",
                   "%s: %s", answer_string(clash, "kind"),
                   answer_string(clash, "message"));
    }
    if (clashes && !answer_count(clashes)) {
        doctor_add(d, "clash", DOCTOR_OK, NULL,
                   "nobody else has our tables, zone or registers");
    }
}

static void
check_tampering(struct doctor *d)
{
    int64_t tampered = answer_integer(d->status, "switch.tampered");
    int64_t foreign = answer_integer(d->status, "switch.foreign");
    bool quiet = !tampered && !foreign;

    doctor_add(d, "tampering", quiet ? DOCTOR_OK : DOCTOR_WARNING,
               (quiet ? NULL : "find who does it: the daemon's log has the "
                "times; others must say a table with del-flows"),
               "%"PRId64" flows of ours deleted or changed, %"PRId64" of "
               "others removed", tampered, foreign);
}

void
doctor_check_switch(struct doctor *d)
{
    check_ovs_version(d);
    check_database(d);
    if (d->has_db) {
        check_bridge(d);
    }
    if (d->db.found) {
        check_fail_mode(d);
        check_datapath(d);
        check_openflow(d);
    }
    if (d->status) {
        check_connection(d);
        check_clashes(d);
        check_tampering(d);
    }
}
