/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "annotate-private.h"

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

/* Words. */

static enum k8s_direction
table_direction(const struct annotation *a, uint8_t table)
{
    return (table < pipeline_table(a->pipeline, TABLE_INGRESS_TARGET)
            ? K8S_EGRESS : K8S_INGRESS);
}

void
annotate_put_more(size_t n, struct ds *s)
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
    annotate_put_more(n, s);
    return n > 0;
}

/* "isolated by NS/POLICY, …; subject of KIND NAME, …" */
void
annotate_put_concerned(const struct partition_class *class, struct ds *s)
{
    bool isolated = put_policies(class, true, "isolated by ", s);

    put_policies(class, false, isolated ? "; subject of " : "subject of ", s);
}

/* "NS/POLICY ingress[0], …" */
void
annotate_put_rule(const struct rule *r, struct ds *s)
{
    for (size_t i = 0; i < MIN(r->uses.n, MAX_NAMES); i++) {
        const struct policy_use *use = r->uses.p[i];

        ds_put_cstr(s, i ? ", " : "");
        policy_format_name(use->policy, s);
        ds_put_format(s, " %s[%"PRIuSIZE"]", k8s_direction_name(r->direction),
                      use->index);
    }
    annotate_put_more(r->uses.n, s);
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
    annotate_put_more(p->n_groups, s);
    for (size_t i = 0; p->nets && i < MIN(p->nets->n_blocks, MAX_NAMES); i++) {
        ds_put_cstr(s, i || p->n_groups ? ", " : "");
        k8s_format_block(&p->nets->blocks[i], s);
    }
    if (p->nets) {
        annotate_put_more(p->nets->n_blocks, s);
    }
}

void
annotate_put_rule_terms(const struct rule *r, struct ds *s)
{
    put_rule_peers(r, s);
    if (r->n_services) {
        ds_put_cstr(s, ", ports ");
        rule_format_services(r, s);
    }
}

const char *
annotate_action(const struct rule *r)
{
    return (!r->rung || r->rung->action == K8S_ACCEPT ? "allowed by "
            : r->rung->action == K8S_DENY ? "denied by " : "passed on by ");
}

/* "allowed by RULE: from … , ports …" */
static void
put_decision(const struct annotation *a, enum k8s_direction d, uint32_t id)
{
    const struct rule *r = find_entry(&a->rules[d], id)->what;

    ds_put_cstr(a->s, annotate_action(r));
    annotate_put_rule(r, a->s);
    annotate_put_rule_terms(r, a->s);
}

static const char *
clause_name(const struct rule *r, uint8_t clause)
{
    clause += r->universal;
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
            annotate_put_rule(r, a->s);
        }
    }
    annotate_put_more(n, a->s);
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
        annotate_put_more(c->n_sets, a->s);
    }
}

/* Who uses the lists of ipBlocks that a prefix is in. */
void
annotate_put_blocks(const struct partition_class *c, struct ds *s)
{
    size_t n = 0;

    ds_put_cstr(s, "in the ipBlocks of ");
    for (size_t i = 0; i < c->links.n; i++) {
        const struct rule_peers *p = c->links.p[i];

        for (size_t j = 0; j < p->rules.n; j++) {
            if (n++ < MAX_NAMES) {
                ds_put_cstr(s, n > 1 ? "; " : "");
                annotate_put_rule(p->rules.p[j], s);
            }
        }
    }
    annotate_put_more(n, s);
}

static void
put_net(const struct annotation *a, const struct flowset_flow *f)
{
    enum k8s_direction d = table_direction(a, f->table);

    if (!cookie_id(f->cookie)) {
        ds_put_cstr(a->s, "in no ipBlock: an except");
        return;
    }
    annotate_put_blocks(find_entry(&a->nets[d], cookie_id(f->cookie))->what,
                        a->s);
}

static void
put_target(const struct annotation *a, const struct flowset_flow *f)
{
    enum k8s_direction d = table_direction(a, f->table);
    const struct k8s_pod *pod;
    const struct k8s_node *node;

    put_owner(a, f, true, &pod, &node);
    ds_put_cstr(a->s, ": ");
    annotate_put_concerned(
        find_entry(&a->targets[d], cookie_id(f->cookie))->what, a->s);
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
    annotate_put_more(e->members.n, a->s);
    ds_put_cstr(a->s, ", ");
    annotate_put_concerned(e->what, a->s);
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
    struct annotation a;

    annotation_init(&a, compile, model);
    a.s = &s;
    flowset_for_each(compile_flowset(compile), true, put_flow, &a);
    annotation_uninit(&a);
    return ds_steal_cstr(&s);
}
