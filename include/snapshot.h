/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot: all that the daemon believes in, as one document.
 *
 * A Kubernetes List in JSON: first one item of our own, the NodeState, then
 * the Namespaces, Pods and NetworkPolicies, with only the fields that we keep.
 * Reading it gives a model equal to the one that was written.  It is what the
 * daemon answers to `objects`, what the thinking commands of ovs-netpol read
 * before they think, and what lies on disk for the next start.  kubectl and jq
 * read it too.
 *
 * A client that thinks about what the daemon knows:
 *
 *     struct label_pool *pool = label_pool_create();
 *     struct model *model = model_create(pool);
 *     struct snapshot_node node;
 *     char *error = snapshot_read(text, size, pool, model, &node);
 *     ... (compile with what 'node' says if flows are wanted) ...
 *     snapshot_node_uninit(&node);
 *
 * Neither side holds the document as a tree: it is written and read item by
 * item, each on a line of its own.  Its last member, metadata.checksum, covers
 * all bytes before it, so that a torn file is noticed; snapshot_read() does
 * not look at it, because people may edit what they have. */

#ifndef SNAPSHOT_H
#define SNAPSHOT_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget.h"
#include "openvswitch/compiler.h"
#include "pipeline.h"

struct label_pool;
struct model;

/* Of the NodeState; its number grows when an older reader would misunderstand
 * it. */
#define SNAPSHOT_API_VERSION "ovs-netpol.io/v1"

/* Bounds on what is read: bytes of the document and of one item, and elements
 * of each list of the NodeState. */
#define SNAPSHOT_MAX_SIZE ((size_t) 1024 * 1024 * 1024)
#define SNAPSHOT_MAX_ITEM ((size_t) 64 * 1024 * 1024)
#define SNAPSHOT_MAX_PORTS 0xfeff
#define SNAPSHOT_MAX_ADDRESSES 10000
#define SNAPSHOT_MAX_REFUSED 1000000

/* What the daemon knows of its node besides what the model does (name,
 * addresses, service CIDRs, ports). */
struct snapshot_node {
    char *bridge;               /* NULL if unknown. */
    char *gateway_port;         /* Interface that leads to the node, or NULL:
                                 * the bridge's own. */
    uint32_t gateway;           /* Its OpenFlow port, 0 if there is none. */
    uint8_t table_base;
    uint16_t zone;
    bool recheck;               /* established: recheck. */
    enum pipeline_attach attach;
    uint8_t next_table;         /* With ATTACH_CHAIN; 0 if unknown. */
    bool spoof_guard;
    bool reports;               /* Denied packets are reported. */
    struct budget_limits limits;
    bool closes_unknown;        /* New ports. */
    uint64_t generation;        /* Of the model that was written. */
    int64_t written;            /* Seconds since the epoch, 0 if unknown. */
};
void snapshot_node_init(struct snapshot_node *);        /* The defaults. */
void snapshot_node_uninit(struct snapshot_node *);

/* Writes the document in pieces of some kilobytes to 'cb'. */
typedef void snapshot_write_cb(const char *text, size_t size, void *aux);
void snapshot_write(const struct model *, const struct snapshot_node *,
                    snapshot_write_cb *cb, void *aux);
/* The same as one string (caller frees). */
char *snapshot_to_string(const struct model *, const struct snapshot_node *);

/* True if the document is, byte by byte, what snapshot_write() wrote. */
bool snapshot_is_intact(const char *text, size_t size);

/* Reads a document into 'model', which was made with 'pool' and should be
 * empty: objects, and if there is a NodeState the node's name, addresses,
 * service CIDRs and ports, and '*node' (else its defaults).  Items of other
 * kinds are skipped.  An item that is not understood is an error, unless it is
 * a policy that isolates though some of its rules grant nothing.
 *
 * Returns NULL, or "items[N]: MESSAGE" or another message (caller frees); then
 * 'model' has what stands before the error, and '*node' is as
 * snapshot_node_init() makes it.  Uninitialise '*node' either way. */
char *snapshot_read(const char *text, size_t size, struct label_pool *pool,
                    struct model *model, struct snapshot_node *node)
    OVS_WARN_UNUSED_RESULT;

#endif /* snapshot.h */
