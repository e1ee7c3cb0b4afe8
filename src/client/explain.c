/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "path.h"
#include "query.h"
#include "terminal.h"
#include "util.h"
#include "verdict.h"

/* The answer, and the way through flows and switch, as text or JSON. */
static char *
format(const struct client_options *options, const struct model *model,
       const struct path *path, const struct verdict_query *query)
{
    struct verdict v;
    char *answer;

    verdict_evaluate(model, query, &v);
    if (options->format == CLIENT_JSON) {
        struct json *json = query_to_json(model, query, &v);

        path_to_json(path, options->flows, json);
        answer = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
        json_destroy(json);
    } else {
        struct ds s = DS_EMPTY_INITIALIZER;

        query_format(model, query, &v, &s);
        path_format(path, options->flows, &s);
        answer = ds_steal_cstr(&s);
    }
    verdict_uninit(&v);
    return answer;
}

/* With --flows or --live. */
static char *
follow(struct objects *objects, const struct client_options *options,
       const char *const args[], char **answer, bool *agrees)
{
    struct verdict_query query;
    struct path path;
    char *error = query_parse(objects->model, args[0], args[1], &query);

    if (!error && options->live) {
        error = objects_check_ports(objects);
    }
    if (error) {
        return error;
    }
    if (!objects->has_node || options->node) {
        objects_assume_node(objects, options->node);
    }
    path_init(&path, objects, &query);
    if (options->live) {
        const char *bridge = (options->bridge ? options->bridge
                              : objects->node.bridge);

        error = (bridge ? path_ask_switch(&path, bridge)
                 : xstrdup("--live wants a --bridge"));
    }
    if (!error) {
        *answer = format(options, objects->model, &path, &query);
        *agrees = path_agrees(&path);
    }
    path_uninit(&path);
    return error;
}

/* Answers from objects.  Returns an exit code if it cannot. */
static int
think(const struct client_command *command,
      const struct client_options *options, const char *const args[],
      char **answer, bool *agrees)
{
    struct objects objects;
    char *error = NULL;

    objects_init(&objects);
    bool ok = objects_load(&objects, command, options);
    if (ok) {
        error = (options->flows || options->live
                 ? follow(&objects, options, args, answer, agrees)
                 : query_answer(objects.model, args[0], args[1],
                                options->format == CLIENT_JSON, answer));
    }
    objects_uninit(&objects);
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
    }
    return ok && !error ? CLIENT_OK : CLIENT_ERROR;
}

/* Asks the daemon. */
static int
ask(const struct client_command *command,
    const struct client_options *options, const char *const args[],
    char **answer)
{
    const char *const words[] = { args[0], args[1], "-o", "json" };
    int n_words = options->format == CLIENT_JSON ? 4 : 2;
    char *error;

    if (client_ask(options->target, command->name, n_words, words, answer,
                   &error)) {
        client_complain_of_daemon(command, options->target, error);
        free(error);
        return CLIENT_ERROR;
    }
    return CLIENT_OK;
}

/* Reads the verdict off an answer: an exit code. */
static int
read_verdict(const char *answer, bool is_json)
{
    int code = CLIENT_ERROR;

    if (is_json) {
        struct json *json = json_from_string(answer);
        const struct json *allowed
            = (json->type == JSON_OBJECT
               ? shash_find_data(json_object(json), "allowed") : NULL);
        if (allowed && allowed->type == JSON_TRUE) {
            code = CLIENT_OK;
        } else if (allowed && allowed->type == JSON_FALSE) {
            code = CLIENT_NO;
        }
        json_destroy(json);
    } else if (!strncmp(answer, "allowed", 7)) {
        code = CLIENT_OK;
    } else if (!strncmp(answer, "denied", 6)) {
        code = CLIENT_NO;
    }
    return code;
}

/* The verdict in colours. */
static void
print(const char *answer)
{
    bool colour = client_wants_colour(stdout);
    size_t length = strcspn(answer, " ");
    char *word = xmemdup0(answer, length);
    struct ds s = DS_EMPTY_INITIALIZER;

    client_paint(&s, colour, (!strcmp(word, "allowed") ? CLIENT_GREEN
                              : !strcmp(word, "denied") ? CLIENT_RED
                              : CLIENT_PLAIN), word);
    ds_put_cstr(&s, answer + length);
    client_print(ds_cstr(&s));
    ds_destroy(&s);
    free(word);
}

int
client_explain(const struct client_command *command,
               const struct client_options *options, const char *const args[])
{
    bool thinks = (options->dir || options->files.n || options->flows
                   || options->live);
    bool agrees = true;
    char *answer;

    int code = (thinks
                ? think(command, options, args, &answer, &agrees)
                : ask(command, options, args, &answer));
    if (code == CLIENT_OK) {
        code = (agrees
                ? read_verdict(answer, options->format == CLIENT_JSON)
                : CLIENT_DISAGREES);
        print(answer);
        free(answer);
    }
    return code;
}
