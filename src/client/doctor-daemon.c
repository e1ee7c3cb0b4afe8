/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "doctor.h"

#include <inttypes.h>
#include <string.h>

#include "answer.h"
#include "util.h"

static void
check_alive(struct doctor *d)
{
    if (d->status) {
        doctor_add(d, "daemon", DOCTOR_OK, NULL, "version %s answers",
                   answer_string(d->status, "version"));
    } else {
        doctor_add(d, "daemon", DOCTOR_BAD,
                   "start ovs-netpold, or say with --target where it listens",
                   "%s", d->daemon_error);
    }
}

static void
check_version(struct doctor *d)
{
    const char *version = answer_string(d->status, "version");
    bool same = !strcmp(version, VERSION);

    doctor_add(d, "version", same ? DOCTOR_OK : DOCTOR_WARNING,
               (same ? NULL
                : "restart the daemon after an upgrade, or upgrade the tool"),
               "daemon %s, this tool %s", version, VERSION);
}

static void
check_kind(struct doctor *d, const char *kind)
{
    char *path = xasprintf("kubernetes.%s.error", kind);
    const char *error = answer_string(d->status, path);

    if (error[0]) {
        bool rbac = strstr(error, "403") || strcasestr(error, "forbidden");

        doctor_add(d, rbac ? "rbac" : "kubernetes", DOCTOR_BAD,
                   (rbac ? "let the service account list and watch this kind: "
                    "kubectl auth can-i list KIND --as=..."
                    : "look at the API server and the network to it"),
                   "%s: %s", kind, error);
    }
    free(path);
}

static void
check_kubernetes(struct doctor *d)
{
    static const char *const kinds[] = {
        "namespaces", "pods", "networkpolicies"
    };
    size_t before = d->n;

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        check_kind(d, kinds[i]);
    }
    if (d->n > before) {
        return;
    }

    const char *error = answer_string(d->status, "kubernetes.error");
    bool synced = answer_bool(d->status, "kubernetes.synced");
    doctor_add(d, "kubernetes", (error[0] || !synced ? DOCTOR_BAD : DOCTOR_OK),
               (error[0] || !synced
                ? "look at the API server and the network to it" : NULL),
               "%s: %s", answer_string(d->status, "kubernetes.server"),
               error[0] ? error : synced ? "followed" : "not listed yet");
}

static void
check_directory(struct doctor *d)
{
    const char *error = answer_string(d->status, "directory.error");
    bool synced = answer_bool(d->status, "directory.synced");
    bool ok = synced && !error[0];

    doctor_add(d, "directory", ok ? DOCTOR_OK : DOCTOR_BAD,
               ok ? NULL : "make it, or say another one with --dir",
               "%s: %s, %"PRId64" objects in force",
               answer_string(d->status, "directory.path"),
               error[0] ? error : synced ? "read" : "not read",
               answer_integer(d->status, "directory.objects"));
}

/* What a problem is about; of the directory itself another check tells. */
static const char *
name_problem(const struct doctor *d, const struct json *problem)
{
    const char *object = answer_string(problem, "object");
    const char *place = answer_string(problem, "place");

    return (object[0] ? object
            : !place[0] ? "an object"
            : strcmp(place, answer_string(d->status, "directory.path"))
            ? place : NULL);
}

static void
check_problems(struct doctor *d)
{
    const struct json *problems = answer_get(d->status, "problems");
    const struct json *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < answer_count(problems); i++) {
        const struct json *problem = answer_at(problems, i);

        if (name_problem(d, problem)) {
            first = first ? first : problem;
            n++;
        }
    }
    if (n) {
        doctor_add(d, "objects", DOCTOR_WARNING,
                   "correct the objects; ovs-netpol status lists all",
                   "%"PRIuSIZE" with errors, such as %s: %s", n,
                   name_problem(d, first), answer_string(first, "message"));
    } else {
        doctor_add(d, "objects", DOCTOR_OK, NULL,
                   "%"PRId64" policies, %"PRId64" pods, none with errors",
                   answer_integer(d->status, "objects.policies"),
                   answer_integer(d->status, "objects.pods"));
    }
}

static void
check_generation(struct doctor *d)
{
    int64_t model = answer_integer(d->status, "generation.model");
    int64_t installed = answer_integer(d->status, "generation.switch");

    if (model == installed) {
        doctor_add(d, "generation", DOCTOR_OK, NULL, "%"PRId64" is in the "
                   "switch", installed);
    } else {
        doctor_add(d, "generation", DOCTOR_WARNING,
                   "ovs-netpol wait says what it waits for",
                   "%"PRId64" is known, %"PRId64" is in the switch", model,
                   installed);
    }
}

/* What /readyz says. */
static void
check_ready(struct doctor *d)
{
    const struct json *reasons = answer_get(d->status, "health.reasons");

    if (answer_bool(d->status, "health.ready")) {
        doctor_add(d, "ready", DOCTOR_OK, NULL, "what the sources say is in "
                   "the switch");
    } else {
        doctor_add(d, "ready", DOCTOR_BAD, NULL, "%s",
                   (answer_count(reasons)
                    ? answer_string(answer_at(reasons, 0), "")
                    : "not ready"));
    }
}

static void
check_node(struct doctor *d)
{
    const char *node = answer_string(d->status, "node");
    bool kube = answer_get(d->status, "kubernetes") != NULL;

    if (node[0] || !kube) {
        doctor_add(d, "node", DOCTOR_OK, NULL, "%s",
                   node[0] ? node : "without a name, as manifests allow");
    } else {
        doctor_add(d, "node", DOCTOR_WARNING,
                   "say with --node what spec.nodeName of the pods here is",
                   "the daemon does not know the name of its node");
    }
}

/* Pods of this node whose interface is not known are not guarded. */
static void
check_pods(struct doctor *d)
{
    const struct json *first = NULL;
    size_t n = answer_count(d->pods), n_missing = 0;

    for (size_t i = 0; i < n; i++) {
        const struct json *pod = answer_at(d->pods, i);

        if (!answer_count(answer_get(pod, "interfaces"))) {
            first = first ? first : pod;
            n_missing++;
        }
    }
    if (n_missing) {
        doctor_add(d, "interfaces", DOCTOR_WARNING,
                   "set external_ids of the interface, see ovs-netpold(8)",
                   "%"PRIuSIZE" of %"PRIuSIZE" pods here without an interface "
                   "that names them, such as %s/%s", n_missing, n,
                   answer_string(first, "namespace"),
                   answer_string(first, "name"));
    } else {
        doctor_add(d, "interfaces", DOCTOR_OK, NULL,
                   "%"PRIuSIZE" pods here, all with an interface", n);
    }
}

/* Every "dbg" costs time. */
static void
check_log(struct doctor *d)
{
    bool dbg = d->log_levels && strcasestr(d->log_levels, " dbg");

    if (!d->log_levels) {
        doctor_add(d, "log", DOCTOR_UNKNOWN, NULL, "levels are not known");
    } else if (dbg) {
        doctor_add(d, "log", DOCTOR_WARNING,
                   "ovs-appctl -t ovs-netpold vlog/set info",
                   "debugging messages are on, which takes time and space");
    } else {
        doctor_add(d, "log", DOCTOR_OK, NULL, "no debugging messages");
    }
}

void
doctor_check_daemon(struct doctor *d)
{
    check_alive(d);
    if (!d->status) {
        return;
    }
    check_version(d);
    if (answer_get(d->status, "kubernetes")) {
        check_kubernetes(d);
    } else {
        check_directory(d);
    }
    check_ready(d);
    check_node(d);
    check_problems(d);
    check_pods(d);
    check_generation(d);
    check_log(d);
}
