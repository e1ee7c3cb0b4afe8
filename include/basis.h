/* SPDX-License-Identifier: Apache-2.0
 *
 * basis: on what the daemon enforces policies.
 *
 * Normally on its sources, once all of them were read.  Until then, which is
 * short unless the API server or the directory is away:
 *
 * - with a snapshot of an earlier run, on that; when the source comes back,
 *   its news wait until they are complete, so that the switch goes from one
 *   whole picture to the next;
 * - without one, if flows of an earlier run are in the switch, on those: they
 *   are better than anything that we know;
 * - with nothing at all, on what the database says: the ports of pods are
 *   closed, or left alone, as the administrator chose. */

#ifndef BASIS_H
#define BASIS_H 1

#include <stdbool.h>

/* News of a source that are not followed by others for this long, in
 * milliseconds, are not waited for: it went away again. */
#define BASIS_HOLD_MSEC 10000

enum basis_kind {
    BASIS_UNKNOWN,              /* Nothing is written to the switch; what is
                                 * there stays. */
    BASIS_CLOSED,               /* Pod ports are closed. */
    BASIS_SNAPSHOT,
    BASIS_SOURCES,
};
/* "snapshot", ... */
const char *basis_name(enum basis_kind);

/* All zeros, but for the first two, is how it begins. */
struct basis {
    bool restored;              /* There is a snapshot. */
    bool stays_open;            /* With nothing, ports are left alone. */
    enum basis_kind kind;
    long long int hold_until;   /* By time_msec(), 0 for never. */
};

struct basis_facts {
    bool is_synced;             /* Every source was read once. */
    bool has_ports;             /* The database was read. */
    bool has_news;              /* A source changed the model just now. */
    bool has_read;              /* The switch's flows were read back. */
    bool has_flows;             /* There were some of ours. */
    long long int now;          /* By time_msec(). */
};

/* Brings 'b->kind' up to date.  Returns true if the model may be compiled and
 * written to the switch now. */
bool basis_run(struct basis *b, const struct basis_facts *);

/* True if the decision needs to know the flows in the switch. */
bool basis_wants_flows(const struct basis *, const struct basis_facts *);

/* When to call basis_run() again although nothing happened, 0 for never. */
long long int basis_wake_at(const struct basis *);

#endif /* basis.h */
