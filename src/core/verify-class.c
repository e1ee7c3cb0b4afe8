/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "hash.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "packets.h"
#include "ptrs.h"
#include "sset.h"
#include "util.h"

/* Flows of others that look at an address and at more than that; more of them
 * are not looked at. */
#define MAX_ODD_FLOWS 1000

/* Something that a policy asks about a pod. */
struct predicate {
    const char *ns;             /* Where 'namespaces' is NULL. */
    const struct selector *namespaces, *pods;
};

/* What all predicates say about the pods with these labels. */
struct answer {
    struct hmap_node node;
    const char *ns;
    const struct label_set *labels;
    char *text;
};

struct survey {
    const struct verify *v;
    struct predicate *predicates;
    size_t n_predicates, allocated_predicates;
    struct ptrs blocks;         /* "struct k8s_ip_block". */
    struct ptrs nodes;          /* "struct selector", of nodes. */
    struct sset seen;           /* Predicates and blocks. */
    struct sset names;          /* Of ports. */
    struct hmap answers;
    struct match *odd;
    size_t n_odd;
    struct in6_addr neutral[2]; /* Nobody, for each family. */
    struct sset signatures;
    struct verify_plan *plan;
};

/* What policies ask. */

static void
add_predicate(struct survey *s, const char *ns,
              const struct selector *namespaces, const struct selector *pods)
{
    char *key = xasprintf("%s|%p|%p", namespaces ? "" : ns, namespaces, pods);

    if (!sset_add_and_free(&s->seen, key)) {
        return;
    }
    if (s->n_predicates >= s->allocated_predicates) {
        s->predicates = x2nrealloc(s->predicates, &s->allocated_predicates,
                                   sizeof *s->predicates);
    }
    s->predicates[s->n_predicates++]
        = (struct predicate) { ns, namespaces, pods };
}

static void
add_block(struct survey *s, const struct k8s_ip_block *block)
{
    struct ds key = DS_EMPTY_INITIALIZER;

    k8s_format_block(block, &key);
    if (sset_add_and_free(&s->seen, ds_steal_cstr(&key))) {
        ptrs_add(&s->blocks, block);
    }
}

static void
add_rule(const struct k8s_rule *rule, const char *ns, void *s_)
{
    struct survey *s = s_;

    for (size_t i = 0; i < rule->n_peers; i++) {
        const struct k8s_peer *peer = &rule->peers[i];

        if (peer->block) {
            add_block(s, peer->block);
        } else if (peer->nodes) {
            ptrs_add(&s->nodes, peer->nodes);
        } else {
            add_predicate(s, ns, peer->namespaces, peer->pods);
        }
    }
    for (size_t i = 0; i < rule->n_ports; i++) {
        if (rule->ports[i].name) {
            sset_add(&s->names, rule->ports[i].name);
        }
    }
}

static void
add_policy(struct survey *s, const struct k8s_object *o)
{
    if (o->kind == K8S_POLICY) {
        add_predicate(s, o->ns, NULL, k8s_policy_cast(o)->pods);
    } else {
        add_predicate(s, NULL, k8s_cluster_policy_cast(o)->namespaces,
                      k8s_cluster_policy_cast(o)->pods);
    }
    verify_for_each_rule(o, add_rule, s);
}

/* Odd flows. */

/* Our flows that look at an address look at one, and at the port that the
 * packet came from and its mark. */
static bool
is_odd(const struct match *match)
{
    const struct flow *mask = &match->wc.masks;
    bool src = mask->nw_src || !ipv6_mask_is_any(&mask->ipv6_src);
    bool dst = mask->nw_dst || !ipv6_mask_is_any(&mask->ipv6_dst);
    struct match plain = *match;

    if (!src && !dst) {
        return false;
    }
    match_set_nw_src_masked(&plain, 0, 0);
    match_set_nw_dst_masked(&plain, 0, 0);
    match_set_ipv6_src_masked(&plain, &in6addr_any, &in6addr_any);
    match_set_ipv6_dst_masked(&plain, &in6addr_any, &in6addr_any);
    match_set_in_port(&plain, 0);
    plain.wc.masks.in_port.ofp_port = 0;
    match_set_pkt_mark_masked(&plain, 0, 0);
    plain.wc.masks.dl_type = 0;
    return (src && dst) || !flow_wildcards_is_catchall(&plain.wc);
}

static void
note_odd(const struct flowset_flow *f, void *s_)
{
    struct survey *s = s_;

    if (!verify_is_selective(s->v, f) || !is_odd(&f->match)) {
        return;
    }
    if (s->n_odd >= MAX_ODD_FLOWS) {
        s->plan->incomplete = true;
        return;
    }
    s->odd = xrealloc(s->odd, (s->n_odd + 1) * sizeof *s->odd);
    s->odd[s->n_odd++] = f->match;
}

static bool
odd_matches(const struct match *m, const struct in6_addr *addr, bool source)
{
    const struct flow *mask = &m->wc.masks;

    if (address_is_v6(addr)) {
        const struct in6_addr *want
            = source ? &m->flow.ipv6_src : &m->flow.ipv6_dst;
        const struct in6_addr *wc = source ? &mask->ipv6_src : &mask->ipv6_dst;
        struct in6_addr have = ipv6_addr_bitand(addr, wc);

        return (m->flow.dl_type == htons(ETH_TYPE_IPV6)
                && !memcmp(&have, want, sizeof have));
    }

    ovs_be32 ip = in6_addr_get_mapped_ipv4(addr);
    return (m->flow.dl_type == htons(ETH_TYPE_IP)
            && (source
                ? (ip & mask->nw_src) == m->flow.nw_src
                : (ip & mask->nw_dst) == m->flow.nw_dst));
}

/* Signatures. */

static bool
predicate_holds(const struct survey *s, const struct predicate *p,
                const struct k8s_pod *pod)
{
    return ((p->namespaces
             ? selector_matches(p->namespaces,
                                model_namespace_labels(s->v->model,
                                                       pod->up.ns))
             : !strcmp(p->ns, pod->up.ns))
            && selector_matches(p->pods, pod->labels));
}

static const char *
answer_predicates(struct survey *s, const struct k8s_pod *pod)
{
    uint32_t hash = hash_pointer(pod->labels, hash_string(pod->up.ns, 0));
    struct ds text = DS_EMPTY_INITIALIZER;
    struct answer *a;

    HMAP_FOR_EACH_WITH_HASH (a, node, hash, &s->answers) {
        if (a->labels == pod->labels && !strcmp(a->ns, pod->up.ns)) {
            return a->text;
        }
    }
    for (size_t i = 0; i < s->n_predicates; i++) {
        if (predicate_holds(s, &s->predicates[i], pod)) {
            ds_put_format(&text, "%"PRIuSIZE" ", i);
        }
    }
    a = xmalloc(sizeof *a);
    a->ns = pod->up.ns;
    a->labels = pod->labels;
    a->text = ds_steal_cstr(&text);
    hmap_insert(&s->answers, &a->node, hash);
    return a->text;
}

static void
sign_pod(struct survey *s, const struct k8s_pod *pod, struct ds *sig)
{
    ds_put_format(sig, "pod%s%s %s",
                  verify_is_local(s->v->model, pod) ? " here" : "",
                  (model_namespace_is_audited(s->v->model, pod->up.ns)
                   ? " audited" : ""),
                  answer_predicates(s, pod));
    for (size_t i = 0; i < pod->n_ports; i++) {
        const struct k8s_named_port *p = &pod->ports[i];

        if (sset_contains(&s->names, p->name)) {
            ds_put_format(sig, "%s=%d/%d ", p->name, p->protocol, p->number);
        }
    }
}

static void
sign_node(const struct survey *s, const struct in6_addr *addr, struct ds *sig)
{
    const struct k8s_node *node = model_node_by_address(s->v->model, addr);

    for (size_t i = 0; node && i < s->nodes.n; i++) {
        if (selector_matches(s->nodes.p[i], node->labels)) {
            ds_put_format(sig, " n%"PRIuSIZE, i);
        }
    }
}

static void
sign_address(const struct survey *s, const struct in6_addr *addr,
             struct ds *sig)
{
    const struct model *model = s->v->model;

    ds_put_format(sig, "; %s%s%s", address_is_v6(addr) ? "v6" : "v4",
                  model_is_node_address(model, addr) ? " node" : "",
                  model_is_service_address(model, addr) ? " service" : "");
    for (size_t i = 0; i < s->blocks.n; i++) {
        if (k8s_ip_block_contains(s->blocks.p[i], addr)) {
            ds_put_format(sig, " %"PRIuSIZE, i);
        }
    }
    sign_node(s, addr, sig);
    for (size_t i = 0; i < s->n_odd; i++) {
        ds_put_format(sig, "%s%s",
                      odd_matches(&s->odd[i], addr, true) ? " src" : "",
                      odd_matches(&s->odd[i], addr, false) ? " dst" : "");
        ds_put_char(sig, ',');
    }
}

/* The actions of the flows that a packet matches by its addresses alone. */
static void
sign_flows(const struct survey *s, const struct in6_addr *src,
           const struct in6_addr *dst, struct ds *sig)
{
    struct verdict_query q = {
        .src = { model_pod_by_address(s->v->model, src), *src },
        .dst = { model_pod_by_address(s->v->model, dst), *dst },
        .protocol = IPPROTO_RAW,
    };
    struct flow packet;

    verify_packet(s->v, &q, &packet);
    for (int t = 0; t <= TABLE_INGRESS_BASELINE; t++) {
        size_t size;
        bool found;
        const void *actions = replica_look_up(s->v->replica, t, &packet, &size,
                                              &found);

        ds_put_cstr(sig, found ? ";" : ";none");
        if (size) {
            ds_put_hex(sig, actions, size);
        }
    }
}

static void
append(struct in6_addr **addrs, size_t *n, const struct in6_addr *addr)
{
    /* Room is made by powers of two. */
    if (!(*n & (*n - 1))) {
        *addrs = xrealloc(*addrs, MAX(1, *n * 2) * sizeof **addrs);
    }
    (*addrs)[(*n)++] = *addr;
}

/* Adds 'addr' to the plan, if it is like one that is there as a suspect
 * only. */
static void
add_address(struct survey *s, const struct in6_addr *addr)
{
    const struct k8s_pod *pod = model_pod_by_address(s->v->model, addr);
    const struct in6_addr *neutral = &s->neutral[address_is_v6(addr)];
    struct verify_plan *plan = s->plan;
    struct ds sig = DS_EMPTY_INITIALIZER;

    if (pod) {
        sign_pod(s, pod, &sig);
    }
    sign_address(s, addr, &sig);
    sign_flows(s, addr, neutral, &sig);
    sign_flows(s, neutral, addr, &sig);
    if (sset_add_and_free(&s->signatures, ds_steal_cstr(&sig))) {
        append(&plan->addresses, &plan->n_addresses, addr);
    } else {
        append(&plan->suspects, &plan->n_suspects, addr);
    }
}

/* The addresses. */

static void
add_pods(struct survey *s)
{
    size_t n;
    const struct k8s_object **pods = model_sorted(s->v->model, K8S_POD, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_pod *pod = k8s_pod_cast(pods[i]);

        for (size_t j = 0; j < pod->n_addresses; j++) {
            const struct in6_addr *addr = &pod->addresses[j];

            if (model_pod_by_address(s->v->model, addr) == pod) {
                add_address(s, addr);
            }
        }
    }
    free(pods);
}

/* An address without anything special to it, to be at the other end. */
static void
choose_neutral(struct survey *s, const struct in6_addr *nobody, size_t n)
{
    ovs_assert(address_parse("192.0.0.8", &s->neutral[0]));
    ovs_assert(address_parse("100::1", &s->neutral[1]));
    for (size_t i = n; i-- > 0; ) {
        if (!model_is_service_address(s->v->model, &nobody[i])) {
            s->neutral[address_is_v6(&nobody[i])] = nobody[i];
        }
    }
}

static void
take(struct survey *s, const struct ptrs *policies)
{
    size_t n, n_node;
    struct in6_addr *nobody = verify_nobody(s->v, policies, &n);
    const struct in6_addr *node = model_node_addresses(s->v->model, &n_node);

    choose_neutral(s, nobody, n);
    for (size_t i = 0; i < n; i++) {
        add_address(s, &nobody[i]);
    }
    add_pods(s);
    for (size_t i = 0; i < n_node; i++) {
        if (!model_pod_by_address(s->v->model, &node[i])) {
            add_address(s, &node[i]);
        }
    }
    free(nobody);
}

static void
survey_init(struct survey *s, const struct verify *v, struct verify_plan *plan)
{
    memset(s, 0, sizeof *s);
    s->v = v;
    s->plan = plan;
    sset_init(&s->seen);
    sset_init(&s->names);
    sset_init(&s->signatures);
    hmap_init(&s->answers);
}

static void
survey_uninit(struct survey *s)
{
    struct answer *a;

    HMAP_FOR_EACH_POP (a, node, &s->answers) {
        free(a->text);
        free(a);
    }
    hmap_destroy(&s->answers);
    sset_destroy(&s->seen);
    sset_destroy(&s->names);
    sset_destroy(&s->signatures);
    ptrs_uninit(&s->blocks);
    ptrs_uninit(&s->nodes);
    free(s->predicates);
    free(s->odd);
}

void
verify_plan_addresses(const struct verify *v, const struct ptrs *policies,
                      struct verify_plan *plan)
{
    struct survey s;

    survey_init(&s, v, plan);
    for (size_t i = 0; i < policies->n; i++) {
        add_policy(&s, policies->p[i]);
    }
    replica_for_each(v->replica, note_odd, &s);
    take(&s, policies);
    survey_uninit(&s);
}
