/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "shrink-cluster.h"

#include <string.h>

#include "cluster.h"

/* Steps are counted while the cluster is walked; the one with number 'wanted'
 * is taken. */
struct walk {
    unsigned int wanted, n;
    bool taken;
};

static bool
is_my_turn(struct walk *w)
{
    bool mine = w->n++ == w->wanted;

    w->taken |= mine;
    return mine;
}

/* Offers to clear 'flag'. */
static void
offer_clear(struct walk *w, bool *flag)
{
    if (*flag && is_my_turn(w)) {
        *flag = false;
    }
}

/* Offers to set 'flag'. */
static void
offer_set(struct walk *w, bool *flag)
{
    if (!*flag && is_my_turn(w)) {
        *flag = true;
    }
}

/* Offers to drop each of the '*n' elements of 'size' bytes. */
static void
offer_drop(struct walk *w, void *array, uint8_t *n, size_t size)
{
    uint8_t *p = array;

    for (uint8_t i = 0; i < *n; i++) {
        if (is_my_turn(w)) {
            memmove(p + i * size, p + (i + 1) * size, (*n - i - 1) * size);
            --*n;
            return;
        }
    }
}

static void
walk_labels(struct walk *w, struct cluster_labels *labels)
{
    for (unsigned int i = 0; i < CLUSTER_N_KEYS; i++) {
        if (labels->values[i] && is_my_turn(w)) {
            labels->values[i] = 0;
        }
    }
}

static void
walk_enforcement(struct walk *w, uint8_t *enforcement)
{
    if (*enforcement != K8S_ENFORCEMENT_UNSET && is_my_turn(w)) {
        *enforcement = K8S_ENFORCEMENT_UNSET;
    }
}

static void
walk_selector(struct walk *w, struct cluster_selector *s)
{
    offer_drop(w, s->requirements, &s->n, sizeof *s->requirements);
}

static void
walk_rule(struct walk *w, struct cluster_rule *rule)
{
    offer_set(w, &rule->any_peer);
    offer_set(w, &rule->any_port);
    if (!rule->any_port) {
        offer_drop(w, rule->ports, &rule->n_ports, sizeof *rule->ports);
    }
    if (!rule->any_peer) {
        offer_drop(w, rule->peers, &rule->n_peers, sizeof *rule->peers);
        for (size_t i = 0; i < rule->n_peers; i++) {
            struct cluster_peer *peer = &rule->peers[i];

            walk_selector(w, &peer->spaces);
            walk_selector(w, &peer->pods);
            offer_drop(w, peer->excepts, &peer->n_excepts,
                       sizeof *peer->excepts);
        }
    }
}

static void
walk_policy(struct walk *w, struct cluster_policy *p)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        offer_clear(w, &p->isolates[d]);
    }
    walk_selector(w, &p->pods);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (p->isolates[d]) {
            offer_drop(w, p->rules[d], &p->n_rules[d], sizeof *p->rules[d]);
            for (size_t i = 0; i < p->n_rules[d]; i++) {
                walk_rule(w, &p->rules[d][i]);
            }
        }
    }
}

/* A cluster policy's rule must have peers, and ports unless any will do. */
static void
walk_tiered_rule(struct walk *w, struct cluster_tiered_rule *rule)
{
    struct cluster_rule *match = &rule->match;

    offer_clear(w, &rule->closed);
    offer_set(w, &match->any_port);
    if (!match->any_port && match->n_ports > 1) {
        offer_drop(w, match->ports, &match->n_ports, sizeof *match->ports);
    }
    if (match->n_peers > 1) {
        offer_drop(w, match->peers, &match->n_peers, sizeof *match->peers);
    }
    for (size_t i = 0; i < match->n_peers; i++) {
        walk_selector(w, &match->peers[i].spaces);
        walk_selector(w, &match->peers[i].pods);
    }
}

static void
walk_tiered(struct walk *w, struct cluster_tiered *t)
{
    walk_selector(w, &t->spaces);
    walk_selector(w, &t->pods);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        offer_drop(w, t->rules[d], &t->n_rules[d], sizeof *t->rules[d]);
        for (size_t i = 0; i < t->n_rules[d]; i++) {
            walk_tiered_rule(w, &t->rules[d][i]);
        }
    }
}

static void
walk_machine(struct walk *w, struct cluster_machine *m)
{
    offer_clear(w, &m->has_v4);
    offer_clear(w, &m->has_v6);
    walk_labels(w, &m->labels);
}

static void
walk_pod(struct walk *w, struct cluster_pod *p)
{
    offer_clear(w, &p->has_v4);
    offer_clear(w, &p->has_v6);
    offer_clear(w, &p->has_uid);
    offer_clear(w, &p->host_network);
    offer_clear(w, &p->finished);
    offer_drop(w, p->ports, &p->n_ports, sizeof *p->ports);
    walk_labels(w, &p->labels);
    if (p->created && is_my_turn(w)) {
        p->created = 0;
    }
}

static void
walk_presence(struct walk *w, struct cluster *c)
{
    for (size_t i = 0; i < CLUSTER_N_POLICIES; i++) {
        offer_clear(w, &c->policies[i].present);
    }
    for (size_t i = 0; i < CLUSTER_N_TIERED; i++) {
        offer_clear(w, &c->tiered[i].present);
    }
    for (size_t i = 0; i < CLUSTER_N_MACHINES; i++) {
        offer_clear(w, &c->machines[i].present);
    }
    for (size_t i = 0; i < CLUSTER_N_PODS; i++) {
        offer_clear(w, &c->pods[i].present);
    }
    for (size_t i = 0; i < CLUSTER_N_IFACES; i++) {
        offer_clear(w, &c->ifaces[i].present);
    }
    for (size_t i = 0; i < CLUSTER_N_SPACES; i++) {
        offer_clear(w, &c->spaces[i].present);
    }
    offer_clear(w, &c->here.has_v4);
    offer_clear(w, &c->here.has_v6);
    offer_clear(w, &c->here.audit);
    offer_drop(w, c->here.service_cidrs, &c->here.n_service_cidrs,
               sizeof *c->here.service_cidrs);
}

/* Takes step number 'wanted'; false if there are fewer. */
static bool
take_step(struct cluster *c, unsigned int wanted)
{
    struct walk w = { .wanted = wanted };

    walk_presence(&w, c);
    for (size_t i = 0; i < CLUSTER_N_POLICIES; i++) {
        if (c->policies[i].present) {
            walk_policy(&w, &c->policies[i]);
        }
    }
    for (size_t i = 0; i < CLUSTER_N_TIERED; i++) {
        if (c->tiered[i].present) {
            walk_tiered(&w, &c->tiered[i]);
        }
    }
    for (size_t i = 0; i < CLUSTER_N_MACHINES; i++) {
        if (c->machines[i].present) {
            walk_machine(&w, &c->machines[i]);
        }
    }
    for (size_t i = 0; i < CLUSTER_N_PODS; i++) {
        if (c->pods[i].present) {
            walk_pod(&w, &c->pods[i]);
        }
    }
    for (size_t i = 0; i < CLUSTER_N_IFACES; i++) {
        if (c->ifaces[i].present) {
            offer_clear(&w, &c->ifaces[i].has_mac);
        }
    }
    for (size_t i = 0; i < CLUSTER_N_SPACES; i++) {
        if (c->spaces[i].present) {
            walk_labels(&w, &c->spaces[i].labels);
            walk_enforcement(&w, &c->spaces[i].enforcement);
        }
    }
    return w.taken;
}

void
shrink_cluster(struct cluster *c, shrink_fails *fails, void *aux)
{
    bool progress = fails(c, aux);

    while (progress) {
        unsigned int step = 0;

        progress = false;
        for (;;) {
            struct cluster smaller = *c;

            if (!take_step(&smaller, step)) {
                break;
            }
            if (fails(&smaller, aux)) {
                *c = smaller;
                progress = true;
            } else {
                step++;
            }
        }
    }
}
