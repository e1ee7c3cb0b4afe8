/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "metrics-text.h"

#include <inttypes.h>
#include <string.h>

#include "histogram.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define PREFIX "ovs_netpol_"

enum type {
    TYPE_INFO,
    TYPE_GAUGE,
    TYPE_COUNTER,
    TYPE_HISTOGRAM,
};

static const struct {
    const char *name;
    const char *suffix;         /* Of a sample. */
} types[] = {
    [TYPE_INFO] = { "info", "_info" },
    [TYPE_GAUGE] = { "gauge", "" },
    [TYPE_COUNTER] = { "counter", "_total" },
    [TYPE_HISTOGRAM] = { "histogram", "" },
};

static const struct definition {
    enum type type;
    const char *name, *unit, *labels, *help;
} table[N_METRICS] = {
#define METRIC(ID, TYPE, NAME, UNIT, LABELS, HELP) \
    [METRIC_##ID] = { TYPE_##TYPE, PREFIX NAME, UNIT, LABELS, HELP },
#include "metrics.def"
#undef METRIC
};

void
metrics_writer_init(struct metrics_writer *w, struct ds *ds)
{
    w->ds = ds;
    w->current = -1;
}

/* Strings of the table have nothing to be escaped. */
static void
put_header(struct ds *ds, const struct definition *d)
{
    ds_put_format(ds, "# TYPE %s %s\n", d->name, types[d->type].name);
    if (d->unit[0]) {
        ds_put_format(ds, "# UNIT %s %s\n", d->name, d->unit);
    }
    ds_put_format(ds, "# HELP %s %s\n", d->name, d->help);
}

static const struct definition *
begin(struct metrics_writer *w, enum metric metric)
{
    const struct definition *d = &table[metric];

    if ((int) metric != w->current) {
        ovs_assert((int) metric > w->current);
        w->current = metric;
        put_header(w->ds, d);
    }
    return d;
}

static void
put_escaped(struct ds *ds, const char *value)
{
    for (const char *p = value; *p; p++) {
        if (*p == '\n') {
            ds_put_cstr(ds, "\\n");
        } else {
            if (*p == '"' || *p == '\\') {
                ds_put_char(ds, '\\');
            }
            ds_put_char(ds, *p);
        }
    }
}

static void
put_labels(struct ds *ds, const char *names, const char *const values[])
{
    for (size_t i = 0; *names; i++) {
        size_t length = strcspn(names, ",");

        ovs_assert(i < METRICS_MAX_LABELS);
        ds_put_format(ds, "%c%.*s=\"", i ? ',' : '{', (int) length, names);
        put_escaped(ds, values[i]);
        ds_put_cstr(ds, "\"");
        names += length + (names[length] == ',');
        if (!*names) {
            ds_put_char(ds, '}');
        }
    }
}

void
metrics_put(struct metrics_writer *w, enum metric metric, double value,
            const char *const labels[])
{
    const struct definition *d = begin(w, metric);

    ds_put_format(w->ds, "%s%s", d->name, types[d->type].suffix);
    put_labels(w->ds, d->labels, labels);
    ds_put_format(w->ds, " %.15g\n", value);
}

void
metrics_put_histogram(struct metrics_writer *w, enum metric metric,
                      const struct histogram *h)
{
    const char *name = begin(w, metric)->name;
    uint64_t n = 0;

    for (size_t i = 0; i < HISTOGRAM_N_BOUNDS; i++) {
        n += h->counts[i];
        ds_put_format(w->ds, "%s_bucket{le=\"%g\"} %"PRIu64"\n", name,
                      histogram_bounds[i] / 1e6, n);
    }
    n += h->counts[HISTOGRAM_N_BOUNDS];
    ds_put_format(w->ds, "%s_bucket{le=\"+Inf\"} %"PRIu64"\n", name, n);
    ds_put_format(w->ds, "%s_count %"PRIu64"\n", name, n);
    ds_put_format(w->ds, "%s_sum %.15g\n", name, h->sum / 1e6);
}

void
metrics_writer_finish(struct metrics_writer *w)
{
    ds_put_cstr(w->ds, "# EOF\n");
    w->current = N_METRICS;
}
