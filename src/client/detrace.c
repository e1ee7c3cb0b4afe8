/* SPDX-License-Identifier: Apache-2.0
 *
 * `detrace`: a filter. */

#include <config.h>

#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "compile.h"
#include "detrace.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "terminal.h"
#include "util.h"

/* Copies standard input to standard output, with names. */
static void
filter(struct detrace *t)
{
    bool colour = client_wants_colour(stdout);
    struct ds line = DS_EMPTY_INITIALIZER, names = DS_EMPTY_INITIALIZER;

    while (!ds_get_line(&line, stdin)) {
        puts(ds_cstr(&line));
        ds_clear(&names);
        detrace_line(t, ds_cstr(&line), "    # ", &names);
        if (names.length) {
            struct ds painted = DS_EMPTY_INITIALIZER;

            client_paint(&painted, colour, CLIENT_CYAN, ds_cstr(&names));
            fputs(ds_cstr(&painted), stdout);
            ds_destroy(&painted);
        }
    }
    ds_destroy(&line);
    ds_destroy(&names);
}

int
client_detrace(const struct client_command *command,
               const struct client_options *options,
               const char *const args[] OVS_UNUSED)
{
    struct objects objects;

    if (svec_contains_unsorted(&options->files, "-")) {
        client_complain("%s: standard input is what is filtered; objects need "
                        "a file", command->name);
        return CLIENT_ERROR;
    }
    objects_init(&objects);
    bool ok = objects_load(&objects, command, options);
    if (ok) {
        if (!objects.has_node || options->node) {
            objects_assume_node(&objects, options->node);
        }

        struct compile *compile = objects_compile(&objects);
        struct annotation *annotation = annotation_create(compile,
                                                          objects.model);
        struct detrace *t = detrace_create(
            annotation, objects.model, &compile_config(compile)->pipeline);

        filter(t);
        if (ferror(stdin) || fflush(stdout)) {
            client_complain("%s: %s", command->name, ovs_strerror(errno));
            ok = false;
        }
        detrace_destroy(t);
        annotation_destroy(annotation);
        compile_destroy(compile);
    }
    objects_uninit(&objects);
    return ok ? CLIENT_OK : CLIENT_ERROR;
}
