/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "basis.h"

#include "util.h"

const char *
basis_name(enum basis_kind kind)
{
    static const char *const names[] = {
        [BASIS_UNKNOWN] = "unknown",
        [BASIS_CLOSED] = "closed",
        [BASIS_SNAPSHOT] = "snapshot",
        [BASIS_SOURCES] = "sources",
    };

    return names[kind];
}

bool
basis_wants_flows(const struct basis *b, const struct basis_facts *f)
{
    return (b->kind == BASIS_UNKNOWN && !f->is_synced && f->has_ports
            && !b->restored && !b->stays_open);
}

static enum basis_kind
choose(const struct basis *b, const struct basis_facts *f)
{
    if (f->is_synced) {
        return BASIS_SOURCES;
    } else if (b->kind != BASIS_UNKNOWN || !f->has_ports) {
        return b->kind;
    } else if (b->restored) {
        return BASIS_SNAPSHOT;
    } else if (!b->stays_open && f->has_read && !f->has_flows) {
        return BASIS_CLOSED;
    }
    return BASIS_UNKNOWN;
}

bool
basis_run(struct basis *b, const struct basis_facts *f)
{
    enum basis_kind before = b->kind;

    b->kind = choose(b, f);
    if (b->kind == BASIS_SOURCES || b->kind == BASIS_UNKNOWN) {
        b->hold_until = 0;
    } else if (f->has_news && before == b->kind) {
        b->hold_until = f->now + BASIS_HOLD_MSEC;
    } else if (f->now >= b->hold_until) {
        b->hold_until = 0;
    }
    return b->kind != BASIS_UNKNOWN && !b->hold_until;
}

long long int
basis_wake_at(const struct basis *b)
{
    return b->hold_until;
}
