/* SPDX-License-Identifier: Apache-2.0
 *
 * `doctor`: is the installation right? */

#include <config.h>

#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include "answer.h"
#include "client.h"
#include "terminal.h"
#include "util.h"

/* Certificates and time stamps are worth nothing before this: 2024. */
#define OLDEST_TIME 1704067200

/* This machine. */

void
doctor_check_machine(struct doctor *d)
{
    struct timex timex = { .modes = 0 };
    int state = adjtimex(&timex);

    if (time(NULL) < OLDEST_TIME) {
        doctor_add(d, "clock", DOCTOR_BAD, "set it",
                   "it is before 2024: certificates will not be valid");
    } else if (state == TIME_ERROR) {
        doctor_add(d, "clock", DOCTOR_UNKNOWN, NULL,
                   "the kernel does not know whether it is right");
    } else {
        doctor_add(d, "clock", DOCTOR_OK, NULL, "is kept right");
    }
}

/* What there is to look at. */

static void
ask_daemon(struct doctor *d)
{
    static const char *const words[] = { "-o", "json" };
    const char *target = d->options->target;
    char *error = NULL;

    d->status = answer_ask(target, "status", 2, words, &d->daemon_error);
    if (d->status) {
        d->pods = answer_ask(target, "pods", 2, words, &error);
        free(error);
        if (client_ask(target, "vlog/list", 0, NULL, &d->log_levels, &error)) {
            free(error);
        }
    }
    d->bridge = d->options->bridge;
    if (!d->bridge && d->status) {
        d->bridge = answer_string(d->status, "switch.bridge");
    }
}

static void
ask_vswitchd(struct doctor *d)
{
    char *error;

    if (client_ask("ovs-vswitchd", "version", 0, NULL, &d->vswitchd_version,
                   &error)) {
        free(error);
    }
}

static void
doctor_init(struct doctor *d, const struct client_options *options)
{
    *d = (struct doctor) { .options = options };
    ask_daemon(d);
    ask_vswitchd(d);
    d->db_error = db_read(answer_string(d->status, "database.remote"),
                          d->bridge, &d->db);
    d->has_db = !d->db_error;
}

static void
doctor_uninit(struct doctor *d)
{
    doctor_checks_uninit(d);
    json_destroy(d->status);
    json_destroy(d->pods);
    free(d->daemon_error);
    free(d->log_levels);
    free(d->vswitchd_version);
    db_facts_uninit(&d->db);
    free(d->db_error);
}

int
client_doctor(const struct client_command *command OVS_UNUSED,
              const struct client_options *options,
              const char *const args[] OVS_UNUSED)
{
    struct doctor d;

    doctor_init(&d, options);
    doctor_check_daemon(&d);
    doctor_check_switch(&d);
    doctor_check_machine(&d);

    char *text = (options->format == CLIENT_JSON
                  ? doctor_to_json(&d)
                  : doctor_to_text(&d, client_wants_colour(stdout)));
    int code = doctor_is_ok(&d) ? CLIENT_OK : CLIENT_NO;
    client_print(text);
    free(text);
    doctor_uninit(&d);
    return code;
}
