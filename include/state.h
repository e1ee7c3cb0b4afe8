/* SPDX-License-Identifier: Apache-2.0
 *
 * state: what the daemon last knew, on disk for its next start.
 *
 * One file, STATE_DIR/BRIDGE.json, holds a snapshot of the model (snapshot.h).
 * A daemon that starts while its source is away enforces that until the source
 * is back.
 *
 * It is written when the model has been still for a second, or is half a
 * minute ahead of the file, by a child process that has the model as it was at
 * that moment: nothing waits, however large the cluster is.  The child writes
 * a temporary file, syncs it, renames it and syncs the directory, so that
 * there is always one whole file.
 *
 * What is wrong with the file or the directory is said once in the log and in
 * `status`, and never keeps the daemon from its work: a file that is torn,
 * from a newer version, too large, somebody else's or open to others is
 * ignored, and replaced when there is something to write; a directory that
 * cannot be written to is tried again. */

#ifndef STATE_H
#define STATE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label_pool;
struct model;
struct snapshot_node;
struct state;

/* Times, in milliseconds. */
struct state_timing {
    unsigned int still;         /* Without a change before it is written. */
    unsigned int late;          /* It is written even so. */
    unsigned int retry;         /* After a failure. */
};
void state_timing_default(struct state_timing *);

/* The directory is made if it is missing and its parent is there.  'timing'
 * NULL means the defaults. */
struct state *state_create(const char *dir, const char *bridge,
                           const struct state_timing *timing);
void state_destroy(struct state *);

/* Reads what an earlier run left.  Returns a model (caller owns), or NULL if
 * there is none that can be used. */
struct model *state_load(struct state *, struct label_pool *);

/* To be called whenever the model may have changed and is complete.
 * state_is_due() says that it should be written now, state_write() begins to:
 * both arguments are used during the call only. */
void state_note(struct state *, uint64_t generation);
bool state_is_due(const struct state *);
void state_write(struct state *, const struct model *,
                 const struct snapshot_node *);

void state_run(struct state *);
void state_wait(const struct state *);

/* Strings are owned by the state. */
struct state_status {
    const char *path;           /* Of the file. */
    const char *problem;        /* Of reading or writing; NULL if all is
                                 * well. */
    bool loaded;                /* There was one at the start. */
    bool is_writing;            /* Just now. */
    bool is_current;            /* The file has the generation last noted. */
    uint64_t generation;        /* Of the model when it was written. */
    int64_t written;            /* Seconds since the epoch, 0 for never. */
    uint64_t n_written;         /* Times, by this run. */
};
void state_get_status(const struct state *, struct state_status *);

#endif /* state.h */
