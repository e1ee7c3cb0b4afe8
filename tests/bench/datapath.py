# SPDX-License-Identifier: Apache-2.0
"""Two pods on a bridge with real packets, and three ways to police them.

Each laboratory is a network namespace with a switch of its own, so that there
may be several at a time.
"""
import contextlib
import ipaddress
import json
import os
import subprocess
import time

import rig
import workload

CONNECT = os.path.join(rig.BUILD, "tests/bench/bench_connect")
CLIENT, SERVER, STRANGER = "10.0.0.1", "10.0.0.2", "192.0.2.9"
PORT = 5201


def ip(*argv):
    subprocess.run(("ip",) + argv, check=True)


class Lab:
    """'name' begins the names of namespaces."""

    def __init__(self, bench, name):
        self.name = name
        self.servers = []
        self.spaces = []
        self.add_space(name)
        self.switch = rig.Switch(os.path.join(bench.path, name), "netdev",
                                 name)
        for host, address in (("client", CLIENT), ("server", SERVER),
                              ("stranger", STRANGER)):
            self.plug(host, address)
        self.serve(CONNECT, "serve", SERVER, "80")
        self.serve("iperf3", "-s", "-p", str(PORT))
        rig.wait_for("the server", lambda: subprocess.run(
            self.inside("server", CONNECT, "rate", SERVER, "80", "0.05"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode == 0)

    def add_space(self, name):
        ip("netns", "add", name)
        self.spaces.append(name)

    def plug(self, host, address):
        space = "%s-%s" % (self.name, host)
        self.add_space(space)
        ip("-n", self.name, "link", "add", host, "type", "veth", "peer",
           "name", "eth0", "netns", space)
        ip("-n", self.name, "link", "set", host, "up")
        for argv in (("link", "set", "lo", "up"),
                     ("address", "add", address + "/32", "dev", "eth0"),
                     ("link", "set", "eth0", "up"),
                     ("route", "add", "default", "dev", "eth0")):
            ip("-n", space, *argv)
        # The userspace conntrack looks at checksums.
        subprocess.run(self.inside(host, "ethtool", "-K", "eth0", "tx", "off"),
                       check=True, stdout=subprocess.DEVNULL)
        self.switch.vsctl("add-port", "br0", host)

    def inside(self, host, *argv):
        return ("ip", "netns", "exec", "%s-%s" % (self.name, host)) + argv

    def serve(self, *argv):
        p = subprocess.Popen(self.inside("server", *argv),
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        self.servers.append(p)

    def connections(self, seconds):
        """New ones a second."""
        argv = self.inside("client", CONNECT, "rate", SERVER, "80",
                           str(seconds))
        return float(subprocess.run(argv, check=True, text=True,
                                    stdout=subprocess.PIPE).stdout)

    def throughput(self, seconds):
        """Bits a second."""
        p = subprocess.run(
            self.inside("client", "iperf3", "-c", SERVER, "-p", str(PORT),
                        "-J", "-t", str(seconds)), text=True,
            stdout=subprocess.PIPE)
        report = json.loads(p.stdout)
        return report["end"]["sum_received"]["bits_per_second"]

    def scan_ports(self, n):
        subprocess.run(self.inside("stranger", CONNECT, "scan", SERVER,
                                   "1000", str(999 + n)), check=True)

    def scan_addresses(self):
        subprocess.run(self.inside("stranger", CONNECT, "sweep", "10.0.0",
                                   "1", "250", "443"), check=True)

    def stop(self):
        for p in self.servers:
            p.terminate()
            p.wait()
        self.switch.stop()
        for space in self.spaces:
            ip("netns", "del", space)


@contextlib.contextmanager
def lab(bench, name):
    made = Lab(bench, name)
    try:
        yield made
    finally:
        made.stop()


def allowed_pair():
    """The server lets the client in, and the client may go there."""
    here = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"ipBlock": {"cidr": CLIENT + "/32"}}],
                         "ports": [{"port": 80}, {"port": PORT}]}],
            "egress": [{"to": [{"ipBlock": {"cidr": SERVER + "/32"}}]}]}
    return [workload.make_policy("ns-%d" % i, "pair", here) for i in (0, 1)]


def cluster(n):
    w = workload.cluster(100, 2000, n)
    if n:
        w["policies"] += allowed_pair()
    return w


def install_ours(bench, switch, n):
    path = workload.write(cluster(n), os.path.join(bench.path, "pair"))
    rig.bench_switch(switch, path, "cold")


# The usual layout: policies' peers address by address in the rule table.

def members(w, group):
    key = "peer-%s" % group
    return [p["status"]["podIP"] for p in w["pods"]
            if key in p["metadata"]["labels"]]


def targets(w, policy):
    label = next(iter(policy["spec"]["podSelector"]["matchLabels"].items()))
    return [p["status"]["podIP"] for p in w["pods"]
            if p["metadata"]["namespace"] == policy["metadata"]["namespace"]
            and p["spec"]["nodeName"] == workload.NODE
            and label in p["metadata"]["labels"].items()]


class Conjunctions:
    """Clause flows of one table with their merged actions."""

    def __init__(self, table, onward):
        self.table, self.onward = table, onward
        self.clauses, self.n = {}, 0

    def rule(self, *dimensions):
        self.n += 1
        for i, matches in enumerate(dimensions):
            for match in matches:
                self.clauses.setdefault(match, []).append(
                    "conjunction(%d,%d/%d)" % (self.n, i + 1,
                                               len(dimensions)))

    def flows(self):
        for match, actions in self.clauses.items():
            yield "table=%d,priority=100,ip,%s actions=%s" % (
                self.table, match, ",".join(actions))
        for i in range(1, self.n + 1):
            yield "table=%d,priority=100,ip,conj_id=%d actions=%s" % (
                self.table, i, self.onward)


def install_addresses(switch, n):
    w = workload.cluster(100, 2000, n)
    peers = {g: members(w, g) for g in range(workload.N_GROUPS)}
    egress = Conjunctions(2, "goto_table:3")
    ingress = Conjunctions(3, "goto_table:4")
    isolated = {CLIENT, SERVER}
    for p in w["policies"]:
        here = targets(w, p)
        isolated.update(here)
        group = {k: int(p["spec"][k][0][f][0]["podSelector"]["matchLabels"]
                        .popitem()[0][5:])
                 for k, f in (("ingress", "from"), ("egress", "to"))}
        ports = ["nw_proto=6,tp_dst=%d" % port["port"]
                 for port in p["spec"]["ingress"][0]["ports"]]
        ingress.rule(["nw_dst=" + a for a in here],
                     ["nw_src=" + a for a in peers[group["ingress"]]], ports)
        egress.rule(["nw_src=" + a for a in here],
                    ["nw_dst=" + a for a in peers[group["egress"]]])
    egress.rule(["nw_src=" + CLIENT], ["nw_dst=" + SERVER])
    ingress.rule(["nw_dst=" + SERVER], ["nw_src=" + CLIENT],
                 ["nw_proto=6,tp_dst=%d" % p for p in (80, PORT)])
    flows = ["table=0,priority=100,ip actions=ct(table=1,zone=7)",
             "table=0,priority=0 actions=NORMAL",
             "table=1,priority=100,ct_state=+trk+est actions=NORMAL",
             "table=1,priority=0 actions=goto_table:2",
             "table=2,priority=0 actions=goto_table:3",
             "table=3,priority=0 actions=goto_table:4",
             "table=4,priority=0,ip actions=ct(commit,zone=7),NORMAL"]
    flows += list(egress.flows()) + list(ingress.flows())
    for a in isolated:
        flows.append("table=2,priority=50,ip,nw_src=%s actions=drop" % a)
        flows.append("table=3,priority=50,ip,nw_dst=%s actions=drop" % a)
    name = switch.path + "/addresses.flows"
    with open(name, "w") as f:
        f.write("\n".join(flows) + "\n")
    switch.ofctl("--bundle replace-flows", "br0", name)
