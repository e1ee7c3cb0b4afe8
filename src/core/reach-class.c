/* SPDX-License-Identifier: Apache-2.0
 *
 * Classes: by signature, and by pod. */

#include <config.h>

#include "reach-private.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "packets.h"
#include "util.h"

/* The class of one pod. */
struct reach_pod_node {
    struct hmap_node node;
    const struct k8s_pod *pod;
    const struct reach_class *class;
};

static uint32_t
hash_signature(const struct ds *signature)
{
    return hash_bytes(signature->string, signature->length, 0);
}

struct reach_class_node *
reach_class_find(const struct reach *r, const struct ds *signature)
{
    struct reach_class_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, node, hash_signature(signature),
                             &r->by_signature) {
        if (node->size == signature->length
            && !memcmp(node->signature, signature->string, node->size)) {
            return node;
        }
    }
    return NULL;
}

struct reach_class_node *
reach_class_get(struct reach *r, const struct ds *signature)
{
    struct reach_class_node *node = reach_class_find(r, signature);

    if (!node) {
        node = xzalloc(sizeof *node);
        node->size = signature->length;
        node->signature = xmemdup(signature->string, signature->length);
        node->class.index = r->classes.n;
        hmap_insert(&r->by_signature, &node->node, hash_signature(signature));
        ptrs_add(&r->classes, node);
    }
    return node;
}

void
reach_class_set_end(struct reach_class *class, size_t member,
                    const struct k8s_pod *pod, const struct in6_addr *addr)
{
    int family = address_is_v6(addr) ? REACH_V6 : REACH_V4;

    if (!class->has_end[member][family]) {
        class->has_end[member][family] = true;
        class->ends[member][family] = (struct verdict_endpoint) {
            .pod = pod,
            .address = *addr,
        };
    }
}

void
reach_note_pod(struct reach *r, const struct k8s_pod *pod,
               const struct reach_class *class)
{
    struct reach_pod_node *node = xmalloc(sizeof *node);

    node->pod = pod;
    node->class = class;
    hmap_insert(&r->by_pod, &node->node, hash_pointer(pod, 0));
}

const struct reach_class *
reach_class_of(const struct reach *r, const struct k8s_pod *pod)
{
    const struct reach_pod_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, node, hash_pointer(pod, 0), &r->by_pod) {
        if (node->pod == pod) {
            return node->class;
        }
    }
    return NULL;
}

void
reach_classes_uninit(struct reach *r)
{
    struct reach_class_node *node;
    struct reach_pod_node *pod;

    HMAP_FOR_EACH_POP (pod, node, &r->by_pod) {
        free(pod);
    }
    hmap_destroy(&r->by_pod);
    HMAP_FOR_EACH_POP (node, node, &r->by_signature) {
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            free(node->rules[d]);
        }
        ptrs_uninit(&node->class.pods);
        ptrs_uninit(&node->class.nodes);
        free(node->class.nets);
        free(node->signature);
        free(node);
    }
    hmap_destroy(&r->by_signature);
    ptrs_uninit(&r->classes);
}
