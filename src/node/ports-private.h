/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the ports module share.
 *
 * ports.c         the connection to the database: barrier, what is written
 * ports-read.c    what the database says about the bridge's interfaces
 * ports-scheme.c  how an interface names its pod
 * ports-names.c   the names of our tables */

#ifndef PORTS_PRIVATE_H
#define PORTS_PRIVATE_H 1

#include "ports.h"

struct ovsrec_bridge;
struct ovsrec_open_vswitch;

/* As the database has it now, or NULL. */
const struct ovsrec_bridge *ports_find_bridge(const struct ports *);
const struct ovsrec_open_vswitch *ports_find_switch(const struct ports *);

#endif /* ports-private.h */
