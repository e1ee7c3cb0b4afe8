/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "settings.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dirs.h"
#include "doc.h"
#include "k8s.h"
#include "kubeconfig.h"
#include "openflow/openflow.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "pipeline.h"
#include "socket-util.h"
#include "util.h"

/* A configuration file is a dozen lines. */
#define MAX_FILE_SIZE 65536

/* Names of Linux interfaces, and so of bridges, are shorter than this. */
#define INTERFACE_NAME_SIZE 16

/* Stores 'value' into the member at 'p'.  Returns NULL, or a message without
 * the setting's name (caller frees). */
typedef char *store_func(void *p, const char *value);

static store_func store_string, store_path, store_interface;
static store_func store_established, store_table, store_zone, store_cidrs;
static store_func store_enforcement;
static store_func store_bool, store_off, store_listen;
static store_func store_attach, store_next_table, store_mark;
static store_func store_state_dir, store_closed_open;
static store_func store_interval, store_max_policies;
static store_func store_rate, store_log;
static store_func store_limit;

struct setting {
    const char *name;
    const char *argument;       /* For the usage; NULL if true or false. */
    const char *help;
    store_func *store;
    size_t offset;              /* In struct settings. */
};

static const struct setting table[] = {
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

/* Nothing means none. */
static char *
store_state_dir(void *p, const char *value)
{
    char **dir = p;

    if (value[0]) {
        return store_path(p, value);
    }
    free(*dir);
    *dir = NULL;
    return NULL;
}

static char *
store_closed_open(void *p, const char *value)
{
    bool *is_open = p;

    if (strcmp(value, "closed") && strcmp(value, "open")) {
        return xasprintf("\"%.32s\" is neither \"closed\" nor \"open\"",
                         value);
    }
    *is_open = !strcmp(value, "open");
    return NULL;
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

/* What is on unless told otherwise. */
static char *
store_off(void *p, const char *value)
{
    bool *off = p;

    /* YAML reads both words as truth values. */
    if (!strcmp(value, "on") || !strcmp(value, "true")) {
        *off = false;
    } else if (!strcmp(value, "off") || !strcmp(value, "false")) {
        *off = true;
    } else {
        return xasprintf("\"%.32s\" is neither \"on\" nor \"off\"", value);
    }
    return NULL;
}

static char *
store_established(void *p, const char *value)
{
    bool *recheck = p;

    if (strcmp(value, "keep") && strcmp(value, "recheck")) {
        return xasprintf("\"%.32s\" is neither \"keep\" nor \"recheck\"",
                         value);
    }
    *recheck = !strcmp(value, "recheck");
    return NULL;
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
    char **log = p;

    /* YAML reads the word as a truth value. */
    if (!strcmp(value, "off") || !strcmp(value, "false")) {
        free(*log);
        *log = NULL;
        return NULL;
    }
    return (!strcmp(value, "stdout") || !strcmp(value, "syslog")
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

static bool
is_number(const char *s)
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
    char *error = (value[0] && is_number(value)
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
    char **listen = p;

    /* YAML reads the word as a truth value. */
    if (!strcmp(value, "off") || !strcmp(value, "false")) {
        free(*listen);
        *listen = NULL;
        return NULL;
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

static char *
store(struct settings *settings, const struct setting *setting,
      const char *value)
{
    return setting->store((char *) settings + setting->offset, value);
}

size_t
settings_count(void)
{
    return ARRAY_SIZE(table);
}

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
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        options[i] = (struct option) {
            .name = table[i].name,
            .has_arg = (table[i].argument
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
    ovs_assert(i < ARRAY_SIZE(table));

    char *error = store(settings, &table[i], value ? value : "true");
    if (error) {
        char *message = xasprintf("--%s: %s", table[i].name, error);
        free(error);
        return message;
    }
    for (size_t j = 0; j < ARRAY_SIZE(table); j++) {
        if (is_same(&table[i], &table[j])) {
            settings->flags |= UINT64_C(1) << j;
        }
    }
    return NULL;
}

void
settings_format_usage(struct ds *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        const struct setting *setting = &table[i];
        const char *argument = setting->argument;
        char *left = xasprintf("--%s%s%s", setting->name,
                               argument ? "=" : "", argument ? argument : "");

        ds_put_format(s, "  %-27s %s\n", left, setting->help);
        free(left);
    }
}

/* The configuration file. */

static const struct setting *
find_setting(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (!strcmp(table[i].name, name)) {
            return &table[i];
        }
    }
    return NULL;
}

/* Takes one member of the file's map.  Returns NULL or a message without the
 * key (caller frees). */
static char *
load_member(struct settings *settings, const char *key,
            const struct doc_node *value)
{
    const struct setting *setting = find_setting(key);

    if (!setting) {
        return xstrdup("no such setting");
    }
    switch (doc_node_type(value)) {
    case DOC_NULL:
    case DOC_LIST:
    case DOC_MAP:
        return xasprintf("expected a value, not a %s",
                         doc_type_name(doc_node_type(value)));
    case DOC_BOOL:
    case DOC_INTEGER:
    case DOC_REAL:
    case DOC_STRING:
        break;
    }

    /* A value that the command line overrides must be right all the same. */
    if (settings->flags & (UINT64_C(1) << (setting - table))) {
        struct settings ignored;
        settings_init(&ignored);
        char *error = store(&ignored, setting, doc_node_text(value));
        settings_uninit(&ignored);
        return error;
    }
    return store(settings, setting, doc_node_text(value));
}

static char *
place_message(const char *name, const struct doc_node *node, const char *key,
              const char *error)
{
    unsigned int line, column;

    doc_node_place(node, &line, &column);
    return xasprintf("%s:%u:%u: %s%s%s", name, line, column,
                     key ? key : "", key ? ": " : "", error);
}

static char *
load_doc(struct settings *settings, const char *name, const struct doc *doc)
{
    const struct doc_node *root = doc_root(doc);

    if (doc_node_type(root) == DOC_NULL) {
        return NULL;
    } else if (doc_node_type(root) != DOC_MAP) {
        return place_message(name, root, NULL, "expected a map of settings");
    }
    for (size_t i = 0; i < doc_node_count(root); i++) {
        const struct doc_node *value = doc_node_at(root, i);
        const char *key = doc_node_key(root, i);

        char *error = load_member(settings, key, value);
        if (error) {
            char *message = place_message(name, value, key, error);
            free(error);
            return message;
        }
    }
    return NULL;
}

/* Reads the whole file, up to a byte more than allowed. */
static int
read_small_file(const char *name, char **text, size_t *size)
{
    FILE *stream = fopen(name, "r");
    if (!stream) {
        return errno;
    }

    *text = xmalloc(MAX_FILE_SIZE + 1);
    *size = fread(*text, 1, MAX_FILE_SIZE + 1, stream);
    int error = ferror(stream) ? errno : *size > MAX_FILE_SIZE ? EFBIG : 0;
    fclose(stream);
    if (error) {
        free(*text);
    }
    return error;
}

char *
settings_parse(struct settings *settings, const char *name, const char *text,
               size_t size)
{
    struct doc_limits limits;
    struct doc **docs;
    size_t n;

    doc_limits_default(&limits);
    limits.max_documents = 1;
    char *error = doc_parse_yaml(text, size, &limits, &docs, &n);
    if (error) {
        char *message = xasprintf("%s:%s", name, error);
        free(error);
        error = message;
    } else if (n) {
        error = load_doc(settings, name, docs[0]);
    }
    for (size_t i = 0; i < n; i++) {
        doc_destroy(docs[i]);
    }
    free(docs);
    return error;
}

char *
settings_load(struct settings *settings, const char *name)
{
    char *text = NULL;
    size_t size = 0;

    int errnum = read_small_file(name, &text, &size);
    if (errnum) {
        return xasprintf("%s: %s", name, ovs_strerror(errnum));
    }

    char *error = settings_parse(settings, name, text, size);
    free(text);
    return error;
}

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
    return (settings->next_table && is_number(settings->next_table)
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
