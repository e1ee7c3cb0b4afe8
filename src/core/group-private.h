/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by group.c (groups), group-space.c (scopes and namespaces),
 * group-member.c (pods), group-node.c (nodes, which are members, too),
 * group-address.c (their addresses) and group-port.c (their named ports). */

#ifndef GROUP_PRIVATE_H
#define GROUP_PRIVATE_H 1

#include "group.h"

struct label;

/* A namespace that has members or a scope of its own. */
struct group_space {
    struct hmap_node node;      /* In 'spaces', by name. */
    char *name;
    struct label_set *labels;   /* NULL until it has members. */
    bool audit;                 /* See group_told; false until then. */
    struct ptrs scopes;         /* That contain it. */
    struct ptrs members;        /* Not stale. */
    size_t n_users;             /* Members and own scope. */
};

/* Where a group looks for pods: one namespace, or all that match. */
struct group_scope {
    struct hmap_node node;      /* In 'scopes', by text. */
    char *text;
    struct selector *selector;  /* NULL: just spaces.p[0]. */
    struct ptrs spaces;
    struct ptrs groups;         /* All. */
    struct hmap by_label;       /* "struct label_bucket", those groups whose
                                 * selector requires a label. */
    struct ptrs unlabeled;      /* The others. */
};

struct label_bucket {
    struct hmap_node node;
    const struct label *label;
    struct ptrs groups;
};

struct groups {
    struct partition partitions[GROUP_N_ROLES];
    struct hmap groups;
    struct hmap scopes;
    struct ptrs selector_scopes;
    struct hmap spaces;
    size_t n_members;
    struct hmap port_names;
    struct hmap nodes;          /* "struct group_node", by name. */
    struct ptrs changed_port_names;
    struct ptrs stale;          /* Members to be evaluated. */
    struct ptrs touched;        /* Evaluated members to be flushed. */
    struct ptrs flips;
    struct ptrs dead;           /* Groups to be freed. */
    size_t n_groups[GROUP_N_ROLES];
};

static inline bool
group_is_target(const struct group *g)
{
    return g->role == GROUP_TARGET_EGRESS || g->role == GROUP_TARGET_INGRESS;
}

static inline bool
group_member_has_class(const struct group_member *m)
{
    for (int role = 0; role < GROUP_N_ROLES; role++) {
        if (m->classes[role]) {
            return true;
        }
    }
    return false;
}

/* group-space.c */

/* The namespace, or NULL; or made if need be, for one more user. */
struct group_space *group_space_find(const struct groups *, const char *name);
struct group_space *group_space_use(struct groups *, const char *name);
void group_space_unuse(struct groups *, struct group_space *);
/* Returns true if 's' is in other scopes than before. */
bool group_space_set_labels(struct groups *, struct group_space *s,
                            const struct label_set *);
/* The scope, made if need be; it goes when its last group is removed. */
struct group_scope *group_scope_get(struct groups *, const char *ns,
                                    struct selector *namespaces);
void group_scope_add(struct group_scope *, struct group *);
void group_scope_remove(struct groups *, struct group *);
struct label_bucket *group_find_bucket(const struct group_scope *,
                                       const struct label *);

/* group-member.c */
struct group_member *group_member_create(struct groups *, const char *ns);
void group_member_destroy(struct groups *, struct group_member *);
void group_member_set_stale(struct groups *, struct group_member *);
/* True if 'm' belongs to 'g', given that its namespace is in g's scope. */
bool group_member_matches(const struct group_member *m, const struct group *g);
/* Puts 'm', which is not stale, into or out of the sets of 'g'. */
void group_member_enter(struct groups *, struct group_member *m,
                        struct group *g);
void group_member_leave(struct groups *, struct group_member *m,
                        struct group *g);

/* group-address.c: tells 'cb' of addresses of 'm' whose class is not what it
 * was told; those that have none any more if 'clear', else the others. */
void group_member_flush(struct group_member *m, const struct model *,
                        bool clear, group_address_cb *cb, void *aux);

/* group-node.c: after the members. */
void group_nodes_destroy(struct groups *);

/* group-port.c */
/* Sets the named ports of 'm', and whether it is local. */
void group_member_set_ports(struct groups *, struct group_member *m,
                            bool local, const struct k8s_named_port[],
                            size_t n);
void group_port_ref(struct group_port *);
void group_port_unref(struct groups *, struct group_port *);

#endif /* group-private.h */
