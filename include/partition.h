/* SPDX-License-Identifier: Apache-2.0
 *
 * partition: elements and the sets that contain them become classes.
 *
 * Two elements are in one class when exactly the same sets contain them.  A
 * class is known by that set of sets, its signature, and has a number that
 * depends on nothing else: the same sets give the same number in every run.
 * Class 0, "in no set", does not exist as an object.
 *
 * This is equivalence classification as in Recursive Flow Classification
 * (Gupta & McKeown, SIGCOMM 1999): the expensive question "which selectors
 * match?" is asked once for each address, and rules talk about classes.
 *
 * Elements come and go with partition_enter() and partition_leave().  Nobody
 * hears of that before partition_announce(), which reports classes that have
 * become empty or come into being since the last time: within a batch, a class
 * that is left and entered again costs nothing.
 *
 * Ownership: sets are embedded in what they stand for and must stay until no
 * class names them, that is, until the announcement after their last element
 * left.  The partition owns its classes. */

#ifndef PARTITION_H
#define PARTITION_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "number.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "ptrs.h"

/* A set of elements. */
struct partition_set {
    char *text;                 /* Canonical name, unique in the partition. */
    uint32_t hash;              /* Of 'text'. */
    struct ptrs classes;        /* Announced classes that it contains. */
};

/* Takes ownership of 'text'. */
void partition_set_init(struct partition_set *, char *text);
void partition_set_uninit(struct partition_set *);
/* The order of sets in a signature. */
int partition_set_compare(const struct partition_set *,
                          const struct partition_set *);
/* Sorts an array of pointers to sets. */
void partition_sets_order(struct partition_set **, size_t n);
/* Sorts an array of pointers to sets and drops duplicates.  Returns the new
 * length. */
size_t partition_sets_sort(struct partition_set **, size_t n);

struct partition_class {
    struct hmap_node node;      /* In the partition, by signature. */
    struct ovs_list changed;    /* In the partition's list, or empty. */
    struct number number;       /* number.value is the class number; 0 until
                                 * it is announced. */
    size_t n_members;
    bool announced;
    struct ptrs links;          /* For the user of the partition. */
    size_t n_sets;
    struct partition_set *sets[];       /* Sorted. */
};

struct partition {
    struct hmap classes;
    struct ovs_list changed;
    struct number_pool numbers;
};

void partition_init(struct partition *);
void partition_destroy(struct partition *);

/* One more element is in exactly the 'n' sorted 'sets'.  Returns its class, or
 * NULL for n == 0. */
struct partition_class *partition_enter(struct partition *,
                                        struct partition_set *const sets[],
                                        size_t n);
void partition_leave(struct partition *, struct partition_class *);
bool partition_class_has(const struct partition_class *,
                         const struct partition_set *);
/* True if the signature of 'c' (NULL: class 0) is 'sets'. */
bool partition_class_is(const struct partition_class *c,
                        struct partition_set *const sets[], size_t n);

/* 0 for NULL. */
static inline uint32_t
partition_class_number(const struct partition_class *c)
{
    return c ? c->number.value : 0;
}

/* Calls 'gone' for each class that was announced and is empty now (it is freed
 * afterward), then 'come' for each that is new. */
typedef void partition_cb(struct partition_class *, void *aux);
void partition_announce(struct partition *, partition_cb *gone,
                        partition_cb *come, void *aux);

#endif /* partition.h */
