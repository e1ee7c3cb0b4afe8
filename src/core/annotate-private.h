/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by annotate.c (flows in words), annotate-index.c (what numbers stand
 * for) and annotate-number.c (numbers in words). */

#ifndef ANNOTATE_PRIVATE_H
#define ANNOTATE_PRIVATE_H 1

#include "annotate.h"
#include "k8s.h"
#include "openvswitch/hmap.h"
#include "ptrs.h"

struct ds;
struct partition_class;
struct rule;

/* Lists in words stop after so many. */
#define MAX_NAMES 3

/* What a number stands for. */
struct entry {
    struct hmap_node node;
    const void *what;
    struct ptrs members;        /* Of a target class: "struct k8s_pod". */
};

struct annotation {
    struct compile *compile;
    const struct model *model;
    const struct pipeline_config *pipeline;
    struct ofputil_table_map *names;
    struct hmap rules[K8S_N_DIRECTIONS];
    struct hmap targets[K8S_N_DIRECTIONS];
    struct hmap peers[K8S_N_DIRECTIONS];
    struct hmap nets[K8S_N_DIRECTIONS];
    int table;                  /* Of the last flow, -1 before the first. */
    struct ds *s;
};

/* annotate-index.c */
void annotation_init(struct annotation *, struct compile *,
                     const struct model *);
void annotation_uninit(struct annotation *);
/* NULL if nothing has the number. */
struct entry *find_entry(const struct hmap *index, uint32_t number);

/* annotate.c */
/* "isolated by NS/POLICY, ...; subject of KIND NAME, ..." */
void annotate_put_concerned(const struct partition_class *, struct ds *);
/* "allowed by ", "denied by " or "passed on by ". */
const char *annotate_action(const struct rule *);
/* "NS/POLICY ingress[0], ..." */
void annotate_put_rule(const struct rule *, struct ds *);
/* ": from ..., ports ..." */
void annotate_put_rule_terms(const struct rule *, struct ds *);
/* "in the ipBlocks of ..." */
void annotate_put_blocks(const struct partition_class *, struct ds *);
void annotate_put_more(size_t n, struct ds *);

#endif /* annotate-private.h */
