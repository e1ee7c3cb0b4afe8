/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: what there is to count and to measure, for Prometheus.
 *
 * An observer: at each scrape it asks the other modules and writes OpenMetrics
 * text (https://prometheus.io/docs/specs/om/open_metrics_spec/).  Nothing here
 * costs more with more pods, save where it says so.  metrics.def is the table
 * of all metrics. */

#ifndef METRICS_H
#define METRICS_H 1

#include <stdbool.h>
#include <stdint.h>

struct audit;
struct bridge;
struct compile;
struct counters;
struct dir;
struct ds;
struct flowset;
struct health;
struct histogram;
struct kube;
struct latency;
struct model;
struct ports;
struct ready;
struct settings;

#define METRICS_CONTENT_TYPE \
    "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metric {
#define METRIC(ID, TYPE, NAME, UNIT, LABELS, HELP) METRIC_##ID,
#include "metrics.def"
#undef METRIC
    N_METRICS
};

/* What there is to see; all borrowed. */
struct metrics_context {
    const struct settings *settings;
    const struct model *model;
    const struct compile *compile;
    const struct flowset *flowset;
    const struct dir *dir;      /* Or NULL, */
    const struct kube *kube;    /* and then this is not NULL. */
    const struct ports *ports;
    const struct bridge *bridge;
    const struct health *health;
    const struct counters *counters;
    const struct audit *audit;  /* NULL if denied packets are not reported. */
    const struct latency *latency;
    const struct ready *ready;
    const struct histogram *loop;
};

/* Appends all metrics as they are now. */
void metrics_format(const struct metrics_context *, struct ds *);

#endif /* metrics.h */
