/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "switch.h"

#include <netinet/in.h>
#include <string.h>

#include "annotate.h"
#include "byte-order.h"
#include "compile.h"
#include "detrace.h"
#include "flowset.h"
#include "label.h"
#include "model.h"
#include "node/bridge-msg.h"
#include "packets.h"
#include "pipeline.h"
#include "snapshot.h"
#include "util.h"

/* Two pods here and one elsewhere.  One is behind a policy whose rule is a
 * conjunction, and one whose rules are not. */
static const char cluster_text[] =
    "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [\n"
    "{\"kind\": \"Pod\", \"apiVersion\": \"v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"db\","
    " \"labels\": {\"app\": \"db\"}}, \"spec\": {\"nodeName\": \"n1\"},"
    " \"status\": {\"podIPs\": [{\"ip\": \"10.0.0.1\"},"
    " {\"ip\": \"fd00::1\"}]}},\n"
    "{\"kind\": \"Pod\", \"apiVersion\": \"v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"web\","
    " \"labels\": {\"app\": \"web\"}}, \"spec\": {\"nodeName\": \"n1\"},"
    " \"status\": {\"podIP\": \"10.0.0.2\"}},\n"
    "{\"kind\": \"Pod\", \"apiVersion\": \"v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"job\","
    " \"labels\": {\"app\": \"job\"}}, \"spec\": {\"nodeName\": \"n2\"},"
    " \"status\": {\"podIP\": \"10.0.0.3\"}},\n"
    "{\"kind\": \"NetworkPolicy\","
    " \"apiVersion\": \"networking.k8s.io/v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"db\"},"
    " \"spec\": {\"podSelector\": {\"matchLabels\": {\"app\": \"db\"}},"
    " \"ingress\": [{\"from\": [{\"podSelector\": {\"matchLabels\":"
    " {\"app\": \"web\"}}}, {\"podSelector\": {\"matchLabels\":"
    " {\"app\": \"job\"}}}, {\"ipBlock\": {\"cidr\": \"192.0.2.0/24\","
    " \"except\": [\"192.0.2.8/29\"]}}],"
    " \"ports\": [{\"port\": 80}, {\"port\": 5432, \"endPort\": 5440},"
    " {\"protocol\": \"UDP\", \"port\": 53}]}]}},\n"
    "{\"kind\": \"NetworkPolicy\","
    " \"apiVersion\": \"networking.k8s.io/v1\","
    " \"metadata\": {\"namespace\": \"a\", \"name\": \"web\"},"
    " \"spec\": {\"podSelector\": {\"matchLabels\": {\"app\": \"web\"}},"
    " \"policyTypes\": [\"Ingress\", \"Egress\"], \"egress\": [{\"to\":"
    " [{\"podSelector\": {\"matchLabels\": {\"app\": \"db\"}}}]}]}}\n"
    "]}\n";

static void
put_change(const struct flowset_change *change, void *mods)
{
    ovs_assert(!bridge_msg_put_change(mods, change, htonll(COOKIE_MAGIC),
                                      htonll(COOKIE_MAGIC_MASK),
                                      OFP15_VERSION, 0));
}

/* Takes the flows out of the flow_mods. */
static void
read_flows(struct cluster *c, const struct ofpbuf *mods)
{
    size_t n = flowset_count(c->fs), ofs = 0;
    const struct ofp_header *oh;

    c->flows = xcalloc(n, sizeof *c->flows);
    while ((oh = bridge_msg_next(mods, &ofs))) {
        struct flowset_change change;
        struct ofpbuf ofpacts;

        ovs_assert(c->n_flows < n);
        ofpbuf_init(&ofpacts, 0);
        ovs_assert(bridge_msg_read_change(oh, &change, &ofpacts));
        c->flows[c->n_flows++] = change.flow;
    }
    ovs_assert(c->n_flows == n);
}

static void
see_wanted(const struct flowset_flow *flow, void *wanted)
{
    ovs_assert(told_put(wanted, flow));
}

static void
take_flows(struct cluster *c)
{
    struct ofpbuf mods;

    told_init(&c->wanted);
    flowset_for_each(c->fs, false, see_wanted, &c->wanted);
    ofpbuf_init(&mods, 0);
    flowset_take_delta(c->fs, put_change, &mods);
    read_flows(c, &mods);
    ofpbuf_uninit(&mods);
}

static void
set_node(struct model *model)
{
    const struct model_port port = {
        .ns = CONST_CAST(char *, "a"), .name = CONST_CAST(char *, "db"),
        .interface = CONST_CAST(char *, "veth1"), .ofport = 1,
        .mac = ETH_ADDR_C(0a,00,00,00,00,01),
    };
    struct in6_addr address;

    ovs_assert(address_parse("192.168.0.1", &address));
    model_set_node_name(model, "n1");
    model_set_node_addresses(model, &address, 1);
    model_set_ports(model, &port, 1);
}

struct cluster *
switch_cluster(void)
{
    static const struct compile_config config = {
        .pipeline = { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false },
        .spoof_guard = true,
    };
    static struct cluster c;
    struct snapshot_node node;

    if (!c.model) {
        struct label_pool *pool = label_pool_create();

        c.model = model_create(pool);
        ovs_assert(!snapshot_read(cluster_text, strlen(cluster_text), pool,
                                  c.model, &node));
        snapshot_node_uninit(&node);
        set_node(c.model);
        c.compile = compile_create(&config, pool, c.model);
        compile_set_reports(c.compile, true);
        compile_run(c.compile);
        c.fs = compile_flowset(c.compile);
        c.detrace = detrace_create(annotation_create(c.compile, c.model),
                                   c.model, &config.pipeline);
        take_flows(&c);
    }
    return &c;
}
