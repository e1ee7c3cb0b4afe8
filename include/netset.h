/* SPDX-License-Identifier: Apache-2.0
 *
 * netset: the address space as the ipBlocks in use cut it.
 *
 * The elements of this partition are prefixes: every cidr and every except in
 * use, each standing for its addresses less those of longer prefixes in use.
 * All addresses of such an element are in the same ipBlocks, since an except
 * is just a longer prefix (S21).  The sets are whole ipBlock lists of rules,
 * so that a thousand blocks of one rule are one class.
 *
 * In the switch that is one flow for a prefix, longest prefix first, and none
 * where the prefix around it has the same class.
 *
 * Prefixes are kept sorted so that whatever one contains follows it; what
 * contains it is found by trying the shorter lengths in use. */

#ifndef NETSET_H
#define NETSET_H 1

#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "partition.h"
#include "prefix.h"

struct k8s_ip_block;
struct netset;

/* A list of ipBlocks, one for each distinct list in use. */
struct netset_list {
    struct hmap_node node;      /* In the netset. */
    struct partition_set set;
    struct ptrs users;          /* For the user of the netset. */
    size_t n_refs;
    bool has_v4, has_v6;        /* Families of its blocks. */
    size_t n_blocks;
    struct k8s_ip_block *blocks;        /* Sorted, unique, own copies. */
    uint64_t *excepted;         /* For each block, scratch of netset.c. */
};

struct netset *netset_create(void);
void netset_destroy(struct netset *);
struct partition *netset_partition(const struct netset *);

/* One more use of the list of these blocks, in any order. */
struct netset_list *netset_ref(struct netset *,
                               const struct k8s_ip_block *const blocks[],
                               size_t n);
/* The list stays in memory until netset_reap(). */
void netset_unref(struct netset *, struct netset_list *);

/* Work may be cut into slices: these do about '*work' prefixes, take them off
 * it, and return true when none is left. */

/* Moves the prefixes touched since the last time to their classes. */
bool netset_classify(struct netset *, size_t *work);

/* Calls 'cb' for each prefix whose flow differs from the last time: 'class' is
 * the class number to set (0: to overwrite a class around it), or no flow if
 * 'needed' is false. */
typedef void netset_cb(const struct prefix *, bool needed, uint32_t class,
                       void *aux);
bool netset_flush(struct netset *, netset_cb *, void *aux, size_t *work);

/* Frees lists that nobody uses; after the partition's announcement. */
void netset_reap(struct netset *);

#endif /* netset.h */
