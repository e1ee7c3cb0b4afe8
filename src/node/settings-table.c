/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "settings-private.h"

#include <stdlib.h>
#include <string.h>

#include "k8s.h"
#include "openflow/openflow.h"
#include "packets.h"
#include "socket-util.h"
#include "util.h"

/* Names of Linux interfaces, and so of bridges, are shorter than this. */
#define INTERFACE_NAME_SIZE 16

static settings_store_func store_string, store_path, store_interface;
static settings_store_func store_established, store_table, store_zone;
static settings_store_func store_cidrs, store_enforcement;
static settings_store_func store_bool, store_off, store_listen;
static settings_store_func store_attach, store_next_table, store_mark;
static settings_store_func store_state_dir, store_closed_open;
static settings_store_func store_interval, store_max_policies;
static settings_store_func store_rate, store_log, store_limit;

const struct setting settings_table[] = {
    { "bridge", "BRIDGE", "bridge to enforce policies on",
      store_interface, offsetof(struct settings, bridge) },
    { "dir", "DIR", "directory of manifests to follow",
      store_path, offsetof(struct settings, dir) },
    { "kubeconfig", "FILE", "kubeconfig file of the cluster to follow",
      store_path, offsetof(struct settings, kubeconfig) },
    { "api-server", "URL", "Kubernetes API server to follow",
      store_string, offsetof(struct settings, api_server) },
    { "insecure", NULL, "allow an API server without TLS or unverified",
      store_bool, offsetof(struct settings, insecure) },
    { "db", "REMOTE", "Open vSwitch database",
      store_string, offsetof(struct settings, db) },
    { "node", "NAME", "name of this node in the cluster",
      store_string, offsetof(struct settings, node) },
    { "state-dir", "DIR", "folder that keeps what was last known",
      store_state_dir, offsetof(struct settings, state_dir) },
    { "no-state", "closed|open",
      "pod ports when nothing is known, not even there",
      store_closed_open, offsetof(struct settings, no_state_open) },
    { "new-ports", "closed|open",
      "ports of the bridge until it is known whose they are",
      store_closed_open, offsetof(struct settings, unknown_open) },
    { "established", "keep|recheck",
      "what policy changes do to running connections",
      store_established, offsetof(struct settings, recheck) },
    { "attach", "hook|chain|normal",
      "how packets come to us: by our flow in table 0, or by yours",
      store_attach, offsetof(struct settings, attach) },
    { "next-table", "N|NAME", "your table that gets what is allowed",
      store_next_table, offsetof(struct settings, next_table) },
    { "enforcement", "enforce|audit",
      "whether what policies deny is dropped, or only noted",
      store_enforcement, offsetof(struct settings, audit_mode) },
    { "audit", "on|off", "whether denied packets are reported",
      store_off, offsetof(struct settings, no_audit) },
    { "audit-rate", "N", "denied packets to report in a second",
      store_rate, offsetof(struct settings, audit_rate) },
    { "audit-burst", "N", "denied packets to report at once",
      store_rate, offsetof(struct settings, audit_burst) },
    { "audit-log", "FILE|stdout|syslog|off",
      "where to write a line for each reported packet",
      store_log, offsetof(struct settings, audit_log) },
    { "spoof-guard", "on|off",
      "whether pods may use only their own addresses",
      store_off, offsetof(struct settings, no_spoof_guard) },
    { "no-spoof-guard", NULL, "the same as --spoof-guard=off",
      store_bool, offsetof(struct settings, no_spoof_guard) },
    { "table-base", "N", "first OpenFlow table to use",
      store_table, offsetof(struct settings, table_base) },
    { "zone", "N", "connection tracking zone to use",
      store_zone, offsetof(struct settings, zone) },
    { "max-policy-flows", "N", "flows that a policy may cost, 0: no limit",
      store_limit, offsetof(struct settings, limits.policy) },
    { "max-namespace-flows", "N",
      "flows that the policies of a namespace may cost",
      store_limit, offsetof(struct settings, limits.ns) },
    { "max-flows", "N", "flows that all policies together may cost",
      store_limit, offsetof(struct settings, limits.total) },
    { "force", NULL, "take a bridge that another program programs",
      store_bool, offsetof(struct settings, force) },
    { "service-cidrs", "CIDR[,CIDR...]",
      "destinations that the host translates: Services",
      store_cidrs, 0 },
    { "gateway-port", "PORT", "interface that leads to the node itself",
      store_interface, offsetof(struct settings, gateway_port) },
    { "node-mark", "VALUE[/MASK]",
      "packet mark of what the node itself sends",
      store_mark, offsetof(struct settings, node_mark) },
    { "metrics-listen", "ADDRESS:PORT|off",
      "where to serve metrics and probes",
      store_listen, offsetof(struct settings, metrics_listen) },
    { "metrics-max-policies", "N", "policies with counters of their own",
      store_max_policies, offsetof(struct settings, metrics_max_policies) },
    { "counters-interval", "SECONDS", "how often to read the flows' counters",
      store_interval, offsetof(struct settings, counters_interval) },
};

size_t
settings_count(void)
{
    return ARRAY_SIZE(settings_table);
}

/* The values. */

static char *
store_string(void *p, const char *value)
{
    char **s = p;

    if (!value[0]) {
        return xstrdup("must not be empty");
    }
    free(*s);
    *s = xstrdup(value);
    return NULL;
}

/* A daemon in the background works in another directory. */
static char *
store_path(void *p, const char *value)
{
    char *path = value[0] ? abs_file_name(NULL, value) : xstrdup("");
    char *error = store_string(p, path ? path : value);

    free(path);
    return error;
}

static char *
store_none(void *p)
{
    char **s = p;

    free(*s);
    *s = NULL;
    return NULL;
}

/* Nothing means none. */
static char *
store_state_dir(void *p, const char *value)
{
    return value[0] ? store_path(p, value) : store_none(p);
}

/* Stores true for 'yes' and false for 'no'. */
static char *
store_word(bool *b, const char *value, const char *no, const char *yes)
{
    if (strcmp(value, no) && strcmp(value, yes)) {
        return xasprintf("\"%.32s\" is neither \"%s\" nor \"%s\"",
                         value, no, yes);
    }
    *b = !strcmp(value, yes);
    return NULL;
}

static char *
store_closed_open(void *p, const char *value)
{
    return store_word(p, value, "closed", "open");
}

static char *
store_interface(void *p, const char *value)
{
    if (strlen(value) >= INTERFACE_NAME_SIZE) {
        return xasprintf("\"%.32s\" is longer than %d characters",
                         value, INTERFACE_NAME_SIZE - 1);
    } else if (strpbrk(value, "/: \t\n")) {
        return xasprintf("\"%s\" is not the name of an interface", value);
    }
    return store_string(p, value);
}

static char *
store_bool(void *p, const char *value)
{
    bool *b = p;

    if (strcmp(value, "true") && strcmp(value, "false")) {
        return xasprintf("\"%.32s\" is neither \"true\" nor \"false\"",
                         value);
    }
    *b = !strcmp(value, "true");
    return NULL;
}

/* YAML reads both words as truth values. */
static bool
is_on(const char *value)
{
    return !strcmp(value, "on") || !strcmp(value, "true");
}

static bool
is_off(const char *value)
{
    return !strcmp(value, "off") || !strcmp(value, "false");
}

/* What is on unless told otherwise. */
static char *
store_off(void *p, const char *value)
{
    bool *off = p;

    if (!is_on(value) && !is_off(value)) {
        return xasprintf("\"%.32s\" is neither \"on\" nor \"off\"", value);
    }
    *off = is_off(value);
    return NULL;
}

static char *
store_established(void *p, const char *value)
{
    return store_word(p, value, "keep", "recheck");
}

static char *
store_attach(void *p, const char *value)
{
    enum pipeline_attach *attach = p;

    return (pipeline_attach_parse(value, attach)
            ? NULL
            : xasprintf("\"%.32s\" is not \"hook\", \"chain\" or \"normal\"",
                        value));
}

static char *
store_enforcement(void *p, const char *value)
{
    enum k8s_enforcement enforcement;
    bool *audit = p;

    if (!k8s_enforcement_parse(value, &enforcement)) {
        return xasprintf("\"%.32s\" is neither \"enforce\" nor \"audit\"",
                         value);
    }
    *audit = enforcement == K8S_AUDIT;
    return NULL;
}

/* Fills the 'service_cidrs' of the settings 'p' themselves. */
static char *
store_cidrs(void *p, const char *value)
{
    struct prefix cidrs[SETTINGS_MAX_SERVICE_CIDRS];
    struct settings *settings = p;
    char *copy = xstrdup(value), *save = NULL, *error = NULL;
    size_t n = 0;

    for (char *word = strtok_r(copy, ", ", &save); word && !error;
         word = strtok_r(NULL, ", ", &save)) {
        if (n >= ARRAY_SIZE(cidrs)) {
            error = xasprintf("more than %"PRIuSIZE" CIDRs",
                              ARRAY_SIZE(cidrs));
        } else if (!prefix_parse(word, &cidrs[n++])) {
            error = xasprintf("\"%.64s\" is not a CIDR", word);
        }
    }
    free(copy);
    if (!error) {
        free(settings->service_cidrs);
        settings->service_cidrs = n ? xmemdup(cidrs, n * sizeof *cidrs) : NULL;
        settings->n_service_cidrs = n;
    }
    return error;
}

static char *
parse_number(const char *value, unsigned int min, unsigned int max,
             unsigned int *number)
{
    unsigned int n;

    if (!str_to_uint(value, 10, &n) || n < min || n > max) {
        return xasprintf("\"%.32s\" is not a number from %u to %u",
                         value, min, max);
    }
    *number = n;
    return NULL;
}

static char *
store_rate(void *p, const char *value)
{
    return parse_number(value, 1, SETTINGS_MAX_AUDIT_RATE, p);
}

static char *
store_log(void *p, const char *value)
{
    return (is_off(value) ? store_none(p)
            : !strcmp(value, "stdout") || !strcmp(value, "syslog")
            ? store_string(p, value) : store_path(p, value));
}

static char *
store_table(void *p, const char *value)
{
    BUILD_ASSERT_DECL(SETTINGS_MAX_TABLE_BASE <= PIPELINE_MAX_BASE);
    uint8_t *base = p;
    unsigned int number = 0;

    char *error = parse_number(value, 1, SETTINGS_MAX_TABLE_BASE, &number);
    if (!error) {
        *base = number;
    }
    return error;
}

bool
settings_is_number(const char *s)
{
    return s[strspn(s, "0123456789")] == '\0';
}

static char *
store_next_table(void *p, const char *value)
{
    unsigned int number;

    if (strlen(value) >= OFP_MAX_TABLE_NAME_LEN) {
        return xasprintf("\"%.32s\" is longer than %d characters",
                         value, OFP_MAX_TABLE_NAME_LEN - 1);
    }

    /* Table 0 is where packets come from. */
    char *error = (value[0] && settings_is_number(value)
                   ? parse_number(value, 1, PIPELINE_MAX_TABLE, &number)
                   : NULL);
    return error ? error : store_string(p, value);
}

static char *
store_mark(void *p, const char *value)
{
    return (model_mark_parse(value, p) ? NULL
            : xasprintf("\"%.32s\" is not a mark VALUE[/MASK] with some bits "
                        "set, all of them in MASK", value));
}

static char *
store_limit(void *p, const char *value)
{
    uint32_t *limit = p;
    unsigned int number = 0;

    char *error = parse_number(value, 0, UINT32_MAX, &number);
    if (!error) {
        *limit = number;
    }
    return error;
}

static char *
store_zone(void *p, const char *value)
{
    uint16_t *zone = p;
    unsigned int number = 0;

    char *error = parse_number(value, 0, UINT16_MAX, &number);
    if (!error) {
        *zone = number;
    }
    return error;
}

/* ADDRESS:PORT or [ADDRESS]:PORT; no names, whose meaning may change. */
static bool
is_listen_address(const char *value)
{
    struct in6_addr ipv6;
    ovs_be32 ipv4;
    char *copy = xstrdup(value);
    char *host, *port;
    int number;

    inet_parse_host_port_tokens(copy, &host, &port);
    bool ok = (host && port && str_to_int(port, 10, &number)
               && number >= 0 && number <= UINT16_MAX
               && (value[0] == '[' ? ipv6_parse(host, &ipv6)
                                   : ip_parse(host, &ipv4)));
    free(copy);
    return ok;
}

static char *
store_listen(void *p, const char *value)
{
    if (is_off(value)) {
        return store_none(p);
    } else if (!is_listen_address(value)) {
        return xasprintf("\"%.64s\" is neither ADDRESS:PORT nor \"off\"",
                         value);
    }
    return store_string(p, value);
}

static char *
store_interval(void *p, const char *value)
{
    return parse_number(value, 1, SETTINGS_MAX_COUNTERS_INTERVAL, p);
}

static char *
store_max_policies(void *p, const char *value)
{
    return parse_number(value, 0, SETTINGS_MAX_METRICS_POLICIES, p);
}

char *
settings_store(struct settings *settings, const struct setting *setting,
               const char *value)
{
    return setting->store((char *) settings + setting->offset, value);
}

const struct setting *
settings_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(settings_table); i++) {
        if (!strcmp(settings_table[i].name, name)) {
            return &settings_table[i];
        }
    }
    return NULL;
}
