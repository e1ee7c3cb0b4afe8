/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "annotate.h"

#include <stdlib.h>

#include "compile.h"
#include "flow.h"
#include "flowset.h"
#include "group.h"
#include "hash.h"
#include "k8s.h"
#include "model.h"
#include "netset.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-table.h"
#include "packets.h"
#include "partition.h"
#include "pipeline.h"
#include "policy.h"
#include "rule.h"
#include "util.h"

/* Lists in words stop after so many. */
#define MAX_NAMES 3

/* What a number stands for. */
struct entry {
    struct hmap_node node;
    const void *what;
    struct ptrs members;        /* Of a target class: "struct k8s_pod". */
};

struct annotation {
    struct compile *compile;
    const struct model *model;
    const struct pipeline_config *pipeline;
    struct ofputil_table_map *names;
    struct hmap rules[K8S_N_DIRECTIONS];
    struct hmap targets[K8S_N_DIRECTIONS];
    struct hmap nets[K8S_N_DIRECTIONS];
    int table;                  /* Of the last flow, -1 before the first. */
    struct ds *s;
};

/* Index. */

static struct entry *
find_entry(const struct hmap *index, uint32_t number)
{
    return CONTAINER_OF(hmap_first_with_hash(index, hash_int(number, 0)),
                        struct entry, node);
}

static struct entry *
get_entry(struct hmap *index, uint32_t number, const void *what)
{
    struct hmap_node *node = hmap_first_with_hash(index, hash_int(number, 0));
    struct entry *e;

    if (node) {
        return CONTAINER_OF(node, struct entry, node);
    }
    e = xzalloc(sizeof *e);
    e->what = what;
    hmap_insert(index, &e->node, hash_int(number, 0));
    return e;
}

static void
index_rules(struct annotation *a, enum k8s_direction d)
{
    struct rule *r;

    HMAP_FOR_EACH (r, node, &compile_rules(a->compile, d)->rules) {
        get_entry(&a->rules[d], r->id.value, r);
    }
}

static void
index_nets(struct annotation *a, enum k8s_direction d)
{
    const struct netset *netset = compile_netset(a->compile, d);
    struct partition_class *c;

    HMAP_FOR_EACH (c, node, &netset_partition(netset)->classes) {
        get_entry(&a->nets[d], c->number.value, c);
    }
}

static void
index_targets(struct annotation *a)
{
    size_t n;
    const struct k8s_object **pods = model_sorted(a->model, K8S_POD, &n);

    for (size_t i = 0; i < n; i++) {
        const struct group_member *m
            = group_member_of(k8s_pod_cast(pods[i]));

        for (int d = 0; m && d < K8S_N_DIRECTIONS; d++) {
            const struct partition_class *c = m->classes[GROUP_TARGET(d)];

            if (c) {
                ptrs_add(&get_entry(&a->targets[d], c->number.value,
                                    c)->members, pods[i]);
            }
        }
    }
    free(pods);
}

static void
destroy_index(struct hmap *index)
{
    struct entry *e;

    HMAP_FOR_EACH_SAFE (e, node, index) {
        hmap_remove(index, &e->node);
        ptrs_uninit(&e->members);
        free(e);
    }
    hmap_destroy(index);
}

/* Words. */

static enum k8s_direction
table_direction(const struct annotation *a, uint8_t table)
{
    return (table < pipeline_table(a->pipeline, TABLE_INGRESS_TARGET)
            ? K8S_EGRESS : K8S_INGRESS);
}

static void
put_more(size_t n, struct ds *s)
{
    if (n > MAX_NAMES) {
        ds_put_format(s, " and %"PRIuSIZE" more", n - MAX_NAMES);
    }
}

/* "HEAD NAME, …": the policies that isolate the class, or those of which it is
 * the subject.  Returns false if there are none. */
static bool
put_policies(const struct partition_class *class, bool isolating,
             const char *head, struct ds *s)
{
    size_t n = 0;

    for (size_t i = 0; i < class->n_sets; i++) {
        const struct group *g = CONTAINER_OF(class->sets[i], struct group,
                                             set);

        for (size_t j = 0; j < g->users.n && g->isolates == isolating; j++) {
            if (n++ < MAX_NAMES) {
                ds_put_cstr(s, n > 1 ? ", " : head);
                policy_format_name(g->users.p[j], s);
            }
        }
    }
    put_more(n, s);
    return n > 0;
}

/* "isolated by NS/POLICY, …; subject of KIND NAME, …" */
static void
put_concerned(const struct partition_class *class, struct ds *s)
{
    bool isolated = put_policies(class, true, "isolated by ", s);

    put_policies(class, false, isolated ? "; subject of " : "subject of ", s);
}

/* "NS/POLICY ingress[0], …" */
static void
put_rule(const struct rule *r, struct ds *s)
{
    for (size_t i = 0; i < MIN(r->uses.n, MAX_NAMES); i++) {
        const struct policy_use *use = r->uses.p[i];

        ds_put_cstr(s, i ? ", " : "");
        policy_format_name(use->policy, s);
        ds_put_format(s, " %s[%"PRIuSIZE"]", k8s_direction_name(r->direction),
                      use->index);
    }
    put_more(r->uses.n, s);
}

static void
put_rule_peers(const struct rule *r, struct ds *s)
{
    const struct rule_peers *p = r->peers;

    ds_put_cstr(s, r->direction == K8S_EGRESS ? ": to " : ": from ");
    if (!p) {
        ds_put_cstr(s, "anyone");
        return;
    }
    for (size_t i = 0; i < MIN(p->n_groups, MAX_NAMES); i++) {
        ds_put_cstr(s, i ? ", " : "");
        group_format(p->groups[i], s);
    }
    put_more(p->n_groups, s);
    for (size_t i = 0; p->nets && i < MIN(p->nets->n_blocks, MAX_NAMES); i++) {
        ds_put_cstr(s, i || p->n_groups ? ", " : "");
        k8s_format_block(&p->nets->blocks[i], s);
    }
    if (p->nets) {
        put_more(p->nets->n_blocks, s);
    }
}

/* "allowed by RULE: from … , ports …" */
static void
put_decision(const struct annotation *a, enum k8s_direction d, uint32_t id)
{
    const struct rule *r = find_entry(&a->rules[d], id)->what;

    ds_put_cstr(a->s, !r->rung || r->rung->action == K8S_ACCEPT
                ? "allowed by " : r->rung->action == K8S_DENY
                ? "denied by " : "passed on by ");
    put_rule(r, a->s);
    put_rule_peers(r, a->s);
    if (r->n_services) {
        ds_put_cstr(a->s, ", ports ");
        rule_format_services(r, a->s);
    }
}

static const char *
clause_name(const struct rule *r, uint8_t clause)
{
    return !clause ? "target" : clause == 1 && r->peers ? "peer" : "port";
}

static void
put_clause(const struct annotation *a, const struct flowset_flow *f)
{
    enum k8s_direction d = table_direction(a, f->table);
    const struct ofpact *ofpact;
    size_t n = 0;

    OFPACT_FOR_EACH (ofpact, f->ofpacts, f->ofpacts_len) {
        const struct ofpact_conjunction *conj = ofpact_get_CONJUNCTION(ofpact);
        const struct rule *r = find_entry(&a->rules[d], conj->id)->what;

        if (!n) {
            ds_put_format(a->s, "%s in ", clause_name(r, conj->clause));
        }
        if (n++ < MAX_NAMES) {
            ds_put_cstr(a->s, n > 1 ? "; " : "");
            put_rule(r, a->s);
        }
    }
    put_more(n, a->s);
}

/* The address that an address table's flow is about, and its pod or node. */
static void
put_owner(const struct annotation *a, const struct flowset_flow *f, bool own,
          const struct k8s_pod **pod, const struct k8s_node **node)
{
    bool source = own == (table_direction(a, f->table) == K8S_EGRESS);
    const struct flow *flow = &f->match.flow;
    struct in6_addr addr;

    if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        addr = source ? flow->ipv6_src : flow->ipv6_dst;
    } else {
        in6_addr_set_mapped_ipv4(&addr, source ? flow->nw_src : flow->nw_dst);
    }
    *pod = model_pod_by_address(a->model, &addr);
    *node = *pod ? NULL : model_node_by_address(a->model, &addr);
    if (*pod) {
        ds_put_format(a->s, "%s/%s", (*pod)->up.ns, (*pod)->up.name);
    } else if (*node) {
        ds_put_format(a->s, "node %s", (*node)->up.name);
    } else {
        address_format(&addr, a->s);
    }
}

static void
put_peer(const struct annotation *a, const struct flowset_flow *f)
{
    enum k8s_direction d = table_direction(a, f->table);
    const struct groups *groups = compile_groups(a->compile);
    const struct k8s_pod *pod;
    const struct k8s_node *node;
    const struct group_member *m;
    const struct partition_class *c;

    put_owner(a, f, false, &pod, &node);
    m = (pod ? group_member_of(pod)
         : node ? group_member_of_node(groups, node->up.name) : NULL);
    c = m ? m->classes[GROUP_PEER(d)] : NULL;
    for (size_t i = 0; c && i < MIN(c->n_sets, MAX_NAMES); i++) {
        ds_put_cstr(a->s, i ? ", " : " is among ");
        group_format(CONTAINER_OF(c->sets[i], struct group, set), a->s);
    }
    if (c) {
        put_more(c->n_sets, a->s);
    }
}

/* Who uses the lists of ipBlocks that a prefix is in. */
static void
put_net(const struct annotation *a, const struct flowset_flow *f)
{
    enum k8s_direction d = table_direction(a, f->table);
    const struct partition_class *c;
    size_t n = 0;

    if (!cookie_id(f->cookie)) {
        ds_put_cstr(a->s, "in no ipBlock: an except");
        return;
    }
    c = find_entry(&a->nets[d], cookie_id(f->cookie))->what;
    ds_put_cstr(a->s, "in the ipBlocks of ");
    for (size_t i = 0; i < c->links.n; i++) {
        const struct rule_peers *p = c->links.p[i];

        for (size_t j = 0; j < p->rules.n; j++) {
            if (n++ < MAX_NAMES) {
                ds_put_cstr(a->s, n > 1 ? "; " : "");
                put_rule(p->rules.p[j], a->s);
            }
        }
    }
    put_more(n, a->s);
}

static void
put_target(const struct annotation *a, const struct flowset_flow *f)
{
    enum k8s_direction d = table_direction(a, f->table);
    const struct k8s_pod *pod;
    const struct k8s_node *node;

    put_owner(a, f, true, &pod, &node);
    ds_put_cstr(a->s, ": ");
    put_concerned(find_entry(&a->targets[d], cookie_id(f->cookie))->what,
                  a->s);
}

/* The pods of a target class, and the policies about it. */
static void
put_class(const struct annotation *a, enum k8s_direction d, uint32_t class)
{
    const struct entry *e = find_entry(&a->targets[d], class);

    ds_put_format(a->s, "%s of ", k8s_direction_name(d));
    for (size_t i = 0; i < MIN(e->members.n, MAX_NAMES); i++) {
        const struct k8s_object *pod = e->members.p[i];

        ds_put_format(a->s, "%s%s/%s", i ? ", " : "", pod->ns, pod->name);
    }
    put_more(e->members.n, a->s);
    ds_put_cstr(a->s, ", ");
    put_concerned(e->what, a->s);
}

static void
put_drop(const struct annotation *a, const struct flowset_flow *f)
{
    enum k8s_direction d = (f->match.wc.masks.regs[REG_TARGET(K8S_EGRESS)]
                            ? K8S_EGRESS : K8S_INGRESS);

    put_class(a, d, cookie_id(f->cookie));
}

static void
put_deny(const struct annotation *a, const struct flowset_flow *f)
{
    put_decision(a, (f->match.wc.masks.regs[REG_RULE(K8S_EGRESS)]
                     ? K8S_EGRESS : K8S_INGRESS), cookie_id(f->cookie));
}

static void
put_free(const struct annotation *a, const struct flowset_flow *f)
{
    ds_put_cstr(a->s, "not isolated: ");
    put_class(a, table_direction(a, f->table), cookie_id(f->cookie));
}

/* Above put_drop()'s flow. */
static void
put_audit(const struct annotation *a, const struct flowset_flow *f)
{
    ds_put_cstr(a->s, "audited, let through: ");
    put_drop(a, f);
}

static void
put_guard(const struct annotation *a, const struct flowset_flow *f)
{
    size_t n;
    const struct model_port *ports = model_ports(a->model, &n);

    if (!cookie_id(f->cookie)) {
        ds_put_cstr(a->s, f->match.wc.masks.in_port.ofp_port
                    ? "the node, where it translates addresses"
                    : "nobody else has a local pod's address");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (ports[i].ofport == cookie_id(f->cookie)) {
            ds_put_format(a->s, "%s, pod %s/%s", ports[i].interface,
                          ports[i].ns, ports[i].name);
            return;
        }
    }
}

static void
put_purpose(const struct annotation *a, const struct flowset_flow *f)
{
    switch (cookie_kind(f->cookie)) {
    case COOKIE_STATIC:
        ds_put_cstr(a->s, "always there");
        break;
    case COOKIE_GUARD:
        put_guard(a, f);
        break;
    case COOKIE_TARGET:
        put_target(a, f);
        break;
    case COOKIE_PEER:
        put_peer(a, f);
        break;
    case COOKIE_NET:
        put_net(a, f);
        break;
    case COOKIE_EXEMPT:
        ds_put_cstr(a->s,
                    cookie_id(f->cookie) == 2
                    ? "pods do not send to the node's tunnel ports"
                    : cookie_id(f->cookie) == 1
                    ? "a Service address, decided when translated"
                    : f->match.wc.masks.in_port.ofp_port
                    ? "the node to its own pods" : "a pod to itself");
        break;
    case COOKIE_CLAUSE:
        put_clause(a, f);
        break;
    case COOKIE_RULE:
        put_decision(a, table_direction(a, f->table), cookie_id(f->cookie));
        break;
    case COOKIE_DROP:
        put_drop(a, f);
        break;
    case COOKIE_REPORT:
        ds_put_format(a->s, "told to the daemon: %s %s",
                      k8s_direction_name(cookie_id(f->cookie) & 1),
                      (cookie_id(f->cookie) & 2 ? "let through by audit mode"
                       : "dropped"));
        break;
    case COOKIE_AUDIT:
        put_audit(a, f);
        break;
    case COOKIE_DENY:
        put_deny(a, f);
        break;
    case COOKIE_FREE:
        put_free(a, f);
        break;
    default:
        OVS_NOT_REACHED();
    }
}

static void
put_table(struct annotation *a, uint8_t table)
{
    int offset = table - a->pipeline->base;

    if (a->table >= 0) {
        ds_put_char(a->s, '\n');
    }
    if (offset >= 0) {
        ds_put_format(a->s, "## %s (%d): %s\n", pipeline_table_names[offset],
                      table, pipeline_table_purposes[offset]);
    } else {
        ds_put_format(a->s, "## table %d: the way in\n", table);
    }
    a->table = table;
}

static void
put_flow(const struct flowset_flow *f, void *a_)
{
    struct annotation *a = a_;

    if (f->table != a->table) {
        put_table(a, f->table);
    }
    ds_put_cstr(a->s, "# ");
    put_purpose(a, f);
    ds_put_char(a->s, '\n');
    flowset_format_flow(f, a->names, a->s);
    ds_put_char(a->s, '\n');
}

char *
annotate_flows(struct compile *compile, const struct model *model)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct annotation a = {
        .compile = compile,
        .model = model,
        .pipeline = &compile_config(compile)->pipeline,
        .table = -1,
        .s = &s,
    };

    a.names = pipeline_table_map(a.pipeline);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        hmap_init(&a.rules[d]);
        hmap_init(&a.targets[d]);
        hmap_init(&a.nets[d]);
        index_rules(&a, d);
        index_nets(&a, d);
    }
    index_targets(&a);
    flowset_for_each(compile_flowset(compile), true, put_flow, &a);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        destroy_index(&a.rules[d]);
        destroy_index(&a.targets[d]);
        destroy_index(&a.nets[d]);
    }
    pipeline_table_map_destroy(a.names);
    return ds_steal_cstr(&s);
}
