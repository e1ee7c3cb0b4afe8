/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "audit-meter.h"

#include "util.h"

void
audit_meter_start(struct audit_meter *m)
{
    m->has_base = false;
    m->n_before = m->n_suppressed;
}

bool
audit_meter_read(struct audit_meter *m, uint64_t n_packets)
{
    if (!m->has_base) {
        m->has_base = true;
        m->base = n_packets;
        m->n_seen = m->n_received = 0;
    }
    if (m->n_seen > m->n_received) {
        uint64_t n = m->n_before + m->n_seen - m->n_received;

        m->n_suppressed = MAX(m->n_suppressed, n);
    }

    uint64_t n = n_packets - m->base;
    bool is_busy = n != m->n_seen;

    m->n_seen = n;
    return is_busy;
}
