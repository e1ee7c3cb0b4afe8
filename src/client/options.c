/* SPDX-License-Identifier: Apache-2.0
 *
 * The options that commands take: what each accepts. */

#include <config.h>

#include "client.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "k8s.h"
#include "lint.h"
#include "name.h"
#include "util.h"

void
client_options_init(struct client_options *options)
{
    *options = (struct client_options) {
        .target = CLIENT_DEFAULT_TARGET,
        .timeout = CLIENT_DEFAULT_TIMEOUT,
        .fail_on = LINT_ERROR,
        .max_cells = CLIENT_DEFAULT_MAX_CELLS,
        .interval = CLIENT_DEFAULT_INTERVAL,
        .files = SVEC_EMPTY_INITIALIZER,
        .deletes = SVEC_EMPTY_INITIALIZER,
    };
}

void
client_options_uninit(struct client_options *options)
{
    svec_destroy(&options->files);
    svec_destroy(&options->deletes);
}

const char *
client_format_name(enum client_format format)
{
    static const char *const names[] = {
        [CLIENT_TEXT] = "text",
        [CLIENT_JSON] = "json",
        [CLIENT_YAML] = "yaml",
        [CLIENT_HTML] = "html",
        [CLIENT_SVG] = "svg",
        [CLIENT_DOT] = "dot",
    };

    return names[format];
}

/* All commands. */

static char *
set_target(const struct client_command *command,
           struct client_options *options, const char *value)
{
    options->target = value;
    return NULL;
}

static char *
set_help(const struct client_command *command,
         struct client_options *options, const char *value)
{
    options->help = true;
    return NULL;
}

/* "json, html or text", from the formats of 'command'. */
static char *
list_formats(const struct client_command *command)
{
    char *list = NULL;

    for (int i = CLIENT_N_FORMATS - 1; i >= 0; i--) {
        if (command->formats & 1u << i) {
            char *longer = (list
                            ? xasprintf("%s%s%s", client_format_name(i),
                                        strpbrk(list, " ") ? ", " : " or ",
                                        list)
                            : xstrdup(client_format_name(i)));
            free(list);
            list = longer;
        }
    }
    return list;
}

static char *
set_output(const struct client_command *command,
           struct client_options *options, const char *value)
{
    for (int i = 0; i < CLIENT_N_FORMATS; i++) {
        if (command->formats & 1u << i
            && !strcmp(value, client_format_name(i))) {
            options->format = i;
            return NULL;
        }
    }

    char *list = list_formats(command);
    char *error = xasprintf("want %s", list);
    free(list);
    return error;
}

/* Where objects come from. */

static char *
set_dir(const struct client_command *command,
        struct client_options *options, const char *value)
{
    options->dir = value;
    return NULL;
}

static char *
add_file(const struct client_command *command,
         struct client_options *options, const char *value)
{
    if (!strcmp(value, "-") && svec_contains_unsorted(&options->files, "-")) {
        return xstrdup("standard input can be read once");
    } else if (options->files.n >= CLIENT_MAX_FILES) {
        return xasprintf("more than %d files", CLIENT_MAX_FILES);
    }
    svec_add(&options->files, value);
    return NULL;
}

/* The others. */

static char *
set_timeout(const struct client_command *command,
            struct client_options *options, const char *value)
{
    unsigned int timeout;

    if (!str_to_uint(value, 10, &timeout) || timeout > CLIENT_MAX_TIMEOUT) {
        return xasprintf("want seconds, at most %d", CLIENT_MAX_TIMEOUT);
    }
    options->timeout = timeout;
    return NULL;
}

static char *
set_namespace(const struct client_command *command,
              struct client_options *options, const char *value)
{
    if (!value[0]) {
        return xstrdup("want the name of a namespace");
    }
    options->ns = value;
    return NULL;
}

/* The protocol that 's' names, or 0. */
static uint8_t
parse_protocol(const char *s)
{
    static const uint8_t protocols[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP
    };

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcasecmp(s, k8s_protocol_name(protocols[i]))) {
            return protocols[i];
        }
    }
    return 0;
}

static char *
set_port(const struct client_command *command,
         struct client_options *options, const char *value)
{
    struct client_port port = { .given = true, .protocol = IPPROTO_TCP };

    if (!strcasecmp(value, "icmp")) {
        port.protocol = IPPROTO_ICMP;
    } else {
        const char *slash = strchr(value, '/');
        char *number = xmemdup0(value, (slash ? (size_t) (slash - value)
                                        : strlen(value)));
        unsigned int n;

        if (str_to_uint(number, 10, &n) && n <= UINT16_MAX) {
            port.number = n;
        }
        free(number);
        if (slash) {
            port.protocol = parse_protocol(slash + 1);
        }
        if (!port.number || !port.protocol) {
            return xstrdup("want PORT, PORT/tcp, PORT/udp, PORT/sctp or "
                           "icmp");
        }
    }
    options->port = port;
    return NULL;
}

static char *
set_by(const struct client_command *command,
       struct client_options *options, const char *value)
{
    static const char *const names[] = {
        [CLIENT_BY_POD] = "pod",
        [CLIENT_BY_APP] = "app",
        [CLIENT_BY_NAMESPACE] = "namespace",
    };

    for (int i = 0; i < CLIENT_N_GRAINS; i++) {
        if (!strcmp(value, names[i])) {
            options->by = i;
            options->by_given = true;
            return NULL;
        }
    }
    return xstrdup("want pod, app or namespace");
}

static char *
set_bridge(const struct client_command *command,
           struct client_options *options, const char *value)
{
    if (!value[0] || strchr(value, '/')) {
        return xstrdup("want the name of a bridge");
    }
    options->bridge = value;
    return NULL;
}

static char *
set_node(const struct client_command *command,
         struct client_options *options, const char *value)
{
    if (!value[0]) {
        return xstrdup("want the name of a node");
    }
    options->node = value;
    return NULL;
}

static char *
set_max_cells(const struct client_command *command,
              struct client_options *options, const char *value)
{
    long long int n;

    if (!str_to_llong(value, 10, &n) || n < 1) {
        return xstrdup("want a number, at least 1");
    }
    options->max_cells = n;
    return NULL;
}

static char *
set_follow(const struct client_command *command,
           struct client_options *options, const char *value)
{
    options->follow = true;
    return NULL;
}

static char *
set_audit(const struct client_command *command,
          struct client_options *options, const char *value)
{
    options->audit = true;
    return NULL;
}

static bool
is_full_name(const char *s)
{
    const char *slash = strchr(s, '/');

    return slash && slash > s && slash[1] && !strchr(slash + 1, '/');
}

static char *
set_pod(const struct client_command *command,
        struct client_options *options, const char *value)
{
    options->pod = value;
    return is_full_name(value) ? NULL : xstrdup("want NAMESPACE/POD");
}

static char *
set_policy(const struct client_command *command,
           struct client_options *options, const char *value)
{
    options->policy = value;
    return (policy_name_is(value)
            ? NULL : xstrdup("want NAMESPACE/POLICY, or the name of a cluster "
                             "policy"));
}

static char *
set_fail_on(const struct client_command *command,
            struct client_options *options, const char *value)
{
    for (int i = 0; i < LINT_N_SEVERITIES; i++) {
        if (!strcmp(value, lint_severity_name(i))) {
            options->fail_on = i;
            return NULL;
        }
    }
    return xstrdup("want info, warning or error");
}

static char *
set_base(const struct client_command *command,
         struct client_options *options, const char *value)
{
    options->base = value;
    return NULL;
}

static char *
add_delete(const struct client_command *command,
           struct client_options *options, const char *value)
{
    if (options->deletes.n >= CLIENT_MAX_FILES) {
        return xasprintf("more than %d objects", CLIENT_MAX_FILES);
    }
    svec_add(&options->deletes, value);
    return NULL;
}

static char *
set_flows(const struct client_command *command,
          struct client_options *options, const char *value)
{
    options->flows = true;
    return NULL;
}

static char *
set_live(const struct client_command *command,
         struct client_options *options, const char *value)
{
    options->live = true;
    return NULL;
}

static char *
set_once(const struct client_command *command,
         struct client_options *options, const char *value)
{
    options->once = true;
    return NULL;
}

static char *
set_interval(const struct client_command *command,
             struct client_options *options, const char *value)
{
    unsigned int n;

    if (!str_to_uint(value, 10, &n) || n < 1 || n > CLIENT_MAX_INTERVAL) {
        return xasprintf("want seconds, 1 to %d", CLIENT_MAX_INTERVAL);
    }
    options->interval = n;
    return NULL;
}

const struct client_option client_option_target = {
    .name = "target", .value = "TARGET", .set = set_target,
    .help = "socket or name of the daemon to ask",
};
const struct client_option client_option_help = {
    .name = "help", .letter = 'h', .set = set_help,
    .help = "print this",
};
const struct client_option client_option_output = {
    .name = "output", .letter = 'o', .value = "FORMAT", .set = set_output,
    .help = "how to answer",
};
const struct client_option client_option_dir = {
    .name = "dir", .value = "DIR", .set = set_dir,
    .help = "objects from the manifests in DIR, not from the daemon",
};
const struct client_option client_option_file = {
    .name = "filename", .letter = 'f', .value = "FILE", .set = add_file,
    .help = "objects from FILE (\"-\": standard input); repeatable",
};
const struct client_option client_option_timeout = {
    .name = "timeout", .value = "SECONDS", .set = set_timeout,
    .help = "how long to wait",
};
const struct client_option client_option_namespace = {
    .name = "namespace", .letter = 'n', .value = "NAMESPACE",
    .set = set_namespace,
    .help = "only what concerns this namespace",
};
const struct client_option client_option_port = {
    .name = "port", .value = "PORT[/PROTOCOL]", .set = set_port,
    .help = "about this service (\"icmp\": ping), not about all of them",
};
const struct client_option client_option_by = {
    .name = "by", .value = "GRAIN", .choices = "pod app namespace",
    .set = set_by,
    .help = "what a row is: pod, app or namespace",
};
const struct client_option client_option_bridge = {
    .name = "bridge", .value = "BRIDGE", .set = set_bridge,
    .help = "the flows that this bridge has",
};
const struct client_option client_option_node = {
    .name = "node", .value = "NODE", .set = set_node,
    .help = "as on this node, by spec.nodeName of pods",
};
const struct client_option client_option_max_cells = {
    .name = "max-cells", .value = "N", .set = set_max_cells,
    .help = "check every so many cells if there are more than N",
};
const struct client_option client_option_follow = {
    .name = "follow", .letter = 'f', .set = set_follow,
    .help = "print packets as they come, until interrupted",
};
const struct client_option client_option_audit = {
    .name = "audit", .set = set_audit,
    .help = "what audit mode let through, not what was dropped",
};
const struct client_option client_option_pod = {
    .name = "pod", .value = "NAMESPACE/POD", .set = set_pod,
    .help = "only to or from this pod",
};
const struct client_option client_option_policy = {
    .name = "policy", .value = "[NAMESPACE/]POLICY", .set = set_policy,
    .help = "only where this policy isolates, or its rule denies",
};
const struct client_option client_option_fail_on = {
    .name = "fail-on", .value = "SEVERITY", .choices = "info warning error",
    .set = set_fail_on,
    .help = "exit status 1 from this severity on: info, warning or error",
};
const struct client_option client_option_base = {
    .name = "base", .value = "FILE", .set = set_base,
    .help = "what there is now, from FILE (\"-\": standard input)",
};
const struct client_option client_option_change = {
    .name = "filename", .letter = 'f', .value = "FILE", .set = add_file,
    .help = "what would come, or replace what has its name; repeatable",
};
const struct client_option client_option_delete = {
    .name = "delete", .value = "KIND/NAMESPACE/NAME", .set = add_delete,
    .help = "what would go; repeatable",
};
const struct client_option client_option_flows = {
    .name = "flows", .set = set_flows,
    .help = "print the flows that come and go",
};
const struct client_option client_option_path = {
    .name = "flows", .set = set_flows,
    .help = "with the flows that decide",
};
const struct client_option client_option_live = {
    .name = "live", .set = set_live,
    .help = "ask the switch too, and compare",
};
const struct client_option client_option_once = {
    .name = "once", .letter = '1', .set = set_once,
    .help = "print once and end, as when standard output is no terminal",
};
const struct client_option client_option_interval = {
    .name = "interval", .value = "SECONDS", .set = set_interval,
    .help = "how often to ask",
};
