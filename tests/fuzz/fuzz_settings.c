/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_settings: lines "--NAME[=VALUE]" as the daemon's command line, and the
 * bytes behind them as its configuration file.
 *
 * A value that is taken is what the setting is then, by a second opinion.  The
 * file and the command line take the same values, and what the command line
 * says wins. */

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

/* What a setting means: a second opinion. */
enum kind {
    TEXT,                       /* The value itself. */
    PATH,                       /* An absolute one. */
    FLAG,
    NUMBER,
    ATTACH,
    MARK,
    CIDRS,
};

struct meaning {
    const char *name;
    enum kind kind;
    size_t offset, size;        /* In "struct settings". */
    const char *none;           /* Values that mean no text, ... */
    const char *as_is;          /* ...and ones that are no paths. */
    const char *no, *yes;       /* All values of a flag. */
    unsigned int min, max;      /* Of a number. */
};

#define IN(MEMBER) offsetof(struct settings, MEMBER), \
        sizeof ((struct settings *) NULL)->MEMBER

static const struct meaning meanings[] = {
    { "bridge", TEXT, IN(bridge) },
    { "dir", PATH, IN(dir) },
    { "kubeconfig", PATH, IN(kubeconfig) },
    { "api-server", TEXT, IN(api_server) },
    { "insecure", FLAG, IN(insecure), .no = "false", .yes = "true" },
    { "db", TEXT, IN(db) },
    { "node", TEXT, IN(node) },
    { "state-dir", PATH, IN(state_dir), .none = "" },
    { "no-state", FLAG, IN(no_state_open), .no = "closed", .yes = "open" },
    { "new-ports", FLAG, IN(unknown_open), .no = "closed", .yes = "open" },
    { "established", FLAG, IN(recheck), .no = "keep", .yes = "recheck" },
    { "attach", ATTACH, IN(attach) },
    { "next-table", TEXT, IN(next_table) },
    { "enforcement", FLAG, IN(audit_mode), .no = "enforce", .yes = "audit" },
    { "audit", FLAG, IN(no_audit), .no = "on true", .yes = "off false" },
    { "audit-rate", NUMBER, IN(audit_rate), .min = 1, .max = 100000 },
    { "audit-burst", NUMBER, IN(audit_burst), .min = 1, .max = 100000 },
    { "audit-log", PATH, IN(audit_log), .none = "off false",
      .as_is = "stdout syslog" },
    { "spoof-guard", FLAG, IN(no_spoof_guard),
      .no = "on true", .yes = "off false" },
    { "no-spoof-guard", FLAG, IN(no_spoof_guard),
      .no = "false", .yes = "true" },
    { "table-base", NUMBER, IN(table_base), .min = 1, .max = 200 },
    { "zone", NUMBER, IN(zone), .max = UINT16_MAX },
    { "max-policy-flows", NUMBER, IN(limits.policy), .max = UINT32_MAX },
    { "max-namespace-flows", NUMBER, IN(limits.ns), .max = UINT32_MAX },
    { "max-flows", NUMBER, IN(limits.total), .max = UINT32_MAX },
    { "force", FLAG, IN(force), .no = "false", .yes = "true" },
    { "service-cidrs", CIDRS, IN(service_cidrs) },
    { "gateway-port", TEXT, IN(gateway_port) },
    { "node-mark", MARK, IN(node_mark) },
    { "metrics-listen", TEXT, IN(metrics_listen), .none = "off false" },
    { "metrics-max-policies", NUMBER, IN(metrics_max_policies),
      .max = 100000 },
    { "counters-interval", NUMBER, IN(counters_interval),
      .min = 1, .max = 3600 },
};

static const void *
get_member(const struct settings *s, const struct meaning *m)
{
    return (const char *) s + m->offset;
}

static const char *
get_text(const struct settings *s, const struct meaning *m)
{
    return *(char *const *) get_member(s, m);
}

/* True if 'word' is one of 'words', which blanks separate; of NULL none is. */
static bool
is_among(const char *word, const char *words)
{
    bool found = false;

    if (words && !words[0]) {
        return !word[0];
    } else if (words) {
        char *copy = xstrdup(words), *save = NULL;

        for (char *w = strtok_r(copy, " ", &save); w;
             w = strtok_r(NULL, " ", &save)) {
            found |= !strcmp(word, w);
        }
        free(copy);
    }
    return found;
}

static bool
ends_with(const char *s, const char *end)
{
    return (strlen(s) >= strlen(end)
            && !strcmp(s + strlen(s) - strlen(end), end));
}

static bool
text_holds(const char *text, const struct meaning *m, const char *value)
{
    if (is_among(value, m->none)) {
        return !text;
    } else if (m->kind == TEXT || value[0] == '/'
               || is_among(value, m->as_is)) {
        return text && value[0] && !strcmp(text, value);
    }
    return text && value[0] && text[0] == '/' && ends_with(text, value);
}

static unsigned int
get_number(const struct settings *s, const struct meaning *m)
{
    const void *p = get_member(s, m);

    return (m->size == 1 ? *(const uint8_t *) p
            : m->size == 2 ? *(const uint16_t *) p
            : *(const uint32_t *) p);
}

static bool
number_holds(unsigned int number, const struct meaning *m, const char *value)
{
    return (number == strtoull(value, NULL, 10)
            && number >= m->min && number <= m->max);
}

static bool
attach_holds(enum pipeline_attach attach, const char *value)
{
    return !strcmp(value, (attach == ATTACH_HOOK ? "hook"
                           : attach == ATTACH_CHAIN ? "chain" : "normal"));
}

static bool
mark_holds(struct model_mark mark, const char *value)
{
    const char *slash = strchr(value, '/');

    return (mark.value == strtoul(value, NULL, 0)
            && mark.mask == (slash ? strtoul(slash + 1, NULL, 0)
                             : UINT32_MAX));
}

static bool
cidrs_hold(const struct settings *s, const char *value)
{
    char *copy = xstrdup(value), *save = NULL;
    struct prefix prefix;
    bool holds = true;
    size_t n = 0;

    for (char *word = strtok_r(copy, ", ", &save); word && holds;
         word = strtok_r(NULL, ", ", &save)) {
        holds = (n < s->n_service_cidrs && prefix_parse(word, &prefix)
                 && !prefix_compare(&prefix, &s->service_cidrs[n++]));
    }
    free(copy);
    return holds && n == s->n_service_cidrs && n <= 32;
}

/* True if 's' says what 'value' does. */
static bool
holds(const struct settings *s, const struct meaning *m, const char *value)
{
    switch (m->kind) {
    case TEXT:
    case PATH:
        return text_holds(get_text(s, m), m, value);
    case FLAG:
        return *(const bool *) get_member(s, m) == is_among(value, m->yes);
    case NUMBER:
        return number_holds(get_number(s, m), m, value);
    case ATTACH:
        return attach_holds(s->attach, value);
    case MARK:
        return mark_holds(s->node_mark, value);
    case CIDRS:
        return cidrs_hold(s, value);
    }
    OVS_NOT_REACHED();
}

/* True if 'value' must be taken. */
static bool
must_be_taken(const struct meaning *m, const char *value)
{
    size_t n = strlen(value);

    return (m->kind == FLAG
            ? is_among(value, m->no) || is_among(value, m->yes)
            : m->kind == NUMBER
            ? n && n <= 10 && strspn(value, "0123456789") == n
              && strtoull(value, NULL, 10) >= m->min
              && strtoull(value, NULL, 10) <= m->max
            : is_among(value, m->none) || is_among(value, m->as_is));
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
same_member(const struct settings *a, const struct settings *b,
            const struct meaning *m)
{
    return (m->kind == TEXT || m->kind == PATH
            ? same_string(get_text(a, m), get_text(b, m))
            : m->kind == CIDRS ? same_cidrs(a, b)
            : !memcmp(get_member(a, m), get_member(b, m), m->size));
}

/* True if they are the same, but for what 'except', unless it is NULL, is
 * about. */
static bool
same_but(const struct settings *a, const struct settings *b,
         const struct meaning *except)
{
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
        const struct meaning *m = &meanings[i];

        if ((!except || m->offset != except->offset)
            && !same_member(a, b, m)) {
            return false;
        }
    }
    return true;
}

static bool
same_settings(const struct settings *a, const struct settings *b)
{
    return same_but(a, b, NULL);
}

/* Settings and meanings have the same numbers. */
static void
check_meanings(void)
{
    struct option *options = xcalloc(settings_count() + 1, sizeof *options);

    ovs_assert(settings_count() == ARRAY_SIZE(meanings));
    settings_long_options(0, options);
    for (size_t i = 0; i < settings_count(); i++) {
        ovs_assert(!strcmp(options[i].name, meanings[i].name));
    }
    free(options);
}

/* The number of setting 'name', or -1. */
static int
find_setting(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
        if (!strcmp(meanings[i].name, name)) {
            return i;
        }
    }
    return -1;
}

/* A value that is taken is what the setting is then, and nothing else is
 * changed.  One that is refused changes nothing. */
static void
check_value(int i, const char *value)
{
    const struct meaning *m = &meanings[i];
    struct settings s, before;

    settings_init(&s);
    settings_init(&before);
    char *error = settings_set_flag(&s, i, value);
    value = value ? value : "true";
    if (error) {
        ovs_assert(!must_be_taken(m, value));
        ovs_assert(same_settings(&s, &before));
    } else {
        ovs_assert(holds(&s, m, value));
        ovs_assert(same_but(&s, &before, m));
    }
    free(error);
    settings_uninit(&s);
    settings_uninit(&before);
}

/* One line of the command line. */
static void
try_flag(struct settings *settings, char *line)
{
    char *value = strchr(line, '=');

    if (value) {
        *value++ = '\0';
    }
    int i = find_setting(line);
    if (i >= 0) {
        check_value(i, value);
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
        check_value(setting, doc_node_text(value));
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

/* What the file says must be right, whether the command line wins or not. */
static void
parse_beside_flags(struct settings *settings, const char *text, size_t size)
{
    struct settings alone;

    settings_init(&alone);
    char *error = settings_parse(settings, FILE_NAME, text, size);
    char *error_alone = settings_parse(&alone, FILE_NAME, text, size);
    ovs_assert(same_string(error, error_alone));
    free(error_alone);
    free(error);
    settings_uninit(&alone);
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

    check_meanings();
    settings_init(&s);
    settings_init(&again);
    size_t n_flags = try_flags(&s, text, size);
    ovs_assert(try_flags(&again, text, size) == n_flags);
    compare_file_and_flags(text + n_flags, size - n_flags);

    /* The file, then what the command line said once more: nothing new. */
    parse_beside_flags(&s, text + n_flags, size - n_flags);
    parse_beside_flags(&again, text + n_flags, size - n_flags);
    try_flags(&again, text, n_flags);
    ovs_assert(same_settings(&s, &again));
    check(&s);
    settings_uninit(&s);
    settings_uninit(&again);
    return 0;
}
