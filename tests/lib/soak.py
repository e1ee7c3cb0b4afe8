#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What happens next in the soak test: decided by a seed alone.

  soak.py plan SEED ROUND [restarts]
      prints the actions of a round, one a line, for tests/e2e/soak.sh
  soak.py change SEED ROUND STEP DIR
      makes some random changes to the manifests DIR/soak-*.yaml, and prints
      how many

Namespaces, pods of other nodes, NetworkPolicies and ClusterNetworkPolicies
come, change and go; now and then a file cannot be read, or an object is
refused.  There are always new names, labels and addresses among them: who
remembers each that ever was will grow.  JSON is YAML, too.
"""
import glob
import json
import os
import random
import sys

NAMESPACES = ["shop", "soak-0", "soak-1", "soak-2"]
APPS = ["web", "db", "api", "job"]
N_PODS, N_POLICIES, N_CLUSTER_POLICIES = 120, 40, 8
LOCAL_PODS = range(4)

TAMPERING = ["delete-all", "delete-hook", "delete-table", "delete-address",
             "modify", "add-ours", "add-theirs", "take-over"]


def plan(rng, restarts):
    actions = ["change"]
    if rng.random() < .4:
        actions.append("%s %d" % (rng.choice(["plug", "unplug"]),
                                  rng.choice(LOCAL_PODS)))
    if rng.random() < .4:
        actions.append("tamper %s" % rng.choice(TAMPERING))
    if rng.random() < .04:
        actions.append("switch_restart")
    rng.shuffle(actions)
    if restarts and rng.random() < .3:
        # Some of it happens while nobody looks.
        n = rng.randint(0, len(actions))
        how = rng.choice(["stop", "exit", "kill"])
        actions[n:n] = ["away " + how]
        actions.append("back")
    return actions


def metadata(kind, name, ns=None, version="v1", labels=None):
    meta = {"name": name}
    if ns:
        meta["namespace"] = ns
    if labels is not None:
        meta["labels"] = labels
    return {"apiVersion": version, "kind": kind, "metadata": meta}


def fresh(rng):
    """What there most likely never was."""
    return "%08x" % rng.getrandbits(32)


def namespace(rng, name):
    return metadata("Namespace", name[:len("soak-0")],
                    labels={"team": rng.choice("abc"), "build": fresh(rng)})


def labels(rng):
    return {"app": rng.choice(APPS), "tier": rng.choice(["front", "back"]),
            "build": fresh(rng)}


def pod(rng, name):
    o = metadata("Pod", name, rng.choice(NAMESPACES), labels=labels(rng))
    n = rng.randint(1, 250)     # Sometimes two pods have one address.
    o["spec"] = {"nodeName": "far", "containers": [
        {"name": "c", "ports": [{"name": "http", "containerPort":
                                 rng.choice([80, 8080])}]}]}
    o["status"] = {"phase": rng.choice(["Running"] * 9 + ["Failed"]),
                   "podIPs": [{"ip": "10.244.1.%d" % n},
                              {"ip": "fd00:10:245::%d" % n}]}
    return o


def selector(rng):
    which = rng.randrange(5)
    if which == 0:
        return {}
    if which == 4:
        return {"matchExpressions": [{"key": "build", "operator": "NotIn",
                                      "values": [fresh(rng)]}]}
    if which == 1:
        return {"matchLabels": {"app": rng.choice(APPS)}}
    if which == 2:
        return {"matchExpressions": [{
            "key": "app", "operator": rng.choice(["In", "NotIn"]),
            "values": rng.sample(APPS, 2)}]}
    return {"matchLabels": {"tier": rng.choice(["front", "back"])},
            "matchExpressions": [{"key": "app", "operator": "Exists"}]}


def team(rng):
    return {"matchLabels": {"team": rng.choice("abc")}} \
        if rng.random() < .6 else {}


def block(rng):
    return rng.choice([
        {"cidr": "10.244.1.0/24", "except": ["10.244.1.128/25"]},
        {"cidr": "192.0.2.0/24"}, {"cidr": "0.0.0.0/0"},
        {"cidr": "fd00:10:245::/64"},
        {"cidr": "198.%d.%d.0/24" % (rng.randrange(256), rng.randrange(256))},
        {"cidr": "2001:db8:%x::/48" % rng.randrange(65536)}])


def peer(rng):
    which = rng.randrange(4)
    if which == 0:
        return {"ipBlock": block(rng)}
    if which == 1:
        return {"podSelector": selector(rng)}
    if which == 2:
        return {"namespaceSelector": team(rng)}
    return {"namespaceSelector": team(rng), "podSelector": selector(rng)}


def port(rng):
    p = {"protocol": rng.choice(["TCP", "TCP", "UDP", "SCTP"])}
    which = rng.randrange(4)
    if which == 0:
        p.update(protocol="TCP", port="http")
    elif which == 1:
        first = rng.randrange(1, 60000)
        p.update(port=first, endPort=first + rng.randrange(1, 5000))
    elif which == 2:
        p.update(port=rng.randrange(1, 65536))
    return p


def rule(rng, peers):
    r = {}
    if rng.random() < .8:
        r[peers] = [peer(rng) for _ in range(rng.randint(1, 3))]
    if rng.random() < .7:
        r["ports"] = [port(rng) for _ in range(rng.randint(1, 3))]
    return r


def policy(rng, name):
    o = metadata("NetworkPolicy", name,
                 NAMESPACES[int(name.split("-")[1]) % 4],
                 "networking.k8s.io/v1")
    spec = o["spec"] = {"podSelector": selector(rng), "policyTypes":
                        rng.choice([["Ingress"], ["Egress"],
                                    ["Ingress", "Egress"]])}
    for field, peers in (("ingress", "from"), ("egress", "to")):
        if rng.random() < .7:
            spec[field] = [rule(rng, peers) for _ in range(rng.randint(0, 3))]
    if rng.random() < .05:
        spec["podSelector"] = 7         # Refused.
    return o


def subject(rng):
    if rng.random() < .4:
        return {"namespaces": team(rng)}
    return {"pods": {"namespaceSelector": team(rng),
                     "podSelector": selector(rng)}}


def cluster_rule(rng, peers):
    r = {"action": rng.choice(["Accept", "Deny", "Pass"]),
         peers: [subject(rng) for _ in range(rng.randint(1, 2))]}
    if peers == "to" and rng.random() < .3:
        r["to"] = [{"networks": [block(rng)["cidr"]]}]
    if rng.random() < .5:
        r["protocols"] = [{rng.choice(["tcp", "udp"]): {"destinationPort": {
            "number": rng.randrange(1, 65536)}}}]
    return r


def cluster_policy(rng, name):
    o = metadata("ClusterNetworkPolicy", name,
                 version="policy.networking.k8s.io/v1alpha2")
    o["spec"] = {"tier": rng.choice(["Admin", "Baseline"]),
                 "priority": rng.randrange(1001), "subject": subject(rng)}
    for field, peers in (("ingress", "from"), ("egress", "to")):
        if rng.random() < .7:
            o["spec"][field] = [cluster_rule(rng, peers)
                                for _ in range(rng.randint(1, 2))]
    return o


def write(path, text):
    """All at once, as tests/lib/netlab.sh does."""
    hidden = os.path.join(os.path.dirname(path),
                          "." + os.path.basename(path) + ".new")
    with open(hidden, "w") as stream:
        stream.write(text)
    os.rename(hidden, path)


KINDS = [("ns", 3, namespace), ("pod", N_PODS, pod),
         ("policy", N_POLICIES, policy),
         ("cluster", N_CLUSTER_POLICIES, cluster_policy)]


def change_one(rng, folder):
    """An object and its file have one name: soak-NUMBER-FRESH."""
    kind, n, make = rng.choices(KINDS, weights=[1, 10, 4, 1])[0]
    i = rng.randrange(n)
    there = glob.glob(os.path.join(folder, "soak-%s-%d-*.yaml" % (kind, i)))
    path = there[0] if there else None
    if path and rng.random() < .4:
        os.remove(path)
        if rng.random() < .5:
            return
        path = None
    suffix = path[:-len(".yaml")].split("-")[-1] if path else fresh(rng)
    name = "soak-%d-%s" % (i, suffix)
    if rng.random() < .01:
        text = "a: ["
    else:
        text = json.dumps(make(rng, name)) + "\n"
    write(os.path.join(folder, name.replace("-", "-%s-" % kind, 1) + ".yaml"),
          text)


def main(argv):
    rng = random.Random("/".join(argv[2:5]) if argv[1] == "change"
                        else "/".join(argv[2:4]))
    if argv[1] == "plan":
        print("\n".join(plan(rng, argv[4:] == ["restarts"])))
    else:
        n = rng.randint(1, 12)
        for _ in range(n):
            change_one(rng, argv[5])
        print(n)


main(sys.argv)
