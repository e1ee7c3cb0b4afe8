/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files that write objects as JSON. */

#ifndef K8S_WRITE_H
#define K8S_WRITE_H 1

#include "k8s-private.h"

/* A peer or a port with this field is not understood (S42, C6). */
#define K8S_WRITE_REFUSED "{\"ovs-netpol.io/refused\":true}"

/* k8s-write-part.c */

/* Puts a comma between the members of a list or map. */
void k8s_write_separate(bool *first, struct ds *);
/* The beginning of an object, up to an open metadata. */
void k8s_write_head(const struct k8s_object *, const char *uid, struct ds *);
/* More of metadata. */
void k8s_write_labels(const struct k8s_object *, const struct label_set *,
                      struct ds *);
void k8s_write_created(int64_t created, struct ds *);
void k8s_write_selector(const struct selector *, struct ds *);

/* k8s-write-cluster.c */
void k8s_write_node(const struct k8s_node *, struct ds *);
void k8s_write_cluster_policy(const struct k8s_cluster_policy *, struct ds *);

#endif /* k8s-write.h */
