/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_command: the words of a command, separated by blanks, the first its
 * name; for the daemon's control socket and as ovs-netpol's command line.
 *
 * A command of the daemon gives an answer or an error, never both; with
 * "-o json" the answer is JSON.  What the command line accepts is within its
 * bounds. */

#include <config.h>

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
#include "settings.h"
#include "snapshot.h"
#include "svec.h"
#include "util.h"

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

/* The daemon's. */

static void
check_json(const char *answer)
{
    struct json *json = json_from_string(answer);

    ovs_assert(json->type != JSON_STRING);      /* Else it is an error. */
    json_destroy(json);
}

static void
try_command(const struct cmd_command *command, const struct svec *words)
{
    int argc = words->n;
    bool json = (argc > 2 && !strcmp(words->names[argc - 2], "-o")
                 && !strcmp(words->names[argc - 1], "json"));
    char *answer = NULL;

    char *error = command->answer(get_context(), argc,
                                  (const char **) words->names, &answer);
    ovs_assert(!error == (answer != NULL));
    ovs_assert(error ? error[0] : answer[0]);
    if (answer && json) {
        check_json(answer);
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
    switch (port->protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
        return port->number;
    default:
        return port->protocol == IPPROTO_ICMP && !port->number;
    }
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
    ovs_assert(options->files.n <= CLIENT_MAX_FILES
               && options->deletes.n <= CLIENT_MAX_FILES);
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
        }
        client_options_uninit(&options);
        free(argv);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = xmemdup0((const char *) data, size), *rest = copy, *word;
    struct svec words = SVEC_EMPTY_INITIALIZER;

    while ((word = strsep(&rest, " "))) {
        svec_add(&words, word);
    }
    svec_terminate(&words);
    try_daemon(&words);
    try_client(&words);
    svec_destroy(&words);
    free(copy);
    return 0;
}
