/* SPDX-License-Identifier: Apache-2.0
 *
 * Pods.  There may be 100,000 of them, so a pod is one block of memory: the
 * struct, its ports, its addresses, its strings. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"
#include "label.h"

/* A pod in the making: strings are the document's. */
struct draft {
    const char *node;
    bool host_network;
    bool finished;
    struct in6_addr *addresses;
    size_t n_addresses;
    struct {
        const char *name;
        uint8_t protocol;
        uint16_t number;
    } *ports;
    size_t n_ports, allocated_ports;
};

static int
compare_named_ports(const void *a_, const void *b_)
{
    const struct k8s_named_port *a = a_;
    const struct k8s_named_port *b = b_;
    int cmp = strcmp(a->name, b->name);

    if (!cmp) {
        cmp = (int) a->protocol - (int) b->protocol;
    }
    return cmp ? cmp : (int) a->number - (int) b->number;
}

/* Addresses. */

static bool
parse_address(struct k8s_parser *p, const struct k8s_field *field,
              struct draft *d)
{
    return k8s_get_address(p, field, &d->addresses, &d->n_addresses);
}

static bool
parse_addresses(struct k8s_parser *p, const struct k8s_field *status,
                struct draft *d)
{
    struct k8s_field ips = k8s_field_member(status, "podIPs");
    size_t n;

    if (!k8s_get_count(p, &ips, DOC_LIST,
                       MIN(p->limits.max_addresses, K8S_MAX_ADDRESSES), &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(&ips, i);
        struct k8s_field ip = k8s_field_member(&item, "ip");

        if (!k8s_expect(p, &item, DOC_MAP) || !parse_address(p, &ip, d)) {
            return false;
        }
    }
    if (d->n_addresses) {
        return true;
    }

    struct k8s_field ip = k8s_field_member(status, "podIP");

    return parse_address(p, &ip, d);
}

static bool
parse_status(struct k8s_parser *p, const struct k8s_field *root,
             struct draft *d)
{
    struct k8s_field status = k8s_field_member(root, "status");
    struct k8s_field phase_field = k8s_field_member(&status, "phase");
    const char *phase = "";

    if (!k8s_expect(p, &status, DOC_MAP)
        || !k8s_get_string(p, &phase_field, &phase)) {
        return false;
    }
    d->finished = !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
    return parse_addresses(p, &status, d);
}

/* Named ports. */

static void
add_port(struct draft *d, const char *name, uint8_t protocol, uint16_t number)
{
    if (d->n_ports >= d->allocated_ports) {
        d->ports = x2nrealloc(d->ports, &d->allocated_ports,
                              sizeof *d->ports);
    }
    d->ports[d->n_ports].name = name;
    d->ports[d->n_ports].protocol = protocol;
    d->ports[d->n_ports++].number = number;
}

static bool
parse_port(struct k8s_parser *p, const struct k8s_field *port,
           struct draft *d)
{
    struct k8s_field name_field = k8s_field_member(port, "name");
    struct k8s_field number_field = k8s_field_member(port, "containerPort");
    struct k8s_field protocol_field = k8s_field_member(port, "protocol");
    const char *name = "";
    int64_t number = 0;
    uint8_t protocol;

    if (!k8s_expect(p, port, DOC_MAP)
        || !k8s_get_string(p, &name_field, &name)
        || !k8s_get_integer(p, &number_field, 1, UINT16_MAX, &number)
        || !k8s_get_protocol(p, &protocol_field, &protocol)) {
        return false;
    }
    if (!number) {
        return k8s_fail(p, &number_field, "missing");
    }
    if (name[0]) {
        if (!k8s_is_port_name(name)) {
            return k8s_fail_text(p, &name_field, name,
                                 "is not a valid port name");
        }
        add_port(d, name, protocol, number);
    }
    return true;
}

static bool
parse_ports(struct k8s_parser *p, const struct k8s_field *container,
            struct draft *d)
{
    struct k8s_field ports = k8s_field_member(container, "ports");
    size_t n;

    if (!k8s_get_count(p, &ports, DOC_LIST, p->limits.max_container_ports,
                       &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct k8s_field port = k8s_field_at(&ports, i);

        if (!parse_port(p, &port, d)) {
            return false;
        }
    }
    return true;
}

/* An init container is gone when the pod runs, unless it is a sidecar: one
 * that is always restarted. */
static bool
check_stays(struct k8s_parser *p, const struct k8s_field *container,
            bool is_init, bool *stays)
{
    struct k8s_field field = k8s_field_member(container, "restartPolicy");
    const char *policy = "";

    if (!k8s_expect(p, container, DOC_MAP)
        || !k8s_get_string(p, &field, &policy)) {
        return false;
    }
    *stays = !is_init || !strcmp(policy, "Always");
    return true;
}

static bool
parse_containers(struct k8s_parser *p, const struct k8s_field *spec,
                 const char *name, bool is_init, struct draft *d)
{
    struct k8s_field containers = k8s_field_member(spec, name);
    size_t n;

    if (!k8s_get_count(p, &containers, DOC_LIST, p->limits.max_containers,
                       &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct k8s_field container = k8s_field_at(&containers, i);
        bool counts;

        if (!check_stays(p, &container, is_init, &counts)
            || (counts && !parse_ports(p, &container, d))) {
            return false;
        }
    }
    return true;
}

static bool
parse_spec(struct k8s_parser *p, const struct k8s_field *root,
           struct draft *d)
{
    struct k8s_field spec = k8s_field_member(root, "spec");
    struct k8s_field node = k8s_field_member(&spec, "nodeName");
    struct k8s_field host = k8s_field_member(&spec, "hostNetwork");

    return (k8s_expect(p, &spec, DOC_MAP)
            && k8s_get_string(p, &node, &d->node)
            && k8s_get_bool(p, &host, &d->host_network)
            && parse_containers(p, &spec, "containers", false, d)
            && parse_containers(p, &spec, "initContainers", true, d));
}

/* Packing. */

static size_t
text_size(const char *s)
{
    return s && s[0] ? strlen(s) + 1 : 0;
}

/* Copies 's' to '*free' and moves that on.  NULL for an empty string. */
static char *
put_text(char **free, const char *s)
{
    size_t size = text_size(s);
    char *copy = *free;

    if (!size) {
        return NULL;
    }
    memcpy(copy, s, size);
    *free += size;
    return copy;
}

static size_t
pod_size(const struct draft *d, const struct k8s_metadata *m)
{
    size_t size = sizeof(struct k8s_pod)
                  + d->n_ports * sizeof(struct k8s_named_port)
                  + d->n_addresses * sizeof *d->addresses
                  + text_size(m->ns) + text_size(m->name)
                  + text_size(m->uid) + text_size(d->node);

    for (size_t i = 0; i < d->n_ports; i++) {
        size += text_size(d->ports[i].name);
    }
    return size;
}

static void
pack_ports(struct k8s_pod *pod, const struct draft *d, char **free)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n_ports; i++) {
        pod->ports[i].name = put_text(free, d->ports[i].name);
        pod->ports[i].protocol = d->ports[i].protocol;
        pod->ports[i].number = d->ports[i].number;
    }
    qsort(pod->ports, d->n_ports, sizeof *pod->ports, compare_named_ports);
    for (size_t i = 0; i < d->n_ports; i++) {
        if (!n || compare_named_ports(&pod->ports[i], &pod->ports[n - 1])) {
            pod->ports[n++] = pod->ports[i];
        }
    }
    pod->n_ports = n;
}

static struct k8s_pod *
pack(struct k8s_parser *p, const struct draft *d,
     const struct k8s_metadata *m)
{
    size_t size = pod_size(d, m);
    struct k8s_pod *pod = xzalloc(size);
    char *free = (char *) (pod + 1);

    pod->up.kind = K8S_POD;
    pod->up.size = size;
    pod->labels = label_set_create(p->pool, m->labels, m->n_labels);
    pod->created = m->created;
    pod->host_network = d->host_network;
    pod->finished = d->finished;

    if (d->n_ports) {
        pod->ports = ALIGNED_CAST(struct k8s_named_port *, free);
        free += d->n_ports * sizeof *pod->ports;
    }
    if (d->n_addresses) {
        size_t bytes = d->n_addresses * sizeof *pod->addresses;

        pod->addresses = ALIGNED_CAST(struct in6_addr *, free);
        pod->n_addresses = d->n_addresses;
        memcpy(pod->addresses, d->addresses, bytes);
        free += bytes;
    }
    pod->up.ns = put_text(&free, m->ns);
    pod->up.name = put_text(&free, m->name);
    pod->uid = put_text(&free, m->uid);
    pod->node = put_text(&free, d->node);
    if (d->n_ports) {
        pack_ports(pod, d, &free);
    }
    ovs_assert(free == (char *) pod + size);
    return pod;
}

struct k8s_object *
k8s_pod_parse(struct k8s_parser *p, const struct k8s_field *root,
              const struct k8s_metadata *m)
{
    struct k8s_pod *pod = NULL;
    struct draft d;

    memset(&d, 0, sizeof d);
    if (parse_spec(p, root, &d) && parse_status(p, root, &d)) {
        pod = pack(p, &d, m);
    }
    free(d.addresses);
    free(d.ports);
    return pod ? &pod->up : NULL;
}

void
k8s_pod_uninit(struct k8s_pod *pod)
{
    label_set_unref(pod->labels);
    if (!pod->up.size) {
        for (size_t i = 0; i < pod->n_ports; i++) {
            free(pod->ports[i].name);
        }
        free(pod->ports);
        free(pod->addresses);
        free(pod->uid);
        free(pod->node);
    }
}

static bool
ports_equal(const struct k8s_pod *a, const struct k8s_pod *b)
{
    if (a->n_ports != b->n_ports) {
        return false;
    }
    for (size_t i = 0; i < a->n_ports; i++) {
        if (compare_named_ports(&a->ports[i], &b->ports[i])) {
            return false;
        }
    }
    return true;
}

static bool
addresses_equal(const struct k8s_pod *a, const struct k8s_pod *b)
{
    return a->n_addresses == b->n_addresses
           && (!a->n_addresses
               || !memcmp(a->addresses, b->addresses,
                          a->n_addresses * sizeof *a->addresses));
}

bool
k8s_pod_equals(const struct k8s_pod *a, const struct k8s_pod *b)
{
    return a->labels == b->labels
           && a->created == b->created
           && a->host_network == b->host_network
           && a->finished == b->finished
           && nullable_string_is_equal(a->uid, b->uid)
           && nullable_string_is_equal(a->node, b->node)
           && addresses_equal(a, b)
           && ports_equal(a, b);
}
