/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_settings: lines "--NAME[=VALUE]" as the daemon's command line, and the
 * bytes behind them as its configuration file.
 *
 * The file and the command line take the same values, and what the command
 * line says wins. */

#include <config.h>

#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "settings.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define FILE_NAME "f.yaml"

/* The number of setting 'name', or -1. */
static int
find_setting(const char *name)
{
    struct option *options = xcalloc(settings_count() + 1, sizeof *options);
    int found = -1;

    settings_long_options(0, options);
    for (size_t i = 0; i < settings_count(); i++) {
        if (!strcmp(options[i].name, name)) {
            found = i;
        }
    }
    free(options);
    return found;
}

static bool
same_string(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool
same_cidrs(const struct settings *a, const struct settings *b)
{
    bool same = a->n_service_cidrs == b->n_service_cidrs;

    for (size_t i = 0; same && i < a->n_service_cidrs; i++) {
        same = !prefix_compare(&a->service_cidrs[i], &b->service_cidrs[i]);
    }
    return same;
}

static bool
same_strings(const struct settings *a, const struct settings *b)
{
    return (same_string(a->bridge, b->bridge)
            && same_string(a->dir, b->dir)
            && same_string(a->kubeconfig, b->kubeconfig)
            && same_string(a->api_server, b->api_server)
            && same_string(a->db, b->db)
            && same_string(a->node, b->node)
            && same_string(a->gateway_port, b->gateway_port)
            && same_string(a->metrics_listen, b->metrics_listen)
            && same_string(a->next_table, b->next_table)
            && same_string(a->state_dir, b->state_dir)
            && same_string(a->audit_log, b->audit_log));
}

static bool
same_values(const struct settings *a, const struct settings *b)
{
    return (a->insecure == b->insecure
            && !memcmp(&a->node_mark, &b->node_mark, sizeof a->node_mark)
            && a->attach == b->attach
            && a->counters_interval == b->counters_interval
            && a->metrics_max_policies == b->metrics_max_policies
            && a->no_spoof_guard == b->no_spoof_guard
            && a->unknown_open == b->unknown_open
            && a->no_state_open == b->no_state_open
            && a->recheck == b->recheck
            && a->audit_mode == b->audit_mode
            && a->no_audit == b->no_audit
            && a->audit_rate == b->audit_rate
            && a->audit_burst == b->audit_burst
            && a->table_base == b->table_base
            && a->zone == b->zone
            && a->limits.policy == b->limits.policy
            && a->limits.ns == b->limits.ns
            && a->limits.total == b->limits.total
            && a->force == b->force);
}

static bool
same_settings(const struct settings *a, const struct settings *b)
{
    return same_strings(a, b) && same_values(a, b) && same_cidrs(a, b);
}

/* One line of the command line.  What is refused changes nothing. */
static void
try_flag(struct settings *settings, char *line)
{
    char *value = strchr(line, '=');

    if (value) {
        *value++ = '\0';
    }
    int i = find_setting(line);
    if (i >= 0) {
        free(settings_set_flag(settings, i, value));
    }
}

/* Takes the flags at the beginning of the text.  Returns how long they are. */
static size_t
try_flags(struct settings *settings, const char *text, size_t size)
{
    size_t ofs = 0;

    while (size - ofs > 2 && !memcmp(text + ofs, "--", 2)
           && text[ofs + 2] != '\n') {
        const char *line = text + ofs + 2;
        const char *end = memchr(line, '\n', size - ofs - 2);
        size_t length = end ? end - line : size - ofs - 2;
        char *copy = xmemdup0(line, length);

        try_flag(settings, copy);
        free(copy);
        ofs = end ? end + 1 - text : size;
    }
    return ofs;
}

/* Gives the members of the file to the command line, one after the other, up
 * to the first that is refused.  Returns true if none is. */
static bool
take_as_flags(struct settings *settings, const struct doc_node *root)
{
    for (size_t i = 0; i < doc_node_count(root); i++) {
        const struct doc_node *value = doc_node_at(root, i);
        int setting = find_setting(doc_node_key(root, i));
        enum doc_type type = doc_node_type(value);

        if (setting < 0 || type == DOC_NULL || type == DOC_LIST
            || type == DOC_MAP) {
            return false;
        }
        char *error = settings_set_flag(settings, setting,
                                        doc_node_text(value));
        if (error) {
            free(error);
            return false;
        }
    }
    return true;
}

/* What the file says means the same on the command line. */
static void
compare_file_and_flags(const char *text, size_t size)
{
    struct settings by_file, by_flags;
    struct doc_limits limits;
    struct doc **docs;
    size_t n;

    settings_init(&by_file);
    settings_init(&by_flags);
    char *error = settings_parse(&by_file, FILE_NAME, text, size);
    ovs_assert(!error
               || !strncmp(error, FILE_NAME ":", strlen(FILE_NAME) + 1));

    doc_limits_default(&limits);
    limits.max_documents = 1;
    char *syntax_error = doc_parse_yaml(text, size, &limits, &docs, &n);
    ovs_assert(error || !syntax_error);
    if (!syntax_error && n == 1
        && doc_node_type(doc_root(docs[0])) == DOC_MAP) {
        ovs_assert(take_as_flags(&by_flags, doc_root(docs[0])) == !error);
        ovs_assert(same_settings(&by_file, &by_flags));
    }
    for (size_t i = 0; i < n; i++) {
        doc_destroy(docs[i]);
    }
    free(docs);
    free(syntax_error);
    free(error);
    settings_uninit(&by_file);
    settings_uninit(&by_flags);
}

/* Looks at no file. */
static void
check(struct settings *settings)
{
    bool has_source = settings->dir && !settings->kubeconfig
                      && !settings->api_server;

    char *error = settings_check(settings, !has_source);
    ovs_assert(settings->bridge || error);
    free(error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;
    struct settings s, again;

    settings_init(&s);
    settings_init(&again);
    size_t n_flags = try_flags(&s, text, size);
    ovs_assert(try_flags(&again, text, size) == n_flags);
    compare_file_and_flags(text + n_flags, size - n_flags);

    /* The file, then what the command line said once more: nothing new. */
    free(settings_parse(&s, FILE_NAME, text + n_flags, size - n_flags));
    free(settings_parse(&again, FILE_NAME, text + n_flags, size - n_flags));
    try_flags(&again, text, n_flags);
    ovs_assert(same_settings(&s, &again));
    check(&s);
    settings_uninit(&s);
    settings_uninit(&again);
    return 0;
}
