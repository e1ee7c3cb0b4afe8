/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-survey.h"

#include <stdlib.h>

/* Before the OVS headers that include its JSON. */
#include "ovs-json.h"

#include "bridge.h"
#include "openvswitch/vlog.h"
#include "ports.h"
#include "survey.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(agent_survey);

struct agent_survey {
    const struct pipeline_config *config;
    const struct ports *ports;
    bool force;
    bool permitted;
    char *refusal;              /* The last one, for the log; or NULL. */
    struct survey last;         /* Complete. */
    struct survey next;         /* Under way. */
};

struct agent_survey *
agent_survey_create(const struct pipeline_config *config,
                    const struct ports *ports, bool force)
{
    struct agent_survey *as = xzalloc(sizeof *as);

    as->config = config;
    as->ports = ports;
    as->force = force;
    survey_init(&as->last, config);
    survey_init(&as->next, config);
    return as;
}

void
agent_survey_destroy(struct agent_survey *as)
{
    if (as) {
        survey_uninit(&as->last);
        survey_uninit(&as->next);
        free(as->refusal);
        free(as);
    }
}

bool
agent_survey_is_permitted(const struct agent_survey *as)
{
    return as->permitted;
}

const struct survey *
agent_survey_last(const struct agent_survey *as)
{
    return &as->last;
}

static void
begin(void *as_)
{
    struct agent_survey *as = as_;

    survey_uninit(&as->next);
    survey_init(&as->next, as->config);
    ports_see_owners(as->ports, &as->next.owners);
}

static void
see_flow(const struct flowset_flow *flow, void *as_)
{
    struct agent_survey *as = as_;

    survey_see_flow(&as->next, flow);
}

/* Flows of others in our tables are removed as soon as we are in, with a
 * message about it. */
static bool
is_told(const struct agent_survey *as, enum survey_kind kind)
{
    return (survey_count(&as->next, kind) && !survey_count(&as->last, kind)
            && (kind != SURVEY_TABLE || !as->permitted));
}

/* Says what the survey before did not have. */
static void
log_clashes(const struct agent_survey *as)
{
    for (enum survey_kind k = 0; k < SURVEY_N_KINDS; k++) {
        if (is_told(as, k)) {
            char *text = survey_describe(&as->next, k);

            VLOG_WARN("%s", text);
            free(text);
        }
    }
}

/* NULL, or why we may not write; caller frees. */
static char *
find_refusal(const struct agent_survey *as)
{
    const struct survey *s = &as->next;
    enum survey_kind kind = (survey_count(s, SURVEY_OWNER) ? SURVEY_OWNER
                             : SURVEY_TABLE);

    if (as->permitted || as->force || !survey_count(s, kind)
        || (kind == SURVEY_TABLE && s->n_ours)) {
        return NULL;
    }

    char *what = survey_describe(s, kind);
    char *text = xasprintf("not touching the bridge: %s (%s)", what,
                           kind == SURVEY_OWNER
                           ? "--force to share it nevertheless"
                           : "choose others with --table-base, or --force to "
                             "remove them");
    free(what);
    return text;
}

static char *
end(void *as_)
{
    struct agent_survey *as = as_;
    char *refusal;

    survey_finish(&as->next);
    refusal = find_refusal(as);
    if (refusal && !nullable_string_is_equal(refusal, as->refusal)) {
        VLOG_ERR("%s", refusal);
    }
    as->permitted = !refusal;
    if (!refusal) {
        log_clashes(as);
    }
    free(as->refusal);
    as->refusal = refusal;

    survey_uninit(&as->last);
    as->last = as->next;
    survey_init(&as->next, as->config);
    return nullable_xstrdup(refusal);
}

void
agent_survey_attach(struct agent_survey *as, struct bridge *bridge)
{
    struct bridge_census census = { begin, see_flow, end, as };

    bridge_set_census(bridge, &census);
}
