/* SPDX-License-Identifier: Apache-2.0
 *
 * k8s-private: what the parsers of the kinds share.
 *
 * A parser walks down a document with 'struct k8s_field', which knows the way
 * back up, so that a message can name the path without anybody having built
 * one.  Functions that return bool return false when they noted an error in
 * the report, which has all that there are, up to K8S_MAX_FINDINGS. */

#ifndef K8S_PRIVATE_H
#define K8S_PRIVATE_H 1

#include "doc.h"
#include "k8s.h"

struct label_pair;
struct selector_requirement;

struct k8s_parser {
    struct label_pool *pool;
    struct k8s_limits limits;
    struct k8s_report *report;
};

/* One field of a document, there or not. */
struct k8s_field {
    const struct k8s_field *up; /* NULL for the document. */
    const char *name;           /* NULL for an item of a list. */
    size_t index;
    const struct doc_node *node;        /* NULL if missing or null (S6, S13),
                                         * but a list's item may be null. */
};

struct k8s_field k8s_field_root(const struct doc_node *);
struct k8s_field k8s_field_member(const struct k8s_field *, const char *name);
/* The 'i'-th item or member of a list or map that is there. */
struct k8s_field k8s_field_at(const struct k8s_field *, size_t i);

/* Notes an error about a field. */
bool k8s_fail(struct k8s_parser *, const struct k8s_field *,
              const char *format, ...) OVS_PRINTF_FORMAT(3, 4);
/* Same: '"TEXT" PROBLEM', where TEXT is what the user wrote. */
bool k8s_fail_text(struct k8s_parser *, const struct k8s_field *,
                   const char *text, const char *problem);

/* Notes a warning about a field. */
void k8s_warn(struct k8s_parser *, const struct k8s_field *,
              const char *format, ...) OVS_PRINTF_FORMAT(3, 4);

/* Checks that a field has a type, or is missing. */
bool k8s_expect(struct k8s_parser *, const struct k8s_field *, enum doc_type);

/* Values of fields that may be missing: '*value' is then left alone. */
bool k8s_get_string(struct k8s_parser *, const struct k8s_field *,
                    const char **value);
bool k8s_get_bool(struct k8s_parser *, const struct k8s_field *, bool *value);
/* An integer between 'min' and 'max'. */
bool k8s_get_integer(struct k8s_parser *, const struct k8s_field *,
                     int64_t min, int64_t max, int64_t *value);
/* Checks a list or map, and that it has at most 'max' items.  '*n' is 0 if it
 * is missing. */
bool k8s_get_count(struct k8s_parser *, const struct k8s_field *,
                   enum doc_type, size_t max, size_t *n);

/* Warns about a field that is left out of account: '"TEXT" PROBLEM'. */
void k8s_warn_text(struct k8s_parser *, const struct k8s_field *,
                   const char *text, const char *problem);

/* Same: 'PROBLEM, CONSEQUENCE', because of which something grants nothing, or
 * denies everything. */
void k8s_warn_closed(struct k8s_parser *, const struct k8s_field *,
                     const char *problem, const char *consequence);

/* Warns about members of map 'field' that are not in 'known', which ends with
 * NULL.  'consequence' says what closes because of them; NULL: nothing, they
 * are ignored.  Returns true if all are known. */
bool k8s_check_known(struct k8s_parser *, const struct k8s_field *field,
                     const char *const known[], const char *consequence);

/* Syntax. */
bool k8s_is_dns_label(const char *);
bool k8s_is_dns_subdomain(const char *);
bool k8s_is_label_key(const char *);
bool k8s_is_label_value(const char *);
/* A name of a port: IANA's syntax of service names. */
bool k8s_is_port_name(const char *);
/* RFC 3339 to seconds since the epoch.  A time that is in the years 1 to 9999
 * only by its offset counts as the nearest that is in them in UTC. */
bool k8s_parse_time(const char *, int64_t *seconds);
/* And back, in UTC. */
void k8s_format_time(int64_t seconds, struct ds *);

/* Reads "protocol", TCP if missing (S15). */
bool k8s_get_protocol(struct k8s_parser *, const struct k8s_field *,
                      uint8_t *protocol);
/* Reads a map of labels into '*pairs' (caller frees the array, the strings are
 * the document's). */
bool k8s_get_labels(struct k8s_parser *, const struct k8s_field *,
                    struct label_pair **pairs, size_t *n);

/* metadata, strings borrowed from the document. */
struct k8s_metadata {
    const char *ns;             /* NULL for cluster-scoped kinds. */
    const char *name;
    const char *uid;            /* NULL if missing. */
    struct label_pair *labels;
    size_t n_labels;
    int64_t created;
};
/* Reads namespace and name, and then the rest.  Free with
 * k8s_metadata_uninit(), whatever was returned. */
bool k8s_metadata_parse_key(struct k8s_parser *, const struct k8s_field *root,
                            enum k8s_kind, struct k8s_metadata *);
bool k8s_metadata_parse(struct k8s_parser *, const struct k8s_field *root,
                        struct k8s_metadata *);
void k8s_metadata_uninit(struct k8s_metadata *);
/* Frees an object whose own part is uninitialized, and its names. */
void k8s_object_free(struct k8s_object *);

/* Kinds.  The parsers return NULL as k8s_parse() does. */
struct k8s_object *k8s_pod_parse(struct k8s_parser *,
                                 const struct k8s_field *root,
                                 const struct k8s_metadata *);
void k8s_pod_uninit(struct k8s_pod *);
bool k8s_pod_equals(const struct k8s_pod *, const struct k8s_pod *);

struct k8s_object *k8s_policy_parse(struct k8s_parser *,
                                    const struct k8s_field *root,
                                    const struct k8s_metadata *);
void k8s_policy_uninit(struct k8s_policy *);
bool k8s_policy_equals(const struct k8s_policy *, const struct k8s_policy *);
bool k8s_policy_is_whole(const struct k8s_policy *);

/* Shared by policies of both kinds. */
void k8s_rule_uninit(struct k8s_rule *);
bool k8s_rule_equals(const struct k8s_rule *, const struct k8s_rule *);

struct k8s_object *k8s_node_parse(struct k8s_parser *,
                                  const struct k8s_field *root,
                                  const struct k8s_metadata *);
void k8s_node_uninit(struct k8s_node *);
bool k8s_node_equals(const struct k8s_node *, const struct k8s_node *);

struct k8s_object *k8s_cluster_policy_parse(struct k8s_parser *,
                                            enum k8s_kind,
                                            const struct k8s_field *root,
                                            const struct k8s_metadata *);
void k8s_cluster_policy_uninit(struct k8s_cluster_policy *);
bool k8s_cluster_policy_equals(const struct k8s_cluster_policy *,
                               const struct k8s_cluster_policy *);
bool k8s_cluster_policy_is_whole(const struct k8s_cluster_policy *);

/* What the parsers of a cluster policy's rule share. */
struct k8s_cluster_context {
    enum k8s_kind kind;
    size_t max_items;           /* Of any list (C8). */
    const char *consequence;    /* Of what is not understood, in words. */
    bool understood;            /* So far (C6). */
};
/* Says that 'field' is not understood: "FIELD: PROBLEM, CONSEQUENCE". */
void k8s_cluster_not_understood(struct k8s_parser *, const struct k8s_field *,
                                struct k8s_cluster_context *,
                                const char *problem);
/* Checks that exactly one of the 'known' members of 'field' is there, and
 * fills '*found' with it; with none, that is not understood. */
bool k8s_cluster_choose(struct k8s_parser *, const struct k8s_field *field,
                        const char *const known[],
                        struct k8s_cluster_context *, struct k8s_field *found);
/* Checks a list of at least one item, and at most as many as are allowed. */
bool k8s_cluster_get_list(struct k8s_parser *, const struct k8s_field *,
                          size_t max, size_t *n);
/* Reads "protocols", in v1alpha1 "ports", of the rule 'field'. */
bool k8s_cluster_ports_parse(struct k8s_parser *,
                             const struct k8s_field *field,
                             struct k8s_cluster_context *, struct k8s_rule *);

/* Reads a string that is a CIDR. */
bool k8s_get_cidr(struct k8s_parser *, const struct k8s_field *,
                  struct prefix *);

/* Adds the address that a string is, if it is not among the '*n' in '*addrs'
 * (caller frees).  An empty or missing string is no address yet. */
bool k8s_get_address(struct k8s_parser *, const struct k8s_field *,
                     struct in6_addr **addrs, size_t *n);

/* Reads a LabelSelector; a missing one is empty.  An unknown field in it is
 * warned about with 'consequence' and sets '*understood' to false.  Returns
 * NULL on error. */
struct selector *k8s_selector_parse(struct k8s_parser *,
                                    const struct k8s_field *,
                                    const char *consequence,
                                    bool *understood);

/* Reads an item of from or to.  If it has a field that we do not know,
 * '*understood' becomes false and 'peer' stays as it is (S42). */
bool k8s_peer_parse(struct k8s_parser *, const struct k8s_field *,
                    struct k8s_peer *peer, bool *understood);
void k8s_peer_uninit(struct k8s_peer *);
bool k8s_peer_equals(const struct k8s_peer *, const struct k8s_peer *);

#endif /* k8s-private.h */
