/* SPDX-License-Identifier: Apache-2.0
 *
 * The addresses of members.  What their classes should be follows from the
 * model and the member; only what was told is remembered, so that a member
 * without a class, as most are, needs no memory for its addresses. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "group-private.h"
#include "model.h"
#include "util.h"

struct address {
    struct in6_addr addr;
    struct group_told told[GROUP_N_ROLES];
};

struct group_addresses {
    size_t n;
    struct address p[];
};

/* True if 'm', which is 'pod', owns 'addr', which a newer one may have won. */
static bool
is_owned(const struct group_member *m, const struct model *model,
         const struct k8s_pod *pod, const struct in6_addr *addr)
{
    if (m->node && pod) {
        const struct k8s_node *owner = model_node_by_address(model, addr);

        return owner && !strcmp(owner->up.name, pod->up.name);
    }
    return pod && model_pod_owns(model, pod, addr);
}

static struct address *
find_address(const struct group_member *m, const struct in6_addr *addr)
{
    for (size_t i = 0; m->addresses && i < m->addresses->n; i++) {
        struct address *a = &m->addresses->p[i];

        if (!memcmp(&a->addr, addr, sizeof *addr)) {
            return a;
        }
    }
    return NULL;
}

static struct address *
add_address(struct group_member *m, const struct in6_addr *addr)
{
    struct group_addresses *as = m->addresses;
    size_t n = as ? as->n : 0;

    as = m->addresses = xrealloc(as, sizeof *as + (n + 1) * sizeof *as->p);
    as->n = n + 1;
    as->p[n] = (struct address) { .addr = *addr };
    return &as->p[n];
}

static bool
is_told_anything(const struct address *a)
{
    for (int role = 0; role < GROUP_N_ROLES; role++) {
        if (a->told[role].class) {
            return true;
        }
    }
    return false;
}

/* Drops addresses that nothing is told of any more. */
static void
forget_addresses(struct group_member *m)
{
    struct group_addresses *as = m->addresses;
    size_t n = 0;

    for (size_t i = 0; i < as->n; i++) {
        if (is_told_anything(&as->p[i])) {
            as->p[n++] = as->p[i];
        }
    }
    as->n = n;
    if (!n) {
        free(as);
        m->addresses = NULL;
    }
}

static bool
is_target(enum group_role role)
{
    return role == GROUP_TARGET_EGRESS || role == GROUP_TARGET_INGRESS;
}

static struct group_told
wanted(const struct group_member *m, bool owned, enum group_role role)
{
    uint32_t class = owned ? partition_class_number(m->classes[role]) : 0;

    return (struct group_told) {
        .class = class,
        .audit = class && is_target(role) && m->space->audit,
    };
}

/* Tells 'cb' of what to clear for 'a' if 'clear', else of what to set. */
static void
flush_address(const struct group_member *m, struct address *a, bool owned,
              bool clear, group_address_cb *cb, void *aux)
{
    for (enum group_role role = 0; role < GROUP_N_ROLES; role++) {
        struct group_told *old = &a->told[role];
        struct group_told new = wanted(m, owned, role);

        if ((new.class != old->class || new.audit != old->audit)
            && clear == !new.class) {
            cb(role, &a->addr, old, &new, aux);
            *old = new;
        }
    }
}

static void
clear_addresses(struct group_member *m, const struct model *model,
                const struct k8s_pod *pod, group_address_cb *cb, void *aux)
{
    for (size_t i = 0; i < m->addresses->n; i++) {
        struct address *a = &m->addresses->p[i];

        flush_address(m, a, is_owned(m, model, pod, &a->addr), true, cb, aux);
    }
    forget_addresses(m);
}

static void
set_addresses(struct group_member *m, const struct model *model,
              const struct k8s_pod *pod, group_address_cb *cb, void *aux)
{
    for (size_t i = 0; i < pod->n_addresses; i++) {
        const struct in6_addr *addr = &pod->addresses[i];

        if (is_owned(m, model, pod, addr)) {
            struct address *a = find_address(m, addr);

            flush_address(m, a ? a : add_address(m, addr), true, false, cb,
                          aux);
        }
    }
}

void
group_member_flush(struct group_member *m, const struct model *model,
                   bool clear, group_address_cb *cb, void *aux)
{
    const struct k8s_pod *pod = m->live ? m->up.pod : NULL;

    if (clear && m->addresses) {
        clear_addresses(m, model, pod, cb, aux);
    } else if (!clear && pod && group_member_has_class(m)) {
        set_addresses(m, model, pod, cb, aux);
    }
}
