/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by report-data.c (ends and cells), report-policy.c (policies and
 * their rules) and report-reason.c (which rules decide). */

#ifndef REPORT_PRIVATE_H
#define REPORT_PRIVATE_H 1

#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "report.h"

struct json;

/* A policy of either sort, and where its rules are among all. */
struct report_policy {
    struct hmap_node node;      /* By pointer. */
    const void *object;
    size_t index;
    size_t first_rule[K8S_N_DIRECTIONS];
};

struct report_writer {
    const struct report *report;
    struct ds *s;
    struct hmap policies;       /* "struct report_policy". */
    size_t n_policies, n_rules;
    struct shash lists;         /* Of rules, as text; data: the number. */
    struct ds list_text;
};

/* All policies and rules. */
void report_policies_to_json(struct report_writer *, struct json **policies,
                             struct json **rules);
/* Who isolates each class. */
void report_put_isolating(struct report_writer *);
void report_policies_uninit(struct report_writer *);
const struct report_policy *report_find_policy(const struct report_writer *,
                                               const void *object);

/* The rules that decide about each pair of classes. */
void report_put_reasons(struct report_writer *);

#endif /* report-private.h */
