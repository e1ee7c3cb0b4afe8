/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics-text: OpenMetrics text from the table of metrics.def.
 *
 * Part of the metrics module.  A writer goes through the table once, from the
 * top: samples of one metric stand together, as the format wants it.  A metric
 * without a sample is left out. */

#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H 1

#include "metrics.h"

struct ds;
struct histogram;

/* Most labels that a metric has. */
#define METRICS_MAX_LABELS 6

struct metrics_writer {
    struct ds *ds;
    int current;                /* The metric of the last sample, or -1. */
};

void metrics_writer_init(struct metrics_writer *, struct ds *);

/* A sample.  'labels' has a value for each label of the metric in the order of
 * the table; NULL if it has none. */
void metrics_put(struct metrics_writer *, enum metric, double value,
                 const char *const labels[]);
void metrics_put_histogram(struct metrics_writer *, enum metric,
                           const struct histogram *);
void metrics_writer_finish(struct metrics_writer *);

#endif /* metrics-text.h */
