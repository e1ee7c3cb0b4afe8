/* SPDX-License-Identifier: Apache-2.0
 *
 * ptrs: a growing array of pointers.  Does not own what they point to. */

#ifndef PTRS_H
#define PTRS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "util.h"

struct ptrs {
    void **p;
    uint32_t n, allocated;
};

#define PTRS_INITIALIZER { NULL, 0, 0 }

static inline void
ptrs_add(struct ptrs *v, const void *x)
{
    if (v->n >= v->allocated) {
        v->allocated = v->n + v->n / 2 + 1;
        v->p = xrealloc(v->p, v->allocated * sizeof *v->p);
    }
    v->p[v->n++] = CONST_CAST(void *, x);
}

/* Index of 'x', or v->n. */
static inline size_t
ptrs_find(const struct ptrs *v, const void *x)
{
    size_t i = 0;

    while (i < v->n && v->p[i] != x) {
        i++;
    }
    return i;
}

static inline bool
ptrs_contains(const struct ptrs *v, const void *x)
{
    return ptrs_find(v, x) < v->n;
}

/* Removes 'x', which must be there, if it is not the last one by moving the
 * last one into its place. */
static inline void
ptrs_remove(struct ptrs *v, const void *x)
{
    size_t i = ptrs_find(v, x);

    ovs_assert(i < v->n);
    v->p[i] = v->p[--v->n];
    if (!v->n) {
        free(v->p);
        v->p = NULL;
        v->allocated = 0;
    }
}

static inline void
ptrs_uninit(struct ptrs *v)
{
    free(v->p);
    v->p = NULL;
    v->n = v->allocated = 0;
}

#endif /* ptrs.h */
