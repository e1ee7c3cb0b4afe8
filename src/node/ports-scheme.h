/* SPDX-License-Identifier: Apache-2.0
 *
 * ports-scheme: how an interface names its pod.
 *
 * Every orchestrator has its own way to write it into OVSDB's external_ids.
 * The table 'schemes' in ports-scheme.c has them all, and nothing else knows
 * them. */

#ifndef PORTS_SCHEME_H
#define PORTS_SCHEME_H 1

#include <stdbool.h>

struct model;
struct model_port;
struct smap;

/* Given the external_ids of an Interface and its Port, fills the pod's name
 * and the MAC of '*port' (all zeros if unknown) and returns true; false if
 * they name no pod, and '*port' is untouched.  'model' resolves uids, may be
 * NULL. */
bool ports_scheme_parse(const struct smap *iface_ids,
                        const struct smap *port_ids, const struct model *,
                        struct model_port *port);

/* True if an interface that ports_scheme_parse() did not understand may become
 * a pod's all the same: it names one by a uid that nobody has yet. */
bool ports_scheme_is_pending(const struct smap *iface_ids,
                             const struct smap *port_ids);

#endif /* ports-scheme.h */
