/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dir.h"
#include "label.h"
#include "model.h"
#include "openvswitch/shash.h"
#include "ovs-json.h"
#include "query.h"
#include "util.h"

static void
print_problems(const struct dir *dir)
{
    size_t n;
    const struct dir_problem *problems = dir_problems(dir, &n);

    for (size_t i = 0; i < n; i++) {
        char *s = dir_problem_format(&problems[i]);
        fprintf(stderr, "%s\n", s);
        free(s);
    }
}

/* Answers from the manifests in a directory.  Returns NULL or a message
 * (caller frees). */
static char *
think(const char *path, char *args[], bool json, char **answer)
{
    struct label_pool *pool = label_pool_create();
    struct model *model = model_create(pool);
    struct dir *dir = dir_create(path, pool, model);

    dir_refresh(dir);
    print_problems(dir);
    char *error = (dir_is_synced(dir)
                   ? query_answer(model, args[0], args[1], json, answer)
                   : xasprintf("%s: no manifests", path));
    dir_destroy(dir);
    model_destroy(model);
    label_pool_destroy(pool);
    return error;
}

/* Asks the daemon. */
static char *
ask(const struct client_options *options, char *args[], char **answer)
{
    char *words[] = { args[0], args[1], CONST_CAST(char *, "-o"),
                      CONST_CAST(char *, "json") };
    char *error;

    return (client_ask(options->target, "explain", options->json ? 4 : 2,
                       words, answer, &error)
            ? error : NULL);
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

int
client_explain(const struct client_command *command,
               const struct client_options *options, char *args[])
{
    char *answer;
    char *error = (options->dir
                   ? think(options->dir, args, options->json, &answer)
                   : ask(options, args, &answer));
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
        return CLIENT_ERROR;
    }

    int code = read_verdict(answer, options->json);
    client_print(answer);
    free(answer);
    return code;
}
