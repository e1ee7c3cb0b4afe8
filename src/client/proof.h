/* SPDX-License-Identifier: Apache-2.0
 *
 * proof: what `ovs-netpol verify` finds out.
 *
 * proof.c gets it together, proof-print.c tells it. */

#ifndef PROOF_H
#define PROOF_H 1

#include <stdbool.h>
#include <stddef.h>

#include "objects.h"
#include "openvswitch/compiler.h"
#include "svec.h"
#include "verify.h"

/* Differences that are named. */
#define PROOF_MAX_DIFFERENCES 10

struct proof {
    struct objects objects;
    struct compile *compile;
    struct replica *replica;
    const char *bridge;         /* Whose flows these are, or NULL: the
                                 * compiler's own. */
    struct verify verify;
    struct verify_plan *plan;
    struct verify_result result;

    /* The flows of 'bridge' against the compiler's. */
    size_t n_missing;           /* Or with other actions. */
    size_t n_foreign;           /* In our tables, but none of ours. */
    struct svec differences;    /* The first ones, in words. */
};

void proof_init(struct proof *);
void proof_uninit(struct proof *);

/* Gets what there is to prove: objects, flows and how these differ from the
 * compiler's.  Complains and returns false if that fails. */
bool proof_collect(struct proof *, const struct client_command *,
                   const struct client_options *) OVS_WARN_UNUSED_RESULT;

/* True if all cells were checked; if nothing that was is wrong. */
bool proof_is_complete(const struct proof *);
bool proof_is_ok(const struct proof *);

/* For people and for programs; the schema is in ovs-netpol(1).  Caller frees.
 */
char *proof_to_text(const struct proof *, bool colour);
char *proof_to_json(const struct proof *);

#endif /* proof.h */
