/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "objects.h"
#include "openvswitch/shash.h"
#include "query.h"
#include "terminal.h"
#include "util.h"

/* Answers from objects.  Returns an exit code if it cannot. */
static int
think(const struct client_command *command,
      const struct client_options *options, const char *const args[],
      char **answer)
{
    struct objects objects;
    char *error = NULL;

    objects_init(&objects);
    bool ok = objects_load(&objects, command, options);
    if (ok) {
        error = query_answer(objects.model, args[0], args[1],
                             options->format == CLIENT_JSON, answer);
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
        client_complain("%s: %s", command->name, error);
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

int
client_explain(const struct client_command *command,
               const struct client_options *options, const char *const args[])
{
    bool offline = options->dir || options->files.n;
    char *answer;

    int code = (offline
                ? think(command, options, args, &answer)
                : ask(command, options, args, &answer));
    if (code == CLIENT_OK) {
        code = read_verdict(answer, options->format == CLIENT_JSON);
        client_print(answer);
        free(answer);
    }
    return code;
}
