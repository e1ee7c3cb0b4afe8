/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "settings-private.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "dirs.h"
#include "kubeconfig.h"
#include "openvswitch/dynamic-string.h"
#include "pipeline.h"
#include "util.h"

/* systemd says where a unit with StateDirectory= has its state. */
static char *
default_state_dir(void)
{
    const char *dir = getenv("STATE_DIRECTORY");

    return dir && dir[0] == '/' ? xmemdup0(dir, strcspn(dir, ":")) : NULL;
}

void
settings_init(struct settings *settings)
{
    *settings = (struct settings) {
        .state_dir = default_state_dir(),
        .db = xasprintf("unix:%s/db.sock", ovs_rundir()),
        .table_base = PIPELINE_DEFAULT_BASE,
        .zone = PIPELINE_DEFAULT_ZONE,
        .limits = {
            .policy = SETTINGS_MAX_POLICY_FLOWS,
            .ns = SETTINGS_MAX_NAMESPACE_FLOWS,
            .total = SETTINGS_MAX_FLOWS,
        },
        .counters_interval = 10,
        .metrics_max_policies = 500,
        .audit_rate = 100,
        .audit_burst = 200,
        .metrics_listen = xstrdup(SETTINGS_DEFAULT_METRICS_LISTEN),
    };
}

void
settings_uninit(struct settings *settings)
{
    free(settings->bridge);
    free(settings->dir);
    free(settings->kubeconfig);
    free(settings->api_server);
    free(settings->db);
    free(settings->node);
    free(settings->gateway_port);
    free(settings->state_dir);
    free(settings->metrics_listen);
    free(settings->audit_log);
    free(settings->next_table);
    free(settings->service_cidrs);
}

/* The command line. */

void
settings_long_options(int first, struct option *options)
{
    for (size_t i = 0; i < settings_count(); i++) {
        options[i] = (struct option) {
            .name = settings_table[i].name,
            .has_arg = (settings_table[i].argument
                        ? required_argument : optional_argument),
            .val = first + i,
        };
    }
}

/* One of them has two names. */
static bool
is_same(const struct setting *a, const struct setting *b)
{
    return a == b || (a->offset == b->offset
                      && a->offset == offsetof(struct settings,
                                               no_spoof_guard));
}

char *
settings_set_flag(struct settings *settings, size_t i, const char *value)
{
    ovs_assert(i < settings_count());

    const struct setting *setting = &settings_table[i];
    char *error = settings_store(settings, setting, value ? value : "true");
    if (error) {
        char *message = xasprintf("--%s: %s", setting->name, error);
        free(error);
        return message;
    }
    for (size_t j = 0; j < settings_count(); j++) {
        if (is_same(setting, &settings_table[j])) {
            settings->flags |= UINT64_C(1) << j;
        }
    }
    return NULL;
}

void
settings_format_usage(struct ds *s)
{
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *setting = &settings_table[i];
        const char *argument = setting->argument;
        char *left = xasprintf("--%s%s%s", setting->name,
                               argument ? "=" : "", argument ? argument : "");

        ds_put_format(s, "  %-27s %s\n", left, setting->help);
        free(left);
    }
}

/* What goes together. */

char *
settings_kubeconfig(const struct settings *settings,
                    struct kubeconfig **config)
{
    struct kubeconfig_options options = {
        .file = settings->kubeconfig,
        .server = settings->api_server,
        .insecure = settings->insecure,
    };

    return kubeconfig_create(&options, config);
}

/* There is one source of objects, and it can be used. */
static char *
check_source(const struct settings *settings)
{
    if (settings->dir) {
        return (settings->kubeconfig || settings->api_server
                ? xstrdup("--dir goes with neither --kubeconfig nor "
                          "--api-server")
                : NULL);
    }

    struct kubeconfig *config = NULL;
    char *error = settings_kubeconfig(settings, &config);

    kubeconfig_destroy(config);
    if (error && !settings->kubeconfig && !settings->api_server) {
        char *message = xasprintf("none of --dir, --kubeconfig and "
                                  "--api-server, and %s", error);
        free(error);
        error = message;
    }
    return error;
}

uint8_t
settings_next_table(const struct settings *settings)
{
    return (settings->next_table && settings_is_number(settings->next_table)
            ? atoi(settings->next_table) : 0);
}

/* The next table is not one of ours. */
static char *
check_next_table(const struct settings *settings)
{
    const struct pipeline_config config = { .base = settings->table_base };

    if (pipeline_has_table(&config, settings_next_table(settings))) {
        return xasprintf("--next-table: %s is one of our tables, %d to %d",
                         settings->next_table, config.base,
                         config.base + N_TABLES - 1);
    }
    for (int i = 0; i < N_TABLES; i++) {
        if (!strcmp(settings->next_table, pipeline_table_names[i])) {
            return xasprintf("--next-table: \"%s\" is one of our tables",
                             settings->next_table);
        }
    }
    return NULL;
}

static char *
check_attach(const struct settings *settings)
{
    if (settings->attach != ATTACH_CHAIN) {
        return (settings->next_table
                ? xstrdup("--next-table goes with --attach=chain only")
                : NULL);
    }
    return (settings->next_table ? check_next_table(settings)
            : xstrdup("--attach=chain needs --next-table, where to send what "
                      "is allowed"));
}

char *
settings_check(const struct settings *settings, bool cleanup)
{
    if (!settings->bridge) {
        return xstrdup("--bridge is missing");
    } else if (cleanup) {
        return NULL;
    }

    char *error = check_attach(settings);
    return error ? error : check_source(settings);
}
