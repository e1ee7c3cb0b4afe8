/* SPDX-License-Identifier: Apache-2.0
 *
 * metadata, and small fields that several kinds have. */

#include <config.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"
#include "label.h"

static bool
parse_name(struct k8s_parser *p, const struct k8s_field *metadata,
           enum k8s_kind kind, struct k8s_metadata *m)
{
    struct k8s_field name = k8s_field_member(metadata, "name");

    if (!k8s_get_string(p, &name, &m->name)) {
        return false;
    }
    if (!m->name) {
        return k8s_fail(p, &name, "missing");
    }
    if (!(kind == K8S_NAMESPACE ? k8s_is_dns_label(m->name)
          : k8s_is_dns_subdomain(m->name))) {
        return k8s_fail_text(p, &name, m->name, "is not a valid name");
    }
    return true;
}

static bool
parse_ns(struct k8s_parser *p, const struct k8s_field *metadata,
         struct k8s_metadata *m)
{
    struct k8s_field ns = k8s_field_member(metadata, "namespace");

    m->ns = "default";
    if (!k8s_get_string(p, &ns, &m->ns)) {
        return false;
    }
    if (!k8s_is_dns_label(m->ns)) {
        return k8s_fail_text(p, &ns, m->ns, "is not a valid namespace");
    }
    return true;
}

bool
k8s_metadata_parse_key(struct k8s_parser *p, const struct k8s_field *root,
                       enum k8s_kind kind, struct k8s_metadata *m)
{
    struct k8s_field metadata = k8s_field_member(root, "metadata");

    memset(m, 0, sizeof *m);
    return (k8s_expect(p, &metadata, DOC_MAP)
            && parse_name(p, &metadata, kind, m)
            && (!k8s_kind_has_namespace(kind) || parse_ns(p, &metadata, m)));
}

static bool
parse_created(struct k8s_parser *p, const struct k8s_field *metadata,
              struct k8s_metadata *m)
{
    struct k8s_field created = k8s_field_member(metadata,
                                                "creationTimestamp");
    const char *text = NULL;

    if (!k8s_get_string(p, &created, &text)) {
        return false;
    }
    if (text && !k8s_parse_time(text, &m->created)) {
        return k8s_fail_text(p, &created, text, "is not an RFC 3339 time");
    }
    return true;
}

bool
k8s_metadata_parse(struct k8s_parser *p, const struct k8s_field *root,
                   struct k8s_metadata *m)
{
    struct k8s_field metadata = k8s_field_member(root, "metadata");
    struct k8s_field uid = k8s_field_member(&metadata, "uid");
    struct k8s_field labels = k8s_field_member(&metadata, "labels");

    return (k8s_get_string(p, &uid, &m->uid)
            && k8s_get_labels(p, &labels, &m->labels, &m->n_labels)
            && parse_created(p, &metadata, m));
}

void
k8s_metadata_uninit(struct k8s_metadata *m)
{
    free(m->labels);
}

static bool
parse_label(struct k8s_parser *p, const struct k8s_field *labels, size_t i,
            struct label_pair *pair)
{
    pair->key = doc_node_key(labels->node, i);
    if (!k8s_is_label_key(pair->key)) {
        return k8s_fail_text(p, labels, pair->key, "is not a label key");
    }

    struct k8s_field value = k8s_field_at(labels, i);

    if (!k8s_get_string(p, &value, &pair->value)) {
        return false;
    }
    if (!k8s_is_label_value(pair->value)) {
        return k8s_fail_text(p, &value, pair->value, "is not a label value");
    }
    return true;
}

bool
k8s_get_labels(struct k8s_parser *p, const struct k8s_field *field,
               struct label_pair **pairsp, size_t *np)
{
    size_t n;

    if (!k8s_get_count(p, field, DOC_MAP, p->limits.max_labels, &n)) {
        return false;
    }

    struct label_pair *pairs = n ? xmalloc(n * sizeof *pairs) : NULL;

    for (size_t i = 0; i < n; i++) {
        if (!parse_label(p, field, i, &pairs[i])) {
            free(pairs);
            return false;
        }
    }
    *pairsp = pairs;
    *np = n;
    return true;
}

static bool
has_address(const struct in6_addr *addrs, size_t n,
            const struct in6_addr *addr)
{
    for (size_t i = 0; i < n; i++) {
        if (!memcmp(&addrs[i], addr, sizeof *addr)) {
            return true;
        }
    }
    return false;
}

bool
k8s_get_address(struct k8s_parser *p, const struct k8s_field *field,
                struct in6_addr **addrs, size_t *n)
{
    const char *text = "";
    struct in6_addr addr;

    if (!k8s_get_string(p, field, &text)) {
        return false;
    }
    if (!text[0]) {
        return true;
    }
    if (!address_parse(text, &addr)) {
        return k8s_fail_text(p, field, text, "is not an IP address");
    }
    if (!has_address(*addrs, *n, &addr)) {
        *addrs = xrealloc(*addrs, (*n + 1) * sizeof **addrs);
        (*addrs)[(*n)++] = addr;
    }
    return true;
}

bool
k8s_get_protocol(struct k8s_parser *p, const struct k8s_field *field,
                 uint8_t *protocol)
{
    static const uint8_t protocols[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
    };
    const char *name = "TCP";

    if (!k8s_get_string(p, field, &name)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcmp(name, k8s_protocol_name(protocols[i]))) {
            *protocol = protocols[i];
            return true;
        }
    }
    return k8s_fail_text(p, field, name, "is not TCP, UDP or SCTP");
}

void
k8s_object_free(struct k8s_object *object)
{
    if (!object->size) {
        free(object->ns);
        free(object->name);
    }
    free(object);
}
