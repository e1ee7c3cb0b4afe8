/* SPDX-License-Identifier: Apache-2.0
 *
 * `top`: the busiest rules and the busiest drops. */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "columns.h"
#include "hash.h"
#include "objects.h"
#include "openvswitch/poll-loop.h"
#include "terminal.h"
#include "timeval.h"
#include "util.h"

/* Rows where the height of the terminal is not known, and those that are not
 * for items. */
#define DEFAULT_ROWS 24
#define N_HEADINGS 4

/* Home, and clear what is below. */
#define CLEAR "\033[H\033[J"

/* One rule, or one class of targets, of which 'packets' may have been counted
 * before. */
struct item {
    const struct json *json;
    int64_t packets, bytes;
    double rate;                /* Packets a second; negative: unknown. */
};

struct reading {
    struct json *counters;
    long long int msec;
    struct item *items;
    size_t n;
};

static void
reading_destroy(struct reading *r)
{
    json_destroy(r->counters);
    free(r->items);
    memset(r, 0, sizeof *r);
}

/* What tells an item from others. */
static bool
is_same(const struct json *a, const struct json *b)
{
    return (answer_integer(a, "rule") == answer_integer(b, "rule")
            && answer_integer(a, "target") == answer_integer(b, "target")
            && !strcmp(answer_string(a, "direction"),
                       answer_string(b, "direction"))
            && !strcmp(answer_string(a, "verdict"),
                       answer_string(b, "verdict")));
}

/* How many packets it had in 'before', or -1. */
static int64_t
find_packets(const struct reading *before, const struct json *json)
{
    for (size_t i = 0; i < before->n; i++) {
        if (is_same(before->items[i].json, json)) {
            return before->items[i].packets;
        }
    }
    return -1;
}

static int
compare_items(const void *a_, const void *b_)
{
    const struct item *a = a_, *b = b_;

    return (a->rate != b->rate ? (a->rate < b->rate) - (a->rate > b->rate)
            : (a->packets < b->packets) - (a->packets > b->packets));
}

/* True if it is about a policy of 'ns'. */
static bool
is_wanted(const struct json *item, const char *ns)
{
    const struct json *policies = answer_get(item, "policies");
    size_t length = ns ? strlen(ns) : 0;

    for (size_t i = 0; ns && i < answer_count(policies); i++) {
        const char *name = answer_string(answer_at(policies, i), "");

        if (!strncmp(name, ns, length) && name[length] == '/') {
            return true;
        }
    }
    return !ns;
}

static void
fill(struct reading *r, const struct reading *before, const char *ns)
{
    const struct json *items = answer_get(r->counters, "items");
    double seconds = (r->msec - before->msec) / 1000.0;

    r->items = xcalloc(answer_count(items), sizeof *r->items);
    for (size_t i = 0; i < answer_count(items); i++) {
        const struct json *json = answer_at(items, i);
        struct item *item = &r->items[r->n];
        int64_t old = before->counters ? find_packets(before, json) : -1;

        if (!is_wanted(json, ns)) {
            continue;
        }
        item->json = json;
        item->packets = answer_integer(json, "packets");
        item->bytes = answer_integer(json, "bytes");
        item->rate = (old < 0 || seconds <= 0 ? -1
                      : (item->packets - old) / seconds);
        r->n++;
    }
    if (r->n) {
        qsort(r->items, r->n, sizeof *r->items, compare_items);
    }
}

/* Printing. */

/* "NS/NAME NS/NAME ...", or "KIND NAME (TIER)". */
static char *
list_policies(const struct json *item)
{
    const struct json *policies = answer_get(item, "policies");
    const char *tier = answer_string(item, "tier");
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < answer_count(policies); i++) {
        ds_put_format(&s, "%s%s", i ? " " : "",
                      answer_string(answer_at(policies, i), ""));
    }
    if (tier[0]) {
        ds_put_format(&s, " (%s)", tier);
    }
    return ds_steal_cstr(&s);
}

static void
add_headings(struct columns *c)
{
    static const char *const headings[] = {
        "PACKETS/S", "PACKETS", "BYTES", "VERDICT", "DIRECTION", "POLICIES"
    };

    columns_init(c, ARRAY_SIZE(headings));
    for (size_t i = 0; i < ARRAY_SIZE(headings); i++) {
        columns_add(c, headings[i]);
    }
}

static char *
format(const struct reading *r, size_t max, bool colour)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct columns c;

    add_headings(&c);
    for (size_t i = 0; i < MIN(r->n, max); i++) {
        const struct item *item = &r->items[i];
        const char *verdict = answer_string(item->json, "verdict");

        columns_add_nocopy(&c, (item->rate < 0 ? xstrdup("")
                                : xasprintf("%.1f", item->rate)));
        columns_add_nocopy(&c, xasprintf("%lld",
                                         (long long int) item->packets));
        columns_add_nocopy(&c, xasprintf("%lld", (long long int) item->bytes));
        columns_add_nocopy(&c, client_painted(
            colour, (!strcmp(verdict, "allowed") ? CLIENT_GREEN
                     : !strcmp(verdict, "denied") ? CLIENT_RED
                     : CLIENT_YELLOW), verdict));
        columns_add(&c, answer_string(item->json, "direction"));
        columns_add_nocopy(&c, list_policies(item->json));
    }
    columns_format(&c, &s);
    columns_destroy(&c);
    return ds_steal_cstr(&s);
}

static char *
to_json(const struct reading *r)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; i < r->n; i++) {
        json_array_add(json, json_clone(r->items[i].json));
    }
    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    json_destroy(json);
    return text;
}

static size_t
count_rows(void)
{
    struct winsize size;

    return (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)
            && size.ws_row > N_HEADINGS
            ? size.ws_row - N_HEADINGS : DEFAULT_ROWS - N_HEADINGS);
}

/* The run. */

static bool
take(struct reading *r, const struct reading *before,
     const struct client_command *command,
     const struct client_options *options)
{
    char *error = NULL;

    *r = (struct reading) {
        .counters = answer_ask(options->target, "counters", 0, NULL, &error),
        .msec = time_msec(),
    };
    if (!r->counters) {
        client_complain_of_daemon(command, options->target, error);
        free(error);
        return false;
    }
    fill(r, before, options->ns);
    return true;
}

static void
show(const struct reading *r, bool colour)
{
    char *text = format(r, count_rows(), colour);
    time_t now = time(NULL);
    struct tm tm;
    char clock[16];

    localtime_r(&now, &tm);
    strftime(clock, sizeof clock, "%H:%M:%S", &tm);
    printf(CLEAR "ovs-netpol top  %s, %"PRIuSIZE" rules and drops with "
           "packets\n\n%s", clock, r->n, text);
    fflush(stdout);
    free(text);
}

static void
rest(unsigned int seconds)
{
    long long int until = time_msec() + seconds * 1000LL;

    while (time_msec() < until) {
        poll_timer_wait_until(until);
        poll_block();
    }
}

/* Until somebody ends it, or the daemon is gone. */
static int
watch(const struct client_command *command,
      const struct client_options *options)
{
    struct reading before = { .counters = NULL }, now;

    while (take(&now, &before, command, options)) {
        show(&now, client_wants_colour(stdout));
        reading_destroy(&before);
        before = now;
        rest(options->interval);
    }
    reading_destroy(&before);
    return CLIENT_ERROR;
}

static bool
check_namespace(const struct client_command *command,
                const struct client_options *options)
{
    struct objects o;

    objects_init(&o);
    char *error = objects_add_daemon(&o, options->target);
    if (!error && !objects_know_namespace(&o, options->ns)) {
        error = xasprintf("there is nothing in namespace \"%s\"",
                          options->ns);
    }
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
    }
    objects_uninit(&o);
    return !error;
}

int
client_top(const struct client_command *command,
           const struct client_options *options,
           const char *const args[] OVS_UNUSED)
{
    static const struct reading nothing = { .counters = NULL };
    struct reading r;

    if (options->ns && !check_namespace(command, options)) {
        return CLIENT_ERROR;
    }
    if (!options->once && options->format == CLIENT_TEXT
        && isatty(STDOUT_FILENO)) {
        return watch(command, options);
    } else if (!take(&r, &nothing, command, options)) {
        return CLIENT_ERROR;
    }

    char *text = (options->format == CLIENT_JSON
                  ? to_json(&r)
                  : format(&r, SIZE_MAX, client_wants_colour(stdout)));
    client_print(text);
    free(text);
    reading_destroy(&r);
    return CLIENT_OK;
}
