/* SPDX-License-Identifier: Apache-2.0
 *
 * emit: rules, addresses and classes as flows.
 *
 * The only place that knows what the flows of the dynamic tables look like.
 * Each function adds to or removes from the flowset exactly what its arguments
 * say; who calls it keeps the books. */

#ifndef EMIT_H
#define EMIT_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "k8s.h"
#include "model.h"
#include "pipeline.h"
#include "prefix.h"

struct flowset;
struct ofpbuf;
struct partition_class;
struct rule;

struct emit {
    const struct pipeline_config *pipeline;
    struct flowset *fs;
    enum k8s_direction direction;
};

/* For flowset_create(); 'aux' is the struct pipeline_config. */
struct flowset_part;
void emit_allow_actions(uint8_t table, const struct flowset_part *,
                        struct ofpbuf *ofpacts, void *aux);

/* All flows of rule 'r' in its mode, priority and families, for its current
 * targets and peers. */
void emit_rule(const struct emit *, const struct rule *r, bool add);
/* Just what one class contributes.  The class itself need not be among the
 * rule's. */
void emit_rule_target(const struct emit *, const struct rule *r,
                      const struct partition_class *, bool add);
void emit_rule_peer(const struct emit *, const struct rule *r,
                    const struct partition_class *, bool is_net, bool add);

/* Number of service matches of 'r' for 'families': what emit_rule() would
 * use. */
size_t emit_count_services(const struct rule *r, uint8_t families);

/* The default drop of a target class. */
void emit_drop(const struct emit *, const struct partition_class *, bool add);
/* What stands above it for those addresses of target class 'class' that are
 * audited: reported, and let through. */
void emit_audit(const struct emit *, uint32_t class, bool add);

/* Copies of what this direction denies go to the daemon.  The meters must be
 * there. */
void emit_reports(const struct emit *, bool add);

/* The way past the rules of NetworkPolicies of a target class that none of
 * them isolates, to the Baseline tier if 'ask_baseline'. */
void emit_free(const struct emit *, const struct partition_class *,
               bool ask_baseline, bool add);

/* Address -> class; 'class' 0 removes the flow.  A target also gets its
 * exemption for traffic to itself. */
void emit_target_address(const struct emit *, const struct in6_addr *,
                         uint32_t class, bool audit);
void emit_peer_address(const struct emit *, const struct in6_addr *,
                       uint32_t class);
/* Prefix -> class; 'class' may be 0 inside another prefix. */
void emit_net(const struct emit *, const struct prefix *, bool add,
              uint32_t class);

/* Traffic to Service addresses leaves undecided; once translated it comes back
 * and is decided then (S25).  For the egress direction. */
void emit_service(const struct emit *, const struct prefix *, bool add);

/* The node's own traffic, from 'addr' on OpenFlow port 'gateway', with 'mark',
 * needs no leave to enter. */
void emit_node_address(const struct emit *, const struct in6_addr *addr,
                       uint32_t gateway, struct model_mark mark, bool add);

/* Pods do not send to the tunnel ports of the node at 'addr': VXLAN (4789, and
 * 8472, which Linux used first) and Geneve (6081). */
void emit_tunnel(const struct emit *, const struct in6_addr *addr, bool add);

#endif /* emit.h */
