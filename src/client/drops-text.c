/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "drops.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "columns.h"
#include "name.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "terminal.h"
#include "util.h"

/* Reading what the daemon says, which may be older or newer than we are. */

static const struct json *
get(const struct json *json, const char *name, enum json_type type)
{
    const struct json *member
        = (json && json->type == JSON_OBJECT
           ? shash_find_data(json_object(json), name) : NULL);

    return member && member->type == type ? member : NULL;
}

static const char *
get_string(const struct json *json, const char *name)
{
    const struct json *member = get(json, name, JSON_STRING);

    return member ? json_string(member) : "";
}

static int64_t
get_integer(const struct json *json, const char *name, int64_t missing)
{
    const struct json *member = get(json, name, JSON_INTEGER);

    return member ? json_integer(member) : missing;
}

static size_t
get_array(const struct json *json, const char *name,
          struct json *const **elements)
{
    const struct json *member = get(json, name, JSON_ARRAY);

    *elements = member ? member->array.elems : NULL;
    return member ? member->array.n : 0;
}

uint64_t
drops_next(const struct json *answer)
{
    return get_integer(answer, "next", 0);
}

uint64_t
drops_suppressed(const struct json *answer, bool audit)
{
    return get_integer(get(answer, "suppressed", JSON_OBJECT),
                       audit ? "audit" : "drop", 0);
}

/* Names. */

/* "NS/NAME" (caller frees), or NULL. */
static char *
get_name(const struct json *json)
{
    return (json ? xasprintf("%s/%s", get_string(json, "namespace"),
                             get_string(json, "name"))
            : NULL);
}

/* A pod, or an address. */
static char *
end_name(const struct json *record, const char *which)
{
    const struct json *end = get(record, which, JSON_OBJECT);
    char *pod = get_name(get(end, "pod", JSON_OBJECT));

    return (pod ? pod
            : xasprintf("%s%s", get_string(end, "address"),
                        get(end, "node", JSON_TRUE) ? " (node)" : ""));
}

/* "TCP/5432", "ICMP type 8". */
static char *
service_name(const struct json *record)
{
    const char *protocol = get_string(record, "protocol");
    int64_t port = get_integer(get(record, "destination", JSON_OBJECT),
                               "port", -1);
    int64_t type = get_integer(record, "type", -1);

    return (port >= 0 ? xasprintf("%s/%"PRId64, protocol, port)
            : type >= 0 ? xasprintf("%s type %"PRId64, protocol, type)
            : xstrdup(protocol));
}

/* "NS/NAME" of a policy that isolates; "KIND/NAME ingress[0]", the rule of a
 * cluster policy that denied. */
static void
put_policy(const struct json *record, const struct json *policy, struct ds *s)
{
    const char *kind = get_string(policy, "kind");
    char *name;

    if (kind[0]) {
        ds_put_format(s, "%s/%s %s[%"PRId64"]", kind,
                      get_string(policy, "name"),
                      get_string(record, "direction"),
                      get_integer(policy, "rule", 0));
    } else {
        name = get_name(policy);
        ds_put_cstr(s, name);
        free(name);
    }
}

static char *
policy_names(const struct json *record)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct json *const *policies;
    size_t n = get_array(record, "policies", &policies);
    int64_t more = get_integer(record, "morePolicies", 0);

    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(&s, i ? "," : "");
        put_policy(record, policies[i], &s);
    }
    if (more) {
        ds_put_format(&s, " and %"PRId64" more", more);
    }
    return ds_steal_cstr(&s);
}

/* Choosing. */

static bool
end_is(const struct json *record, const char *which, const char *pod)
{
    const struct json *end = get(record, which, JSON_OBJECT);
    char *name = get_name(get(end, "pod", JSON_OBJECT));
    bool is = name && !strcmp(name, pod);

    free(name);
    return is;
}

static bool
knows_pod(const struct json *record, const char *pod)
{
    return end_is(record, "source", pod) || end_is(record, "destination", pod);
}

/* True if 'json' is the policy that 'name' names. */
static bool
is_policy(const struct json *json, const struct policy_name *name)
{
    const char *kind = get_string(json, "kind");

    return (!strcmp(get_string(json, "name"), name->name)
            && (name->kind == K8S_POLICY
                ? !kind[0] && !strcmp(get_string(json, "namespace"), name->ns)
                : kind[0] && (name->kind == K8S_N_KINDS
                              || !strcmp(kind, k8s_kind_name(name->kind)))));
}

static bool
has_policy(const struct json *record, const char *policy)
{
    struct json *const *policies;
    size_t n = get_array(record, "policies", &policies);
    struct policy_name name;
    bool has = false;

    if (!policy_name_parse(policy, &name)) {
        return false;
    }
    for (size_t i = 0; i < n && !has; i++) {
        has = is_policy(policies[i], &name);
    }
    policy_name_uninit(&name);
    return has;
}

bool
drops_matches(const struct drops_filter *f, const struct json *record)
{
    return (!strcmp(get_string(record, "verdict"),
                    f->audit ? "audit" : "drop")
            && (!f->pod || knows_pod(record, f->pod))
            && (!f->policy || has_policy(record, f->policy)));
}

bool
drops_know(const struct json *answer, const char *pod, const char *policy)
{
    struct json *const *records;
    size_t n = get_array(answer, "records", &records);

    for (size_t i = 0; i < n; i++) {
        if ((pod && knows_pod(records[i], pod))
            || (policy && has_policy(records[i], policy))) {
            return true;
        }
    }
    return false;
}

/* The list. */

struct row {
    const struct json *first, *last;
    size_t n;
};

/* Rows by what their packets have in common, in order of the last packet. */
struct list {
    struct shash by_key;
    struct row **rows;
    size_t n;
};

static char *
row_key(const struct json *record)
{
    char *source = end_name(record, "source");
    char *destination = end_name(record, "destination");
    char *service = service_name(record);
    char *policies = policy_names(record);
    char *key = xasprintf("%s %s %s %s %s", get_string(record, "direction"),
                          source, destination, service, policies);

    free(source);
    free(destination);
    free(service);
    free(policies);
    return key;
}

static int
compare_rows(const void *a_, const void *b_)
{
    struct row *const *a = a_;
    struct row *const *b = b_;
    int64_t m = get_integer((*a)->last, "number", 0);
    int64_t n = get_integer((*b)->last, "number", 0);

    return m < n ? -1 : m > n;
}

static void
list_init(struct list *list, const struct json *answer,
          const struct drops_filter *f)
{
    struct json *const *records;
    size_t n = get_array(answer, "records", &records), i = 0;
    struct shash_node *node;

    shash_init(&list->by_key);
    for (size_t j = 0; j < n; j++) {
        if (drops_matches(f, records[j])) {
            char *key = row_key(records[j]);
            struct row *row = shash_find_data(&list->by_key, key);

            if (!row) {
                row = xzalloc(sizeof *row);
                row->first = records[j];
                shash_add(&list->by_key, key, row);
            }
            row->last = records[j];
            row->n++;
            free(key);
        }
    }
    list->n = shash_count(&list->by_key);
    list->rows = xmalloc(MAX(list->n, 1) * sizeof *list->rows);
    SHASH_FOR_EACH (node, &list->by_key) {
        list->rows[i++] = node->data;
    }
    qsort(list->rows, list->n, sizeof *list->rows, compare_rows);
}

static void
list_uninit(struct list *list)
{
    shash_destroy_free_data(&list->by_key);
    free(list->rows);
}

static void
put_row(struct columns *columns, const struct row *row, bool colour)
{
    const struct json *r = row->last;

    columns_add_nocopy(columns, xasprintf("%.19s",
                                          get_string(r, "time")));
    columns_add_nocopy(columns, xasprintf("%"PRIuSIZE, row->n));
    columns_add_nocopy(columns, client_painted(colour, CLIENT_RED,
                                               get_string(r, "direction")));
    columns_add_nocopy(columns, end_name(r, "source"));
    columns_add_nocopy(columns, end_name(r, "destination"));
    columns_add_nocopy(columns, service_name(r));
    columns_add_nocopy(columns, policy_names(r));
}

static void
put_notes(const struct json *answer, bool audit, struct ds *s)
{
    uint64_t suppressed = drops_suppressed(answer, audit);
    const char *problem = get_string(answer, "problem");
    const char *log_problem = get_string(answer, "logProblem");

    if (suppressed) {
        ds_put_format(s, "%"PRIu64" more packets were not reported: the rate "
                      "is limited\n", suppressed);
    }
    if (problem[0]) {
        ds_put_format(s, "nothing is reported: %s\n", problem);
    }
    if (log_problem[0]) {
        ds_put_format(s, "the audit log cannot be written: %s, %"PRId64
                      " lines lost\n", log_problem,
                      get_integer(answer, "unlogged", 0));
    }
}

void
drops_format(const struct json *answer, const struct drops_filter *f,
             bool colour, struct ds *s)
{
    static const char *const titles[] = {
        "LAST (UTC)", "PACKETS", "DIRECTION", "SOURCE", "DESTINATION",
        "SERVICE", "DENIED BY"
    };
    struct columns columns;
    struct list list;

    list_init(&list, answer, f);
    columns_init(&columns, ARRAY_SIZE(titles));
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
        columns_add(&columns, titles[i]);
    }
    for (size_t i = 0; i < list.n; i++) {
        put_row(&columns, list.rows[i], colour);
    }
    columns_format(&columns, s);
    put_notes(answer, f->audit, s);
    columns_destroy(&columns);
    list_uninit(&list);
}

/* JSON. */

static void
copy_member(struct json *to, const struct json *from, const char *name)
{
    const struct json *member
        = from ? shash_find_data(json_object(from), name) : NULL;

    if (member) {
        json_object_put(to, name, json_clone(member));
    }
}

/* What all packets of a row have in common, and when. */
static struct json *
row_to_json(const struct row *row)
{
    static const char *const members[] = {
        "direction", "protocol", "type", "destination", "policies",
        "morePolicies", "node", "verdict"
    };
    struct json *json = json_object_create();
    struct json *source = json_object_create();

    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        copy_member(json, row->last, members[i]);
    }
    copy_member(source, get(row->last, "source", JSON_OBJECT), "address");
    copy_member(source, get(row->last, "source", JSON_OBJECT), "pod");
    copy_member(source, get(row->last, "source", JSON_OBJECT), "node");
    json_object_put(json, "source", source);
    json_object_put_string(json, "first", get_string(row->first, "time"));
    json_object_put_string(json, "last", get_string(row->last, "time"));
    json_object_put(json, "packets", json_integer_create(row->n));
    return json;
}

struct json *
drops_to_json(const struct json *answer, const struct drops_filter *f)
{
    struct json *json = json_object_create();
    struct json *rows = json_array_create_empty();
    struct list list;

    list_init(&list, answer, f);
    for (size_t i = 0; i < list.n; i++) {
        json_array_add(rows, row_to_json(list.rows[i]));
    }
    list_uninit(&list);
    json_object_put(json, "drops", rows);
    json_object_put(json, "suppressed",
                    json_integer_create(drops_suppressed(answer, f->audit)));
    copy_member(json, answer, "problem");
    copy_member(json, answer, "logProblem");
    copy_member(json, answer, "unlogged");
    return json;
}

/* Lines. */

static void
put_end(const struct json *record, const char *which, struct ds *s)
{
    const struct json *end = get(record, which, JSON_OBJECT);
    int64_t port = get_integer(end, "port", -1);
    char *name = end_name(record, which);
    bool brackets = port >= 0 && strchr(name, ':');

    ds_put_format(s, "%s%s%s", brackets ? "[" : "", name, brackets ? "]" : "");
    if (port >= 0) {
        ds_put_format(s, ":%"PRId64, port);
    }
    free(name);
}

void
drops_format_record(const struct json *record, bool colour, struct ds *s)
{
    char *direction = client_painted(colour, CLIENT_RED,
                                     get_string(record, "direction"));
    int64_t type = get_integer(record, "type", -1);
    char *policies = policy_names(record);

    ds_put_format(s, "%s %s %s ", get_string(record, "time"), direction,
                  get_string(record, "protocol"));
    put_end(record, "source", s);
    ds_put_cstr(s, " -> ");
    put_end(record, "destination", s);
    if (type >= 0) {
        ds_put_format(s, " type %"PRId64" code %"PRId64, type,
                      get_integer(record, "code", 0));
    }
    ds_put_format(s, " denied by %s", policies[0] ? policies : "?");
    free(direction);
    free(policies);
}
