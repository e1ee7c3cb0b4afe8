/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ports-scheme.h"

#include <string.h>

#include "packets.h"
#include "smap.h"
#include "util.h"

#include "model.h"

/* Kubernetes names: RFC 1123. */
static bool
is_label(const char *s, size_t length, size_t max)
{
    if (!length || length > max || s[0] == '-' || s[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", s[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_subdomain(const char *s, size_t length)
{
    const char *end = s + length;

    if (length > 253) {
        return false;
    }
    for (;;) {
        const char *dot = memchr(s, '.', end - s);

        if (!is_label(s, (dot ? dot : end) - s, 253)) {
            return false;
        }
        if (!dot) {
            return true;
        }
        s = dot + 1;
    }
}

/* Puts the pod's name into 'port' if both are names.  Namespaces have no dots,
 * pods may. */
static bool
set_pod(struct model_port *port, const char *ns, size_t ns_length,
        const char *name, size_t name_length)
{
    if (!is_label(ns, ns_length, 63) || !is_subdomain(name, name_length)) {
        return false;
    }
    port->ns = xmemdup0(ns, ns_length);
    port->name = xmemdup0(name, name_length);
    return true;
}

/* What a scheme looks at. */
struct named {
    const struct smap *ids;     /* external_ids. */
    const char *value;          /* Of the scheme's key. */
    const struct model *model;
};

static bool
split_at(const char *value, char separator, struct model_port *port)
{
    const char *p = strchr(value, separator);

    return p && set_pod(port, value, p - value, p + 1, strlen(p + 1));
}

static bool
parse_slash(const struct named *named, struct model_port *port)
{
    return split_at(named->value, '/', port);
}

static bool
parse_underscore(const struct named *named, struct model_port *port)
{
    return split_at(named->value, '_', port);
}

static bool
parse_dot(const struct named *named, struct model_port *port)
{
    const char *value = named->value;
    const char *p = strrchr(value, '.');

    return p && set_pod(port, p + 1, strlen(p + 1), value, p - value);
}

static bool
parse_pair(const struct named *named, struct model_port *port)
{
    const char *ns = smap_get(named->ids, "pod-namespace");

    return ns && set_pod(port, ns, strlen(ns),
                         named->value, strlen(named->value));
}

static bool
parse_uid(const struct named *named, struct model_port *port)
{
    const struct k8s_pod *pod = (named->model
                                 ? model_pod_by_uid(named->model, named->value)
                                 : NULL);

    return pod && set_pod(port, pod->up.ns, strlen(pod->up.ns),
                          pod->up.name, strlen(pod->up.name));
}

/* The first one that finds a name decides; an Interface comes before its
 * Port. */
enum place {
    INTERFACE = 1 << 0,
    PORT = 1 << 1,
};
static const struct scheme {
    const char *key;            /* In external_ids. */
    unsigned int places;        /* Bits of enum place. */
    bool (*parse)(const struct named *, struct model_port *);
} schemes[] = {
    { "pod-name", INTERFACE | PORT, parse_pair },       /* + pod-namespace */
    { "contPodUid", INTERFACE | PORT, parse_uid },      /* metadata.uid */
    { "iface-id", INTERFACE, parse_slash },             /* NS/POD */
    { "iface-id", INTERFACE, parse_underscore },        /* NS_POD */
    { "iface-id", INTERFACE, parse_dot },               /* POD.NS */
};
static const char *const mac_keys[] = {
    "attached-mac", "attached_mac", "mac",
};

static bool
apply(const struct scheme *scheme, enum place place, const struct smap *ids,
      const struct model *model, struct model_port *port)
{
    struct named named = { .ids = ids, .model = model };

    if (!(scheme->places & place)) {
        return false;
    }
    named.value = smap_get(ids, scheme->key);
    return named.value && scheme->parse(&named, port);
}

/* Sets '*mac' from 'ids' unless it is known. */
static void
find_mac(const struct smap *ids, struct eth_addr *mac)
{
    for (size_t i = 0; i < ARRAY_SIZE(mac_keys) && eth_addr_is_zero(*mac);
         i++) {
        const char *s = smap_get(ids, mac_keys[i]);

        if (s && (!eth_addr_from_string(s, mac)
                  || eth_addr_is_multicast(*mac))) {
            *mac = eth_addr_zero;
        }
    }
}

bool
ports_scheme_parse(const struct smap *iface_ids, const struct smap *port_ids,
                   const struct model *model, struct model_port *port)
{
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        if (apply(&schemes[i], INTERFACE, iface_ids, model, port)
            || apply(&schemes[i], PORT, port_ids, model, port)) {
            port->mac = eth_addr_zero;
            find_mac(iface_ids, &port->mac);
            find_mac(port_ids, &port->mac);
            return true;
        }
    }
    return false;
}

bool
ports_scheme_is_pending(const struct smap *iface_ids,
                        const struct smap *port_ids)
{
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        const struct scheme *s = &schemes[i];

        if (s->parse == parse_uid
            && (((s->places & INTERFACE) && smap_get(iface_ids, s->key))
                || ((s->places & PORT) && smap_get(port_ids, s->key)))) {
            return true;
        }
    }
    return false;
}
