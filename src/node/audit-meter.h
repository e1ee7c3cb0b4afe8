/* SPDX-License-Identifier: Apache-2.0
 *
 * audit-meter: how many packets did a meter see that never got here?
 *
 * Either the meter held them back, or the switch had no room for them in its
 * queue.  What the meter had seen at one reading has arrived by the next, or
 * never will: so a packet counts as suppressed one reading later. */

#ifndef AUDIT_METER_H
#define AUDIT_METER_H 1

#include <stdbool.h>
#include <stdint.h>

/* All zeros at first. */
struct audit_meter {
    bool has_base;              /* A first reading. */
    uint64_t base;              /* Packets that are not counted. */
    uint64_t n_seen;            /* By the meter, at the last reading. */
    uint64_t n_received;        /* Here; for the owner to count. */
    uint64_t n_before;          /* Suppressed, before this connection. */
    uint64_t n_suppressed;
};

/* There is a new connection: what the meter has seen so far does not count,
 * and its next reading is the first. */
void audit_meter_start(struct audit_meter *);

/* The meter has seen 'n_packets' since it was made.  True if any of them came
 * since the last reading. */
bool audit_meter_read(struct audit_meter *, uint64_t n_packets);

#endif /* audit-meter.h */
