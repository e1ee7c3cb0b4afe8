/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "audit.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "audit-link.h"
#include "audit-log.h"
#include "audit-packet.h"
#include "audit-record.h"
#include "openvswitch/token-bucket.h"
#include "timeval.h"
#include "util.h"

/* Tokens are counted in thousandths: a token bucket fills by the
 * millisecond. */
#define TOKENS 1000

/* The bucket in here is so much larger than the meters. */
#define SLACK 2

struct audit {
    const struct model *model;
    const struct compile *compile;
    char *node;
    struct audit_link *link;
    struct audit_log *log;      /* NULL if not wanted. */
    struct token_bucket buckets[2];

    /* The last records: number N is in records[N % AUDIT_MAX_RECORDS].  Their
     * text, JSON_SERIALIZED_OBJECT: a tree takes nine times as much. */
    struct json *records[AUDIT_MAX_RECORDS];
    uint64_t next;              /* Number of the next one; the first is 1. */

    uint64_t n_reported[K8S_N_DIRECTIONS][2];
    uint64_t n_withheld[2];     /* By the buckets. */
};

static audit_link_cb receive;

struct audit *
audit_create(const struct audit_config *config, const struct model *model,
             const struct compile *compile)
{
    struct audit *a = xzalloc(sizeof *a);

    a->model = model;
    a->compile = compile;
    a->node = nullable_xstrdup(config->node);
    a->link = audit_link_create(config->target, config->rate, config->burst,
                                receive, a);
    a->log = config->log ? audit_log_create(config->log) : NULL;
    for (size_t i = 0; i < ARRAY_SIZE(a->buckets); i++) {
        token_bucket_init(&a->buckets[i], config->rate * SLACK,
                          config->burst * SLACK * TOKENS);
    }
    a->next = 1;
    return a;
}

struct audit *
audit_create_cleanup(const char *target)
{
    struct audit *a = xzalloc(sizeof *a);

    a->link = audit_link_create_cleanup(target);
    return a;
}

void
audit_destroy(struct audit *a)
{
    if (!a) {
        return;
    }
    audit_link_destroy(a->link);
    audit_log_destroy(a->log);
    for (size_t i = 0; i < AUDIT_MAX_RECORDS; i++) {
        json_destroy(a->records[i]);
    }
    free(a->node);
    free(a);
}

/* Packets. */

/* Returns 'record', which it takes, as text. */
static struct json *
serialize(struct json *record)
{
    struct json *text = json_serialized_object_create(record);

    /* It was written to a buffer that grew by doubling. */
    text->string = xrealloc(text->string, strlen(text->string) + 1);
    json_destroy(record);
    return text;
}

static void
keep(struct audit *a, struct json *record)
{
    struct json **slot = &a->records[a->next++ % AUDIT_MAX_RECORDS];

    json_destroy(*slot);
    *slot = record;
}

static int
receive(const struct ofp_header *oh, void *a_)
{
    struct audit *a = a_;
    struct audit_packet p;
    struct json *record;

    if (!audit_packet_parse(oh, &p)) {
        return -1;
    } else if (!token_bucket_withdraw(&a->buckets[p.report.audit], TOKENS)) {
        a->n_withheld[p.report.audit]++;
        return p.report.audit;
    }
    a->n_reported[p.report.direction][p.report.audit]++;
    record = serialize(audit_record_create(&p, a->model, a->compile, a->node,
                                           a->next, time_wall_msec()));
    if (a->log) {
        audit_log_write(a->log, json_serialized_object(record));
    }
    keep(a, record);
    return p.report.audit;
}

/* The loop. */

void
audit_enable(struct audit *a)
{
    audit_link_enable(a->link);
}

void
audit_run(struct audit *a)
{
    audit_link_run(a->link);
}

void
audit_wait(struct audit *a)
{
    audit_link_wait(a->link);
}

void
audit_reopen(struct audit *a)
{
    audit_log_reopen(a->log);
}

bool
audit_is_ready(const struct audit *a)
{
    return audit_link_is_ready(a->link);
}

bool
audit_is_settled(const struct audit *a)
{
    return audit_link_is_settled(a->link);
}

/* Observers. */

void
audit_get_stats(const struct audit *a, struct audit_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    memcpy(stats->n_reported, a->n_reported, sizeof stats->n_reported);
    audit_link_get_suppressed(a->link, stats->n_suppressed);
    for (size_t i = 0; i < ARRAY_SIZE(a->n_withheld); i++) {
        stats->n_suppressed[i] += a->n_withheld[i];
    }
    stats->problem = audit_link_problem(a->link);
    if (a->log) {
        struct audit_log_stats log;

        audit_log_get_stats(a->log, &log);
        stats->n_logged = log.n_written;
        stats->n_unlogged = log.n_lost;
        stats->log_problem = log.problem;
    }
}

/* JSON. */

static struct json *
counts_to_json(uint64_t dropped, uint64_t audited)
{
    struct json *json = json_object_create();

    json_object_put(json, "drop", json_integer_create(dropped));
    json_object_put(json, "audit", json_integer_create(audited));
    return json;
}

/* Those that are kept begin with the number that is returned. */
static uint64_t
first_record(const struct audit *a)
{
    return a->next > AUDIT_MAX_RECORDS ? a->next - AUDIT_MAX_RECORDS : 1;
}

size_t
audit_n_records(const struct audit *a)
{
    return a->next - first_record(a);
}

static struct json *
records_to_json(const struct audit *a, uint64_t since)
{
    struct json *json = json_array_create_empty();

    for (uint64_t i = MAX(since, first_record(a)); i < a->next; i++) {
        json_array_add(json, json_clone(a->records[i % AUDIT_MAX_RECORDS]));
    }
    return json;
}

struct json *
audit_to_json(const struct audit *a, uint64_t since)
{
    struct json *json = json_object_create();
    uint64_t first = first_record(a);
    struct audit_stats stats;

    audit_get_stats(a, &stats);
    json_object_put(json, "next", json_integer_create(a->next));
    json_object_put(json, "forgotten",
                    json_integer_create(since && since < first
                                        ? first - since : 0));
    json_object_put(json, "records", records_to_json(a, since));
    json_object_put(json, "suppressed",
                    counts_to_json(stats.n_suppressed[0],
                                   stats.n_suppressed[1]));
    if (stats.problem) {
        json_object_put_string(json, "problem", stats.problem);
    }
    if (stats.log_problem) {
        json_object_put_string(json, "logProblem", stats.log_problem);
    }
    json_object_put(json, "unlogged", json_integer_create(stats.n_unlogged));
    return json;
}
