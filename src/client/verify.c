/* SPDX-License-Identifier: Apache-2.0
 *
 * `verify`: holds the flows against the policies. */

#include <config.h>

#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ovs-json.h"

#include "openvswitch/shash.h"
#include "proof.h"
#include "terminal.h"
#include "util.h"

/* The daemon works on while we look; try again so often when what it knows has
 * changed meanwhile. */
#define MAX_TRIES 5
#define WAIT_MSEC "10000"

/* What the daemon knows is in the switch, soon. */
static void
settle(const struct client_command *command, const char *target)
{
    const char *const words[] = { WAIT_MSEC };
    char *reply, *error;

    /* Without a daemon there are no objects, which is told then. */
    if (client_ask(target, "wait", 1, words, &reply, &error) == EBADMSG) {
        client_complain("%s: wait: %s", command->name, error);
    }
    free(reply);
    free(error);
}

/* True if the daemon's model is the one that we have. */
static bool
is_current(const struct proof *p, const char *target)
{
    const char *const words[] = { "-o", "json" };
    char *reply, *error;

    if (client_ask(target, "status", 2, words, &reply, &error)) {
        free(error);
        return true;            /* Gone; nothing changes any more. */
    }
    struct json *json = json_from_string(reply);
    const struct json *generation
        = (json->type == JSON_OBJECT
           ? shash_find_data(json_object(json), "generation") : NULL);
    const struct json *model
        = (generation && generation->type == JSON_OBJECT
           ? shash_find_data(json_object(generation), "model") : NULL);
    bool current = (model && model->type == JSON_INTEGER
                    && (uint64_t) json_integer(model)
                       == p->objects.node.generation);
    json_destroy(json);
    free(reply);
    return current;
}

/* As proof_collect(), but objects and flows belong together. */
static bool
collect_in_agreement(struct proof *p, const struct client_command *command,
                     const struct client_options *options)
{
    bool offline = options->dir || options->files.n;

    for (int i = 0; i < MAX_TRIES; i++) {
        proof_uninit(p);
        proof_init(p);
        if (!offline) {
            settle(command, options->target);
        }
        if (!proof_collect(p, command, options)) {
            return false;
        } else if (offline || is_current(p, options->target)) {
            return true;
        }
    }
    client_complain("%s: the cluster changes all the time; what is wrong "
                    "below may be right in a moment", command->name);
    return true;
}

int
client_verify(const struct client_command *command,
              const struct client_options *options,
              const char *const args[] OVS_UNUSED)
{
    struct proof p;
    int code = CLIENT_ERROR;

    proof_init(&p);
    if (collect_in_agreement(&p, command, options)) {
        p.plan = verify_plan_create(&p.verify);
        verify_run(&p.verify, p.plan, options->max_cells, &p.result);

        char *text = (options->format == CLIENT_JSON
                      ? proof_to_json(&p)
                      : proof_to_text(&p, client_wants_colour(stdout)));
        client_print(text);
        free(text);
        code = proof_is_ok(&p) ? CLIENT_OK : CLIENT_NO;
    }
    proof_uninit(&p);
    return code;
}
