/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ovs-json.h"

#include "openvswitch/dynamic-string.h"
#include "survey.h"
#include "util.h"

static size_t
count_kinds(const struct survey *survey)
{
    size_t n = 0;

    for (enum survey_kind k = 0; k < SURVEY_N_KINDS; k++) {
        n += survey_count(survey, k) > 0;
    }
    return n;
}

void
cmd_clashes_format(const struct survey *survey, struct ds *ds)
{
    ds_put_format(ds, "clashes      %"PRIuSIZE"\n", count_kinds(survey));
    for (enum survey_kind k = 0; k < SURVEY_N_KINDS; k++) {
        char *text = survey_describe(survey, k);

        if (text) {
            ds_put_format(ds, "  %s\n", text);
            free(text);
        }
    }
}

struct json *
cmd_clashes_to_json(const struct survey *survey)
{
    struct json *json = json_array_create_empty();

    for (enum survey_kind k = 0; k < SURVEY_N_KINDS; k++) {
        char *text = survey_describe(survey, k);

        if (text) {
            struct json *item = json_object_create();

            json_object_put_string(item, "kind", survey_kind_name(k));
            json_object_put(item, "count",
                            json_integer_create(survey_count(survey, k)));
            json_object_put(item, "message",
                            json_string_create_nocopy(text));
            json_array_add(json, item);
        }
    }
    return json;
}
