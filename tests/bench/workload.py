# SPDX-License-Identifier: Apache-2.0
"""Deterministic clusters, as the manifests that kubectl would print.

A cluster is {"namespaces": [...], "pods": [...], "policies": [...]}.  Every
policy selects some pods of its namespace on this node (label role-N), and
names groups of pods of the whole cluster (label peer-N) as its peers.
"""
import ipaddress
import json
import os
import random
import shutil

NODE = "node-0"                 # The node under test; bench_switch.c knows it.
N_NAMESPACES = 5
N_ROLES = 32
N_GROUPS = 40


def make_namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name,
                         "labels": {"kubernetes.io/metadata.name": name}}}


def make_pod(ns, name, address, node, labels):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"namespace": ns, "name": name, "labels": labels},
            "spec": {"nodeName": node, "containers": [{"name": "c"}]},
            "status": {"phase": "Running", "podIP": str(address),
                       "podIPs": [{"ip": str(address)}]}}


def make_policy(ns, name, spec):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"namespace": ns, "name": name}, "spec": spec}


def peers(group):
    return [{"namespaceSelector": {}, "podSelector":
             {"matchLabels": {"peer-%s" % group: "yes"}}}]


def policy(i, shared=False):
    """Policy number i: two ports from one group, everything to another, and
    DNS.  'shared': all policies let the same group in."""
    port = 1024 + 13 * i % 20000
    dns = [{"namespaceSelector": {"matchLabels": {
        "kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}]
    spec = {
        "podSelector": {"matchLabels": {
            "role-%d" % (i // N_NAMESPACES % N_ROLES): "yes"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": peers("common" if shared else 7 * i % N_GROUPS),
                     "ports": [{"protocol": "TCP", "port": port},
                               {"protocol": "TCP", "port": port + 1}]}],
        "egress": [{"to": peers((11 * i + 3) % N_GROUPS)},
                   {"to": dns, "ports": [{"protocol": "UDP", "port": 53},
                                         {"protocol": "TCP", "port": 53}]}]}
    return make_policy("ns-%d" % (i % N_NAMESPACES), "np-%05d" % i, spec)


def cluster(local, remote, n_policies, shared=False, group_size=200,
            role_size=10, seed=1):
    rnd = random.Random(seed)
    first = ipaddress.ip_address("10.0.0.1")
    pods = []
    for i in range(local + remote):
        here = i < local
        pods.append(make_pod("ns-%d" % (i % N_NAMESPACES), "pod-%06d" % i,
                             first + i,
                             NODE if here else "node-%d" % (1 + i // 100),
                             {"app": "app-%d" % (i // N_NAMESPACES % 4)}))
    for n in range(N_NAMESPACES):
        mine = [p for p in pods if p["metadata"]["namespace"] == "ns-%d" % n]
        here = [p for p in mine if p["spec"]["nodeName"] == NODE]
        away = [p for p in mine if p["spec"]["nodeName"] != NODE]
        for role in range(N_ROLES):
            chosen = rnd.sample(here, min(role_size, len(here)))
            for p in chosen + rnd.sample(away, len(away) // 2):
                p["metadata"]["labels"]["role-%d" % role] = "yes"
    for group in list(range(N_GROUPS)) + ["common"]:
        for p in rnd.sample(pods, min(group_size, len(pods))):
            p["metadata"]["labels"]["peer-%s" % group] = "yes"
    pods += [make_pod("kube-system", "dns-%d" % i,
                      ipaddress.ip_address("10.250.0.10") + i, "node-1",
                      {"k8s-app": "kube-dns"}) for i in range(2)]
    return {"namespaces": [make_namespace("ns-%d" % i)
                           for i in range(N_NAMESPACES)]
            + [make_namespace("kube-system")],
            "pods": pods,
            "policies": [policy(i, shared) for i in range(n_policies)]}


def ip_blocks(n, ranges, excepts, seed=1):
    """One policy: n ipBlocks of many lengths, with excepts, x port ranges."""
    rnd = random.Random(seed)
    nets = set()
    while len(nets) < n:
        length = rnd.choice((16, 20, 22, 24, 24, 24, 26, 28, 32))
        nets.add(ipaddress.ip_network(
            (rnd.randrange(11 << 24, 200 << 24), length), strict=False))
    blocks = []
    for net in sorted(nets):
        block = {"cidr": str(net)}
        if excepts and net.prefixlen <= 24:
            holes = set()
            while len(holes) < excepts:
                at = rnd.randrange(net.num_addresses) & ~3
                holes.add(str(ipaddress.ip_network(
                    (int(net.network_address) + at, 30))))
            block["except"] = sorted(holes)
        blocks.append({"ipBlock": block})
    ports, port = [], 1000
    for _ in range(ranges):
        first = port + rnd.randrange(50, 600)
        port = first + rnd.randrange(20, 500)
        ports.append({"protocol": "TCP", "port": first, "endPort": port})
    rule = {"from": blocks}
    if ports:
        rule["ports"] = ports
    return make_policy("ns-0", "blocks", {
        "podSelector": {"matchLabels": {"role-0": "yes"}},
        "policyTypes": ["Ingress"], "ingress": [rule]})


def addresses(n, seed=1):
    """One policy with n random single addresses."""
    rnd = random.Random(seed)
    chosen = rnd.sample(range(11 << 24, 200 << 24), n)
    blocks = [{"ipBlock": {"cidr": "%s/32" % ipaddress.ip_address(a)}}
              for a in chosen]
    return make_policy("ns-0", "addresses", {
        "podSelector": {"matchLabels": {"role-0": "yes"}},
        "policyTypes": ["Ingress"], "ingress": [{"from": blocks}]})


def write_list(name, items):
    with open(name, "w") as f:
        json.dump({"apiVersion": "v1", "kind": "List", "items": items}, f)


def write(w, path):
    """Files of 5,000 objects of a kind each, in the new folder 'path'."""
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    for kind in ("namespaces", "pods", "policies"):
        for i in range(0, len(w[kind]), 5000):
            write_list(os.path.join(path, "%s-%06d.json" % (kind, i)),
                       w[kind][i:i + 5000])
    return path
