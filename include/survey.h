/* SPDX-License-Identifier: Apache-2.0
 *
 * survey: what is on the bridge that is not ours, and where it clashes.
 *
 * We share a bridge with whoever makes packets go where they should: a bridge
 * that learns, flows of its administrator.  That works as long as each keeps
 * to his tables, zone and registers.  A survey is shown the traces in the
 * database (owner.h) and each flow of the switch, and counts what gets in our
 * way:
 *
 *   owner     another program takes the bridge to be its own
 *   table     flows of others in our tables
 *   hook      flows of others that come before our hook in table 0, if there
 *             is one: what matches them is not judged
 *   zone      flows of others that track connections in our zone, where our
 *             mark and label are
 *   register  if there is a hook, flows of others that read reg0 although none
 *             of them writes it, so that they find our guard bit there; or
 *             that write over that bit and come back to table 0
 *
 * It judges nothing by itself: whoever asks decides what to refuse. */

#ifndef SURVEY_H
#define SURVEY_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "owner.h"
#include "pipeline.h"

struct flowset_flow;

enum survey_kind {
    SURVEY_OWNER,
    SURVEY_TABLE,
    SURVEY_HOOK,
    SURVEY_ZONE,
    SURVEY_REGISTER,
    SURVEY_N_KINDS
};

/* Flows of one kind. */
struct survey_clash {
    size_t n;
    char *example;              /* The first one, in ovs-ofctl syntax; NULL if
                                 * 'n' is 0. */
};

struct survey {
    struct pipeline_config config;
    struct owners owners;
    struct survey_clash clashes[SURVEY_N_KINDS];        /* None of OWNER. */
    size_t n_ours, n_foreign;   /* Flows in the switch. */

    /* Until survey_finish(). */
    struct survey_clash readers, writers;       /* Of reg0. */
    bool comes_back;            /* Somebody resubmits to table 0. */
};

void survey_init(struct survey *, const struct pipeline_config *);
void survey_uninit(struct survey *);

/* To be called for each flow of the switch, ours too; for what the database
 * says use 'owners'; then once survey_finish(). */
void survey_see_flow(struct survey *, const struct flowset_flow *);
void survey_finish(struct survey *);

/* "table"; what a kind is called in JSON. */
const char *survey_kind_name(enum survey_kind);
/* Number of owners or flows of that kind; 0: it does not clash. */
size_t survey_count(const struct survey *, enum survey_kind);
/* The same in words with an example, NULL if there are none; caller frees. */
char *survey_describe(const struct survey *, enum survey_kind);

#endif /* survey.h */
