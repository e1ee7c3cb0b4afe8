/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_command: each line is a command, words separated by blanks, the first
 * its name; for the daemon's control socket and as ovs-netpol's command line.
 *
 * A command of the daemon gives an answer or an error, never both; with
 * "-o json" the answer is JSON, and else it is not if the command has the
 * choice.  A question is understood as its words say, by a second opinion.
 * What the command line accepts is within its bounds. */

#include <config.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit.h"
#include "basis.h"
#include "bridge.h"
#include "client/client.h"
#include "cmd.h"
#include "dir.h"
#include "flowset.h"
#include "label.h"
#include "model.h"
#include "ovs-json.h"
#include "pipeline.h"
#include "ports.h"
#include "prefix.h"
#include "query.h"
#include "settings.h"
#include "snapshot.h"
#include "svec.h"
#include "util.h"
#include "verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Two pods, one of them behind a policy. */
static const char cluster[] =
    "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [\n"
    "{\"kind\": \"Pod\", \"apiVersion\": \"v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"x\"},"
    " \"spec\": {\"containers\": [{\"name\": \"c\", \"ports\": ["
    "{\"name\": \"http\", \"containerPort\": 80},"
    "{\"name\": \"dns\", \"containerPort\": 53, \"protocol\": \"UDP\"}]}]},"
    " \"status\": {\"podIPs\": [{\"ip\": \"10.0.0.1\"},"
    "{\"ip\": \"fd00::1\"}]}},\n"
    "{\"kind\": \"Pod\", \"apiVersion\": \"v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"y\"},"
    " \"status\": {\"podIP\": \"10.0.0.2\"}},\n"
    "{\"kind\": \"NetworkPolicy\","
    " \"apiVersion\": \"networking.k8s.io/v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"p\"},"
    " \"spec\": {\"podSelector\": {}, \"ingress\": [{\"ports\": ["
    "{\"port\": \"http\"}]}]}}\n"
    "]}\n";

/* A daemon that never ran. */
static const struct cmd_context *
get_context(void)
{
    static struct pipeline_config pipeline = { .base = PIPELINE_DEFAULT_BASE };
    static struct cmd_context context;
    static struct settings settings;
    static struct basis basis;

    if (!context.model) {
        struct audit_config audit = {
            .target = "unix:/nonexistent/br0", .rate = 1, .burst = 1
        };
        struct label_pool *pool = label_pool_create();
        struct model *model = model_create(pool);
        struct flowset *flowset = flowset_create(NULL, NULL);
        struct snapshot_node node;

        settings_init(&settings);
        settings.bridge = xstrdup("br0");
        ovs_assert(!snapshot_read(cluster, strlen(cluster), pool, model,
                                  &node));
        snapshot_node_uninit(&node);
        context = (struct cmd_context) {
            .settings = &settings,
            .model = model,
            .dir = dir_create("/nonexistent", pool, model),
            .ports = ports_create("unix:/nonexistent/db", "br0"),
            .flowset = flowset,
            .pipeline = &pipeline,
            .bridge = bridge_create("unix:/nonexistent/br0", flowset, 0, 0),
            .audit = audit_create(&audit, model, NULL),
            .basis = &basis,
        };
    }
    return &context;
}

/* Questions. */

static bool
is_number(const char *s)
{
    return s[0] && !s[strspn(s, "0123456789")];
}

static bool
has_ports(uint8_t protocol)
{
    return (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
            || protocol == IPPROTO_SCTP);
}

/* What is behind the destination's address: NULL if nothing is. */
static const char *
find_service(const char *dst)
{
    const char *end = dst[0] == '[' ? strchr(dst, ']') : dst;
    const char *colon = strchr(end, ':');

    return colon && (end != dst || !strchr(colon + 1, ':')) ? colon + 1 : NULL;
}

/* True if a port of 'pod' has that name, number and protocol. */
static bool
names_port(const struct k8s_pod *pod, const char *name, size_t length,
           const struct verdict_query *q)
{
    for (size_t i = 0; pod && i < pod->n_ports; i++) {
        const struct k8s_named_port *port = &pod->ports[i];

        if (strlen(port->name) == length
            && !strncmp(port->name, name, length)
            && port->number == q->port && port->protocol == q->protocol) {
            return true;
        }
    }
    return false;
}

static void
check_service(const char *service, const struct verdict_query *q)
{
    const char *slash = strchr(service, '/');
    size_t length = slash ? (size_t) (slash - service) : strlen(service);
    char *port = xmemdup0(service, length);

    ovs_assert(has_ports(q->protocol) && q->port);
    ovs_assert(!slash
               || !strcasecmp(k8s_protocol_name(q->protocol), slash + 1));
    if (is_number(port)) {
        ovs_assert(q->port == strtoull(port, NULL, 10));
        ovs_assert(slash || q->protocol == IPPROTO_TCP);
    } else {
        ovs_assert(strpbrk(port, "0123456789")
                   || names_port(q->dst.pod, service, length, q));
    }
    free(port);
}

/* True if 'e' is what the 'length' bytes at 's' say. */
static bool
is_end(const struct verdict_endpoint *e, const char *s, size_t length)
{
    char *word = xmemdup0(s, length), *name = NULL;
    struct in6_addr address;

    if (e->pod) {
        name = xasprintf("%s/%s", e->pod->up.ns, e->pod->up.name);
    }
    bool ok = (address_parse(word, &address)
               ? !memcmp(&address, &e->address, sizeof address)
               : name && !strcmp(name, word));
    free(name);
    free(word);
    return ok;
}

/* The same without the brackets. */
static bool
is_end_in_brackets(const struct verdict_endpoint *e, const char *s,
                   size_t length)
{
    return (length > 2 && s[0] == '[' && s[length - 1] == ']'
            ? is_end(e, s + 1, length - 2) : is_end(e, s, length));
}

static void
check_question(const struct model *model, const char *src, const char *dst)
{
    const char *service = find_service(dst);
    size_t length = service ? (size_t) (service - dst - 1) : strlen(dst);
    struct verdict_query q;

    ovs_assert(!query_parse(model, src, dst, &q));
    bool v6 = address_is_v6(&q.dst.address);

    /* Pod a/x has both. */
    ovs_assert(v6 == address_is_v6(&q.src.address)
               || (strcmp(src, "a/x") && strcmp(dst, "a/x")));
    ovs_assert(is_end_in_brackets(&q.src, src, strlen(src)));
    ovs_assert(is_end_in_brackets(&q.dst, dst, length));
    if (service && strcasecmp(service, "icmp")) {
        check_service(service, &q);
    } else {
        ovs_assert(!q.port
                   && q.protocol == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP));
    }
}

/* True if 's' is an address of 'family', in brackets or not.  One of IPv4 that
 * is written as one of IPv6 need not be understood. */
static bool
is_address(const char *s, size_t length, int family)
{
    bool brackets = length > 2 && s[0] == '[' && s[length - 1] == ']';
    char *word = xmemdup0(s + brackets, length - 2 * brackets);
    struct in6_addr address;
    bool ok = inet_pton(family, word, &address) == 1;

    free(word);
    return ok && (family == AF_INET || !IN6_IS_ADDR_V4MAPPED(&address));
}

/* True if it is a question about two addresses and perhaps a number. */
static bool
must_be_answered(const char *src, const char *dst)
{
    const char *colon = strrchr(dst, ':');
    bool has_port = colon && is_number(colon + 1) && strlen(colon) <= 6
                    && (strchr(dst, ':') == colon
                        || (dst[0] == '[' && colon[-1] == ']'));
    size_t length = has_port ? (size_t) (colon - dst) : strlen(dst);
    unsigned long int port = has_port ? strtoul(colon + 1, NULL, 10) : 1;

    return (port && port <= UINT16_MAX
            && ((is_address(src, strlen(src), AF_INET)
                 && is_address(dst, length, AF_INET))
                || (is_address(src, strlen(src), AF_INET6)
                    && is_address(dst, length, AF_INET6))));
}

/* The daemon's. */

/* True if 's' ends in the words "-o WORD". */
static bool
ends_in_output(const struct svec *words, const char *word)
{
    return (words->n > 2 && !strcmp(words->names[words->n - 2], "-o")
            && !strcmp(words->names[words->n - 1], word));
}

static void
check_answer(const struct cmd_command *command, const struct svec *words,
             const char *answer)
{
    struct json *json = json_from_string(answer);
    bool is_json = json->type != JSON_STRING;   /* Else it is an error. */

    ovs_assert(answer[0]);
    if (strstr(command->usage, "-o json")) {
        ovs_assert(is_json == ends_in_output(words, "json"));
        /* Nothing is passed over. */
        ovs_assert(ends_in_output(words, "json")
                   || ends_in_output(words, "text")
                   || !svec_contains_unsorted(words, "-o"));
    } else {
        ovs_assert(is_json);
    }
    json_destroy(json);
}

/* The words of a command that was answered. */
static void
check_words(const struct cmd_command *command, const struct svec *words)
{
    size_t n = words->n;

    if (ends_in_output(words, "json") || ends_in_output(words, "text")) {
        n -= 2;
    }
    if (!strcmp(command->name, "explain")) {
        ovs_assert(n == 3);
        check_question(get_context()->model, words->names[1],
                       words->names[2]);
    } else if (!strcmp(command->name, "drops")) {
        ovs_assert(n == 1 || strpbrk(words->names[1], "0123456789"));
    } else {
        ovs_assert(n == 1);
    }
}

static void
try_command(const struct cmd_command *command, const struct svec *words)
{
    char *answer = NULL;

    char *error = command->answer(get_context(), words->n,
                                  (const char **) words->names, &answer);
    ovs_assert(!error == (answer != NULL));
    ovs_assert(!error || error[0]);
    ovs_assert(answer || strcmp(command->name, "explain") || words->n != 3
               || !must_be_answered(words->names[1], words->names[2]));
    if (answer) {
        check_answer(command, words, answer);
        check_words(command, words);
    }
    free(answer);
    free(error);
}

/* unixctl counts the words before it calls. */
static void
try_daemon(const struct svec *words)
{
    size_t n;
    const struct cmd_command *commands = cmd_commands(&n);
    int n_words = words->n - 1;

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(commands[i].name, words->names[0])
            && n_words >= commands[i].min_args
            && n_words <= commands[i].max_args) {
            try_command(&commands[i], words);
        }
    }
}

/* The client's. */

static bool
is_service(const struct client_port *port)
{
    return (has_ports(port->protocol) ? port->number > 0
            : port->protocol == IPPROTO_ICMP && !port->number);
}

/* "NS/NAME". */
static bool
is_full_name(const char *s)
{
    const char *slash = strchr(s, '/');

    return slash && slash != s && slash == strrchr(s, '/') && slash[1];
}

static void
check_names(const struct client_options *options)
{
    size_t n_dashes = 0;

    for (size_t i = 0; i < options->files.n; i++) {
        n_dashes += !strcmp(options->files.names[i], "-");
    }
    ovs_assert(n_dashes <= 1);
    ovs_assert(!options->ns || options->ns[0]);
    ovs_assert(!options->node || options->node[0]);
    ovs_assert(!options->bridge || (options->bridge[0]
                                    && !strchr(options->bridge, '/')));
    ovs_assert(!options->pod || is_full_name(options->pod));
    ovs_assert(!options->policy || is_full_name(options->policy)
               || (options->policy[0] && !strchr(options->policy, '/')));
}

static void
check_options(const struct client_command *command,
              const struct client_options *options, const char *const args[])
{
    int n = 0;

    while (args[n]) {
        n++;
    }
    ovs_assert(options->help
               || (n >= command->min_args && n <= command->max_args));
    ovs_assert(!command->formats || command->formats & 1u << options->format);
    ovs_assert(!options->port.given || is_service(&options->port));
    ovs_assert(options->timeout <= CLIENT_MAX_TIMEOUT);
    ovs_assert(options->interval >= 1
               && options->interval <= CLIENT_MAX_INTERVAL);
    ovs_assert(options->max_cells >= 1);
    ovs_assert(options->by < CLIENT_N_GRAINS);
    ovs_assert(options->files.n <= CLIENT_MAX_FILES
               && options->deletes.n <= CLIENT_MAX_FILES);
    check_names(options);
}

/* What "NAME --OPTION VALUE" says is in the options. */
static void
check_value(const char *name, const char *value,
            const struct client_options *o)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        { "--target", o->target }, { "--dir", o->dir },
        { "--namespace", o->ns }, { "--node", o->node },
        { "--bridge", o->bridge }, { "--pod", o->pod },
        { "--policy", o->policy }, { "--base", o->base },
    };
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        { "--timeout", o->timeout }, { "--interval", o->interval },
        { "--max-cells", o->max_cells }, { "--port", o->port.number },
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        ovs_assert(strcmp(name, texts[i].name)
                   || !strcmp(texts[i].value, value));
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        ovs_assert(strcmp(name, numbers[i].name) || !is_number(value)
                   || strtoull(value, NULL, 10) == numbers[i].value);
    }
}

/* True if it is "NAME -X", which the command takes. */
static bool
must_be_parsed(const struct client_command *command, const struct svec *words)
{
    const char *word = words->n == 2 ? words->names[1] : "";

    for (size_t i = 0; command->options[i]; i++) {
        const struct client_option *option = command->options[i];

        if (word[0] == '-' && word[1] && word[1] == option->letter && !word[2]
            && !option->value) {
            return !command->min_args;
        }
    }
    return false;
}

static void
try_client(const struct svec *words)
{
    const struct client_command *command;
    struct client_options options;
    const char *const *args;

    command = client_find_command(words->names[0]);
    if (command) {
        /* The words are moved about, and some taken out. */
        char **argv = xmemdup(words->names,
                              (words->n + 1) * sizeof *words->names);

        client_options_init(&options);
        if (client_parse(command, words->n, argv, &options, &args)) {
            check_options(command, &options, args);
            if (words->n == 3) {
                check_value(words->names[1], words->names[2], &options);
            }
        } else {
            ovs_assert(!must_be_parsed(command, words));
        }
        client_options_uninit(&options);
        free(argv);
    }
}

static void
try_line(char *line)
{
    struct svec words = SVEC_EMPTY_INITIALIZER;
    char *word;

    while ((word = strsep(&line, " "))) {
        svec_add(&words, word);
    }
    svec_terminate(&words);
    try_daemon(&words);
    try_client(&words);
    svec_destroy(&words);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = xmemdup0((const char *) data, size), *rest = copy, *line;

    while ((line = strsep(&rest, "\n"))) {
        try_line(line);
    }
    free(copy);
    return 0;
}
