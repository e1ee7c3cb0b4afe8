#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fills a cluster, or measures how fast changes of it are in the switch.

  kubefill.py etcd URL PODS POLICIES   puts objects into etcd, the API server
                                       running or not
  kubefill.py latency URL DIR BRIDGE PODS N
                                       changes a pod's label N times; prints
                                       the milliseconds from the API server's
                                       answer to the flow in the switch: half,
                                       99 % and all of them took no longer

The cluster: 50 namespaces, in each as many apps with ten pods as there is
room for.  Every 20th pod's label pod-template-hash is its own, others share it
with their app's.  20 pods are on the node "worker".  A policy lets one app of
its namespace in to another one.
"""

import base64
import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

NAMESPACES = 50
PODS_PER_APP = 10
LOCAL = 20
CREATED = "2026-01-01T00:00:00Z"
TXN = 100


def uid(kind, n):
    return "%08d-0000-4000-8000-%012d" % (kind, n)


def metadata(kind, n, name, namespace=None, labels=None):
    m = {"name": name, "uid": uid(kind, n), "creationTimestamp": CREATED}
    if namespace:
        m["namespace"] = namespace
    if labels:
        m["labels"] = labels
    return m


def namespaces():
    for i in range(NAMESPACES):
        name = "ns-%d" % i
        yield "namespaces/" + name, {
            "kind": "Namespace", "apiVersion": "v1",
            "metadata": metadata(1, i, name, labels={"team": "t%d" % i}),
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"}}


def pod_names(n):
    """Of the n-th pod: namespace, name, app."""
    app = n // NAMESPACES // PODS_PER_APP
    return ("ns-%d" % (n % NAMESPACES),
            "app-%d-%d" % (app, n // NAMESPACES % PODS_PER_APP), app)


def pod(n):
    ns, name, app = pod_names(n)
    ip = "10.%d.%d.%d" % (128 + n // 62500, n // 250 % 250, n % 250 + 1)
    share = "%010d" % (n if n % 20 == 0 else app)
    container = {
        "name": "main", "image": "registry.example.org/team/app:1.2.3",
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "env": [{"name": "VARIABLE_%d" % i, "value": "value %d" % i}
                for i in range(10)],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"},
                      "limits": {"memory": "256Mi"}},
        "ports": [{"name": "http", "containerPort": 8080,
                   "protocol": "TCP"}]}
    return "pods/%s/%s" % (ns, name), {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": metadata(2, n, name, ns, {
            "app": "app-%d" % app, "pod-template-hash": share}),
        "spec": {"nodeName": "worker" if n < LOCAL else "node-%d" % (n % 97),
                 "containers": [container], "restartPolicy": "Always",
                 "terminationGracePeriodSeconds": 30,
                 "dnsPolicy": "ClusterFirst", "serviceAccountName": "default",
                 "schedulerName": "default-scheduler"},
        "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
                   "hostIP": "192.168.0.1", "startTime": CREATED,
                   "qosClass": "Burstable",
                   "conditions": [{"type": t, "status": "True",
                                   "lastTransitionTime": CREATED}
                                  for t in ("Initialized", "Ready",
                                            "ContainersReady",
                                            "PodScheduled")]}}


def count_apps(n_pods):
    return max(2, n_pods // NAMESPACES // PODS_PER_APP)


def policy(n, apps):
    ns = "ns-%d" % (n % NAMESPACES)
    to = n // NAMESPACES % apps
    name = "policy-%d" % n
    return "networkpolicies/%s/%s" % (ns, name), {
        "kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1",
        "metadata": metadata(3, n, name, ns),
        "spec": {"podSelector": {"matchLabels": {"app": "app-%d" % to}},
                 "policyTypes": ["Ingress"],
                 "ingress": [{"from": [{"podSelector": {"matchLabels": {
                     "app": "app-%d" % ((to + n) % apps)}}}],
                     "ports": [{"protocol": "TCP", "port": 1024 + n}]}]}}


def objects(n_pods, n_policies):
    yield from namespaces()
    for n in range(n_pods):
        yield pod(n)
    for n in range(n_policies):
        yield policy(n, count_apps(n_pods))


def encode(text):
    return base64.b64encode(text.encode()).decode()


def fill(url, n_pods, n_policies):
    connection = http.client.HTTPConnection(urllib.parse.urlparse(url).netloc)
    puts = []

    def flush():
        connection.request("POST", "/v3/kv/txn", json.dumps({"success": puts}))
        answer = json.load(connection.getresponse())
        if not answer.get("succeeded"):
            sys.exit("etcd: %s" % answer)
        puts.clear()

    for key, value in objects(n_pods, n_policies):
        puts.append({"requestPut": {"key": encode("/registry/" + key),
                                    "value": encode(json.dumps(value))}})
        if len(puts) >= TXN:
            flush()
    if puts:
        flush()


class Monitor:
    """Knows when a flow of the bridge was last changed."""

    def __init__(self, bridge):
        self.changed = threading.Event()
        self.at = 0
        self.process = subprocess.Popen(
            ["ovs-ofctl", "monitor", bridge, "watch:!initial,!own"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            if "event=" in line:
                self.at = time.monotonic()
                self.changed.set()

    def close(self):
        self.process.kill()
        self.process.wait()


def relabel(connection, n, app):
    """Returns when the API server had answered."""
    ns, name, _ = pod_names(n)
    connection.request(
        "PATCH", "/api/v1/namespaces/%s/pods/%s" % (ns, name),
        json.dumps({"metadata": {"labels": {"app": "app-%d" % app}}}),
        {"Content-Type": "application/merge-patch+json",
         "User-Agent": "kubelab"})
    answer = connection.getresponse()
    answer.read()
    at = time.monotonic()
    if answer.status != 200:
        sys.exit("%s/%s: HTTP %d" % (ns, name, answer.status))
    return at


def latency(url, directory, bridge, apps, n):
    context = ssl.create_default_context(cafile=directory + "/ca.crt")
    context.load_cert_chain(directory + "/admin.crt", directory + "/admin.key")
    connection = http.client.HTTPSConnection(
        urllib.parse.urlparse(url).netloc, context=context)
    monitor = Monitor(bridge)
    times = []
    time.sleep(0.5)             # The monitor has no way to say that it is on.
    # In each namespace with a pod on the node, one elsewhere becomes a peer of
    # that one's policies, and ceases to be.
    where = [ns for ns in range(LOCAL) if ns % apps]
    for i in range(n):
        ns = where[i % len(where)]
        peer = i // len(where) % 2 == 0
        monitor.changed.clear()
        at = relabel(connection, ns + NAMESPACES, ns % apps if peer else 9999)
        if not monitor.changed.wait(30):
            sys.exit("change %d: not in the switch after 30 s" % i)
        times.append((monitor.at - at) * 1000)
    monitor.close()
    times.sort()
    print("%.1f %.1f %.1f" % (times[n // 2], times[n * 99 // 100], times[-1]))


def main(argv):
    if argv[1:2] == ["etcd"]:
        fill(argv[2], int(argv[3]), int(argv[4]))
    elif argv[1:2] == ["latency"]:
        latency(argv[2], argv[3], argv[4], count_apps(int(argv[5])),
                int(argv[6]))
    else:
        sys.exit(__doc__)


main(sys.argv)
