/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "k8s-private.h"
#include "model.h"
#include "packets.h"
#include "pipeline.h"
#include "split.h"
#include "sset.h"
#include "util.h"

/* Bytes that are looked at before an error is noticed. */
#define PIECE (256 * 1024)

struct reader {
    struct label_pool *pool;
    struct model *model;
    struct snapshot_node *node;
    size_t n;                   /* Items so far. */
    char *error;
};

/* The NodeState. */

static bool
get_text(struct k8s_parser *p, const struct k8s_field *up, const char *name,
         char **copy)
{
    struct k8s_field field = k8s_field_member(up, name);
    const char *text = NULL;

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    }
    free(*copy);
    *copy = nullable_xstrdup(text);
    return true;
}

static bool
get_number(struct k8s_parser *p, const struct k8s_field *up, const char *name,
           int64_t min, int64_t max, int64_t *value)
{
    struct k8s_field field = k8s_field_member(up, name);

    return k8s_get_integer(p, &field, min, max, value);
}

static bool
get_established(struct k8s_parser *p, const struct k8s_field *spec,
                bool *recheck)
{
    struct k8s_field field = k8s_field_member(spec, "established");
    const char *text = "keep";

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    }
    *recheck = !strcmp(text, "recheck");
    return (*recheck || !strcmp(text, "keep")
            || k8s_fail_text(p, &field, text, "is not keep or recheck"));
}

static bool
get_attach(struct k8s_parser *p, const struct k8s_field *spec,
           struct snapshot_node *node)
{
    struct k8s_field field = k8s_field_member(spec, "attach");
    int64_t next = node->next_table;
    const char *text = "hook";

    if (!k8s_get_string(p, &field, &text)
        || !get_number(p, spec, "nextTable", 0, PIPELINE_MAX_TABLE, &next)) {
        return false;
    }
    node->next_table = next;
    return (pipeline_attach_parse(text, &node->attach)
            || k8s_fail_text(p, &field, text,
                             "is not hook, chain or normal"));
}

static bool
get_enforcement(struct k8s_parser *p, const struct k8s_field *spec,
                struct model *model)
{
    struct k8s_field field = k8s_field_member(spec, "enforcement");
    enum k8s_enforcement enforcement;
    const char *text = "enforce";

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    } else if (!k8s_enforcement_parse(text, &enforcement)) {
        return k8s_fail_text(p, &field, text, "is not enforce or audit");
    }
    model_set_audit(model, enforcement == K8S_AUDIT);
    return true;
}

static bool
get_mark(struct k8s_parser *p, const struct k8s_field *spec,
         struct model *model)
{
    struct k8s_field field = k8s_field_member(spec, "nodeMark");
    struct model_mark mark = { 0, 0 };
    const char *text = NULL;

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    } else if (text && !model_mark_parse(text, &mark)) {
        return k8s_fail_text(p, &field, text, "is not a packet mark");
    }
    model_set_node_mark(model, mark);
    return true;
}

static bool
get_refused(struct k8s_parser *p, const struct k8s_field *spec,
            struct model *model)
{
    struct k8s_field list = k8s_field_member(spec, "refused");
    struct sset names = SSET_INITIALIZER(&names);
    bool ok = true;
    size_t n;

    if (!k8s_get_count(p, &list, DOC_LIST, SNAPSHOT_MAX_REFUSED, &n)) {
        return false;
    }
    for (size_t i = 0; ok && i < n; i++) {
        struct k8s_field item = k8s_field_at(&list, i);
        const char *text = "";

        ok = k8s_get_string(p, &item, &text);
        if (ok && text) {
            sset_add(&names, text);
        }
    }
    if (ok) {
        model_set_refused(model, &names);
    }
    sset_destroy(&names);
    return ok;
}

static bool
get_cidrs(struct k8s_parser *p, const struct k8s_field *spec,
          struct model *model)
{
    struct k8s_field list = k8s_field_member(spec, "serviceCIDRs");
    bool ok = true;
    size_t n;

    if (!k8s_get_count(p, &list, DOC_LIST, SNAPSHOT_MAX_ADDRESSES, &n)) {
        return false;
    }
    struct prefix *cidrs = xmalloc(MAX(n, 1) * sizeof *cidrs);
    for (size_t i = 0; ok && i < n; i++) {
        struct k8s_field item = k8s_field_at(&list, i);
        const char *text = "";

        ok = (k8s_get_string(p, &item, &text)
              && (prefix_parse(text, &cidrs[i])
                  || k8s_fail_text(p, &item, text, "is not a CIDR")));
    }
    if (ok) {
        model_set_service_cidrs(model, cidrs, n);
    }
    free(cidrs);
    return ok;
}

static bool
get_limits(struct k8s_parser *p, const struct k8s_field *spec,
           struct budget_limits *limits)
{
    struct k8s_field field = k8s_field_member(spec, "limits");
    int64_t policy = 0, ns = 0, total = 0;

    if (!k8s_expect(p, &field, DOC_MAP)
        || !get_number(p, &field, "policy", 0, UINT32_MAX, &policy)
        || !get_number(p, &field, "namespace", 0, UINT32_MAX, &ns)
        || !get_number(p, &field, "total", 0, UINT32_MAX, &total)) {
        return false;
    }
    *limits = (struct budget_limits) { policy, ns, total };
    return true;
}

static bool
get_new_ports(struct k8s_parser *p, const struct k8s_field *spec,
              struct snapshot_node *node)
{
    struct k8s_field field = k8s_field_member(spec, "newPorts");
    const char *text = "open";

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    }
    node->closes_unknown = !strcmp(text, "closed");
    return (node->closes_unknown || !strcmp(text, "open")
            || k8s_fail_text(p, &field, text, "is not closed or open"));
}

static bool
read_settings(struct k8s_parser *p, const struct k8s_field *root,
              struct reader *r)
{
    struct k8s_field spec = k8s_field_member(root, "spec");
    struct k8s_field guard = k8s_field_member(&spec, "spoofGuard");
    struct k8s_field reports = k8s_field_member(&spec, "reports");
    int64_t base = r->node->table_base, zone = r->node->zone;

    if (!k8s_expect(p, &spec, DOC_MAP)
        || !get_text(p, &spec, "bridge", &r->node->bridge)
        || !get_number(p, &spec, "tableBase", 1, UINT8_MAX, &base)
        || !get_number(p, &spec, "zone", 0, UINT16_MAX, &zone)
        || !get_established(p, &spec, &r->node->recheck)
        || !get_new_ports(p, &spec, r->node)
        || !get_attach(p, &spec, r->node)
        || !get_enforcement(p, &spec, r->model)
        || !get_mark(p, &spec, r->model)
        || !get_limits(p, &spec, &r->node->limits)
        || !k8s_get_bool(p, &guard, &r->node->spoof_guard)
        || !k8s_get_bool(p, &reports, &r->node->reports)) {
        return false;
    }
    r->node->table_base = base;
    r->node->zone = zone;
    return (get_refused(p, &spec, r->model)
            && get_cidrs(p, &spec, r->model));
}

static bool
get_addresses(struct k8s_parser *p, const struct k8s_field *status,
              struct model *model)
{
    struct k8s_field list = k8s_field_member(status, "addresses");
    bool ok = true;
    size_t n;

    if (!k8s_get_count(p, &list, DOC_LIST, SNAPSHOT_MAX_ADDRESSES, &n)) {
        return false;
    }
    struct in6_addr *addrs = xmalloc(MAX(n, 1) * sizeof *addrs);
    for (size_t i = 0; ok && i < n; i++) {
        struct k8s_field item = k8s_field_at(&list, i);
        const char *text = "";

        ok = (k8s_get_string(p, &item, &text)
              && (address_parse(text, &addrs[i])
                  || k8s_fail_text(p, &item, text, "is not an IP address")));
    }
    if (ok) {
        model_set_node_addresses(model, addrs, n);
    }
    free(addrs);
    return ok;
}

static bool
get_mac(struct k8s_parser *p, const struct k8s_field *up, struct eth_addr *mac)
{
    struct k8s_field field = k8s_field_member(up, "mac");
    const char *text = NULL;

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    }
    return (!text || eth_addr_from_string(text, mac)
            || k8s_fail_text(p, &field, text, "is not an Ethernet address"));
}

/* A name that must be there. */
static bool
get_name(struct k8s_parser *p, const struct k8s_field *up, const char *name,
         char **copy)
{
    struct k8s_field field = k8s_field_member(up, name);

    return (get_text(p, up, name, copy)
            && (*copy || k8s_fail(p, &field, "missing")));
}

static bool
get_port(struct k8s_parser *p, const struct k8s_field *item,
         struct model_port *port)
{
    struct k8s_field guard = k8s_field_member(item, "spoofGuard");
    bool guarded = true;
    int64_t ofport = 0;

    memset(port, 0, sizeof *port);
    if (!k8s_expect(p, item, DOC_MAP)
        || !get_name(p, item, "interface", &port->interface)
        || !get_name(p, item, "namespace", &port->ns)
        || !get_name(p, item, "pod", &port->name)
        || !get_mac(p, item, &port->mac)
        || !k8s_get_bool(p, &guard, &guarded)
        || !get_number(p, item, "ofport", 1, MODEL_MAX_OFPORT, &ofport)) {
        return false;
    }
    port->ofport = ofport;
    port->unguarded = !guarded;
    return ofport || k8s_fail(p, item, "ofport: missing");
}

static bool
get_others(struct k8s_parser *p, const struct k8s_field *status,
           struct model *model)
{
    struct k8s_field list = k8s_field_member(status, "otherPorts");
    bool ok = true;
    size_t n;

    if (!k8s_get_count(p, &list, DOC_LIST, SNAPSHOT_MAX_PORTS, &n)) {
        return false;
    }
    uint32_t *ofports = xmalloc(MAX(n, 1) * sizeof *ofports);
    for (size_t i = 0; ok && i < n; i++) {
        struct k8s_field item = k8s_field_at(&list, i);
        int64_t ofport = 0;

        ok = k8s_get_integer(p, &item, 1, MODEL_MAX_OFPORT, &ofport);
        ofports[i] = ofport;
    }
    if (ok) {
        model_set_strangers(model, ofports, n);
    }
    free(ofports);
    return ok;
}

static bool
get_ports(struct k8s_parser *p, const struct k8s_field *status,
          struct model *model)
{
    struct k8s_field list = k8s_field_member(status, "ports");
    size_t n, n_read = 0;
    bool ok = true;

    if (!k8s_get_count(p, &list, DOC_LIST, SNAPSHOT_MAX_PORTS, &n)) {
        return false;
    }
    struct model_port *ports = xmalloc(MAX(n, 1) * sizeof *ports);
    while (ok && n_read < n) {
        struct k8s_field item = k8s_field_at(&list, n_read);

        ok = get_port(p, &item, &ports[n_read++]);
    }
    if (ok) {
        model_set_ports(model, ports, n);
    }
    for (size_t i = 0; i < n_read; i++) {
        free(ports[i].interface);
        free(ports[i].ns);
        free(ports[i].name);
    }
    free(ports);
    return ok;
}

static bool
get_written(struct k8s_parser *p, const struct k8s_field *status,
            int64_t *seconds)
{
    struct k8s_field field = k8s_field_member(status, "written");
    const char *text = NULL;

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    }
    return (!text || k8s_parse_time(text, seconds)
            || k8s_fail_text(p, &field, text, "is not an RFC 3339 time"));
}

static bool
read_status(struct k8s_parser *p, const struct k8s_field *root,
            struct reader *r)
{
    struct k8s_field status = k8s_field_member(root, "status");
    int64_t generation = 0, gateway = 0;

    if (!k8s_expect(p, &status, DOC_MAP)
        || !get_number(p, &status, "generation", 0, INT64_MAX, &generation)
        || !get_number(p, &status, "gateway", 0, UINT32_MAX, &gateway)
        || !get_text(p, &status, "gatewayPort", &r->node->gateway_port)
        || !get_written(p, &status, &r->node->written)) {
        return false;
    }
    r->node->generation = generation;
    r->node->gateway = gateway;
    return (get_addresses(p, &status, r->model)
            && get_others(p, &status, r->model)
            && get_ports(p, &status, r->model));
}

static bool
read_node_name(struct k8s_parser *p, const struct k8s_field *root,
               struct model *model)
{
    struct k8s_field metadata = k8s_field_member(root, "metadata");
    struct k8s_field name = k8s_field_member(&metadata, "name");
    const char *text = NULL;

    if (!k8s_expect(p, &metadata, DOC_MAP)
        || !k8s_get_string(p, &name, &text)) {
        return false;
    }
    model_set_node_name(model, text);
    return true;
}

/* Another version means that the rest would not be understood. */
static bool
check_version(struct k8s_parser *p, const struct k8s_field *root)
{
    struct k8s_field field = k8s_field_member(root, "apiVersion");
    const char *text = "";

    if (!k8s_get_string(p, &field, &text)) {
        return false;
    }
    return (!strcmp(text, SNAPSHOT_API_VERSION)
            || k8s_fail_text(p, &field, text, "is not the version that we "
                             "know, "SNAPSHOT_API_VERSION));
}

static char *
read_node(struct reader *r, const struct doc_node *node)
{
    struct k8s_report report = { .error = NULL };
    struct k8s_parser p = { .pool = r->pool, .report = &report };
    struct k8s_field root = k8s_field_root(node);

    k8s_limits_default(&p.limits);
    if (check_version(&p, &root) && read_node_name(&p, &root, r->model)
        && read_settings(&p, &root, r)) {
        read_status(&p, &root, r);
    }
    char *error = nullable_xstrdup(report.error);
    k8s_report_uninit(&report);
    return error;
}

/* Objects. */

static bool
is_node_state(const struct doc_node *node)
{
    const struct doc_node *kind = doc_node_get(node, "kind");

    return (kind && doc_node_type(kind) == DOC_STRING
            && !strcmp(doc_node_string(kind), "NodeState"));
}

static char *
read_object(struct reader *r, enum k8s_kind kind, const struct doc_node *node)
{
    struct k8s_report report;
    char *key;

    struct k8s_object *object = k8s_parse(kind, node, r->pool, NULL, &report,
                                          &key);
    char *error = NULL;
    if (object) {
        model_put(r->model, object);
    } else {
        error = xasprintf("%s: %s", key ? key : k8s_kind_name(kind),
                          report.error);
    }
    k8s_report_uninit(&report);
    free(key);
    return error;
}

static char *
read_item(struct reader *r, const struct doc_node *node)
{
    enum k8s_kind kind;

    return (doc_node_type(node) != DOC_MAP ? xstrdup("not an object")
            : is_node_state(node) ? read_node(r, node)
            : k8s_identify(node, NULL, &kind) ? read_object(r, kind, node)
            : NULL);
}

/* The document. */

static char *
parse(const char *text, size_t size, struct doc **docp)
{
    struct doc_limits limits;

    doc_limits_default(&limits);
    limits.max_size = SNAPSHOT_MAX_ITEM;
    return doc_parse_json(text, size, &limits, docp);
}

static void
handle_item(const char *text, size_t size, void *reader_)
{
    struct reader *r = reader_;
    struct doc *doc = NULL;

    if (r->error) {
        return;
    }
    char *error = parse(text, size, &doc);
    if (doc) {
        error = read_item(r, doc_root(doc));
    }
    if (error) {
        r->error = xasprintf("items[%"PRIuSIZE"]: %s", r->n, error);
        free(error);
    }
    doc_destroy(doc);
    r->n++;
}

/* What is left when the items are taken out. */
static char *
check_rest(const struct split *split)
{
    struct doc *doc = NULL;

    if (!split_is_complete(split)) {
        return xstrdup("the document is not complete");
    }
    char *error = parse(ds_cstr_ro(&split->rest), split->rest.length, &doc);
    if (!error && !k8s_is_list(doc_root(doc))) {
        error = xstrdup("the document is not a list");
    }
    doc_destroy(doc);
    return error;
}

static char *
read_document(const char *text, size_t size, struct reader *r)
{
    struct split split;
    char *error = NULL;

    split_init(&split);
    split.max_item = SNAPSHOT_MAX_ITEM;
    for (size_t at = 0; at < size && !error; at += PIECE) {
        error = split_feed(&split, text + at, MIN(PIECE, size - at),
                           handle_item, r);
        if (!error) {
            error = r->error;
        } else {
            free(r->error);
        }
    }
    if (!error) {
        error = check_rest(&split);
    }
    split_uninit(&split);
    return error;
}

char *
snapshot_read(const char *text, size_t size, struct label_pool *pool,
              struct model *model, struct snapshot_node *node)
{
    struct reader r = { .pool = pool, .model = model, .node = node };

    snapshot_node_init(node);
    char *error = (size <= SNAPSHOT_MAX_SIZE
                   ? read_document(text, size, &r)
                   : xasprintf("more than %"PRIuSIZE" bytes",
                               SNAPSHOT_MAX_SIZE));
    if (error) {
        snapshot_node_uninit(node);
    }
    return error;
}
