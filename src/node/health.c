/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "health.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bridge.h"
#include "dir.h"
#include "kube.h"
#include "latency.h"
#include "openvswitch/dynamic-string.h"
#include "ports.h"
#include "timeval.h"
#include "util.h"

/* What may be wrong. */
enum trouble {
    OBJECTS,
    DATABASE,
    SWITCH,
    LAG,
    ATTACH,
    N_TROUBLES
};

struct health {
    struct health_context c;
    bool was_ready;
    long long int now;          /* The last run. */
    long long int since[N_TROUBLES];    /* By time_msec(), 0: all is well. */
};

struct health *
health_create(const struct health_context *context)
{
    struct health *h = xzalloc(sizeof *h);

    h->c = *context;
    return h;
}

void
health_destroy(struct health *h)
{
    free(h);
}

/* Each returns NULL, or what is wrong with it now (caller frees). */

static char *
check_objects(const struct health_context *c)
{
    const char *error = c->kube ? kube_error(c->kube) : NULL;

    return (error ? xasprintf("API server: %s", error)
            : c->dir && !dir_is_synced(c->dir)
            ? xasprintf("directory %s: not read yet", dir_path(c->dir))
            : NULL);
}

static char *
check_database(const struct health_context *c)
{
    const char *problem = ports_problem(c->ports);

    return (problem ? xasprintf("database: %s", problem)
            : !ports_is_ready(c->ports) ? xstrdup("database: not read yet")
            : !ports_is_connected(c->ports)
            ? xstrdup("database: no connection")
            : NULL);
}

static char *
check_switch(const struct health_context *c)
{
    struct bridge_status status;

    if (bridge_generation(c->bridge)) {
        return NULL;
    }
    bridge_get_status(c->bridge, &status);
    return xasprintf("switch: %s, not up to date%s%s", status.state,
                     status.error ? ": " : "",
                     status.error ? status.error : "");
}

static char *
check_lag(const struct health_context *c)
{
    long long int lag = latency_lag(c->latency, time_usec());
    struct bridge_status status;

    if (!lag) {
        return NULL;
    }
    bridge_get_status(c->bridge, &status);
    return xasprintf("switch: %lld s behind%s%s", lag / 1000000,
                     status.error ? ", " : "",
                     status.error ? status.error : "");
}

static char *
check_attach(const struct health_context *c)
{
    return (c->attach_problem && *c->attach_problem
            ? xasprintf("attach: %s", *c->attach_problem) : NULL);
}

static const struct {
    char *(*check)(const struct health_context *);
    int patience;               /* Milliseconds. */
} troubles[N_TROUBLES] = {
    [OBJECTS] = { check_objects, HEALTH_SOURCE_MSEC },
    [DATABASE] = { check_database, HEALTH_SOURCE_MSEC },
    [SWITCH] = { check_switch, HEALTH_SWITCH_MSEC },
    [LAG] = { check_lag, HEALTH_SWITCH_MSEC },
    [ATTACH] = { check_attach, HEALTH_SWITCH_MSEC },
};

void
health_run(struct health *h, long long int now)
{
    bool all_well = true;

    h->now = now;
    for (enum trouble t = 0; t < N_TROUBLES; t++) {
        char *problem = troubles[t].check(&h->c);

        if (!problem) {
            h->since[t] = 0;
        } else {
            all_well = false;
            if (!h->since[t]) {
                h->since[t] = now;
            }
        }
        free(problem);
    }
    h->was_ready = h->was_ready || all_well;
}

bool
health_is_alive(const struct health *h, struct ds *reasons)
{
    if (h->c.control && access(h->c.control, F_OK) && errno == ENOENT) {
        if (reasons) {
            ds_put_format(reasons, "control socket: %s is gone\n",
                          h->c.control);
        }
        return false;
    }
    return true;
}

/* Does 'trouble' count? */
static bool
is_due(const struct health *h, enum trouble t)
{
    return h->since[t] && (!h->was_ready
                           || h->now - h->since[t] >= troubles[t].patience);
}

bool
health_is_ready(const struct health *h, struct ds *reasons)
{
    bool ready = h->was_ready;

    for (enum trouble t = 0; t < N_TROUBLES; t++) {
        char *problem = is_due(h, t) ? troubles[t].check(&h->c) : NULL;

        if (problem) {
            ready = false;
            if (reasons) {
                ds_put_format(reasons, "%s\n", problem);
            }
            free(problem);
        }
    }
    return ready;
}
