#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An extension API server for ClusterNetworkPolicies, and for what came before
them, behind the aggregation layer of a real kube-apiserver, which does TLS,
users, roles and discovery.

Some builds of kube-apiserver crash at the first object of any resource
definition (HACKING.md, "Test", says which).  With them, policies live here, in
memory, and nobody validates them: tests/lib/kubekind.sh.

usage: extension.py ADDRESS PORT CERTIFICATE KEY
"""

import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

GROUP = "policy.networking.k8s.io"
# By version, by plural: kind and short name.
RESOURCES = {
    "v1alpha2": {"clusternetworkpolicies": ("ClusterNetworkPolicy", "cnp")},
    "v1alpha1": {
        "adminnetworkpolicies": ("AdminNetworkPolicy", "anp"),
        "baselineadminnetworkpolicies": ("BaselineAdminNetworkPolicy",
                                         "banp")},
}
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch",
         "update", "watch"]


def merge(old, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = merge(new.get(key), value)
    return new


class Store:
    def __init__(self):
        self.objects = {}
        self.events = []        # (revision, type, object), all of them.
        self.revision = 1
        self.changed = threading.Condition()

    def note(self, what, o):
        self.revision += 1
        o["metadata"]["resourceVersion"] = str(self.revision)
        self.events.append((self.revision, what, json.loads(json.dumps(o))))
        self.changed.notify_all()

    def create(self, o):
        metadata = o.setdefault("metadata", {})
        metadata.update(uid=str(uuid.uuid4()), generation=1,
                        creationTimestamp=time.strftime(
                            "%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        o.pop("status", None)
        self.objects[metadata["name"]] = o
        self.note("ADDED", o)
        return o

    def change(self, name, new, status):
        """The status changes through its own path, and all else not."""
        old = self.objects[name]
        if status:
            new = dict(old, status=new.get("status"))
        else:
            new = dict(new)
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]
        new["metadata"] = dict(new["metadata"],
                               uid=old["metadata"]["uid"],
                               generation=old["metadata"]["generation"])
        new["metadata"].pop("resourceVersion", None)
        before = json.loads(json.dumps(old))
        before["metadata"].pop("resourceVersion")
        if new != before:
            if new.get("spec") != old.get("spec"):
                new["metadata"]["generation"] += 1
            self.objects[name] = new
            self.note("MODIFIED", new)
        return self.objects[name]

    def delete(self, name):
        self.note("DELETED", self.objects.pop(name))


stores = {plural: Store() for resources in RESOURCES.values()
          for plural in resources}


def describe(version):
    """The APIResourceList."""
    resources = []
    for plural, (kind, short) in RESOURCES[version].items():
        resources += [
            {"name": plural, "singularName": kind.lower(),
             "namespaced": False, "kind": kind, "verbs": VERBS,
             "shortNames": [short]},
            {"name": plural + "/status", "singularName": "",
             "namespaced": False, "kind": kind,
             "verbs": ["get", "patch", "update"]}]
    return {"kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": GROUP + "/" + version, "resources": resources}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, o):
        data = (json.dumps(o) + "\n").encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, code, reason):
        self.answer(code, {"kind": "Status", "apiVersion": "v1",
                           "metadata": {}, "status": "Failure", "code": code,
                           "reason": reason, "message": reason})

    def body(self):
        return json.loads(self.rfile.read(
            int(self.headers.get("Content-Length") or 0)) or "{}")

    def handle_request(self):
        url = urllib.parse.urlparse(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.strip("/").split("/")
        body = self.body() if self.command != "GET" else None
        self.version = parts[2] if parts[:2] == ["apis", GROUP] \
            and len(parts) > 2 and parts[2] in RESOURCES else None
        self.plural = parts[3] if len(parts) > 3 else None
        if self.version and not self.plural:
            self.answer(200, describe(self.version))
        elif self.plural not in RESOURCES.get(self.version, {}):
            self.fail(404, "NotFound")
        elif query.get("watch") in ("1", "true"):
            self.watch(stores[self.plural], query)
        else:
            self.store = stores[self.plural]
            with self.store.changed:
                self.object_request(parts[4:], body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def object_request(self, parts, body):
        name = parts[0] if parts else None
        if name is None:
            self.collection_request(body)
        elif name not in self.store.objects:
            self.fail(404, "NotFound")
        elif self.command == "GET":
            self.answer(200, self.store.objects[name])
        elif self.command == "DELETE":
            self.store.delete(name)
            self.answer(200, {"kind": "Status", "apiVersion": "v1",
                              "metadata": {}, "status": "Success"})
        else:
            self.change(name, body, parts[1:] == ["status"])

    def change(self, name, body, status):
        old = self.store.objects[name]
        version = body.get("metadata", {}).get("resourceVersion")
        kind = self.headers.get("Content-Type")
        if version not in (None, old["metadata"]["resourceVersion"]):
            self.fail(409, "Conflict")
        elif self.command == "PUT":
            self.answer(200, self.store.change(name, body, status))
        elif kind == "application/merge-patch+json":
            self.answer(200, self.store.change(name, merge(old, body), status))
        else:
            self.fail(415, "UnsupportedMediaType")

    def collection_request(self, body):
        if self.command == "POST":
            if body["metadata"]["name"] in self.store.objects:
                self.fail(409, "AlreadyExists")
            else:
                self.answer(201, self.store.create(body))
        elif self.command == "DELETE":
            for name in list(self.store.objects):
                self.store.delete(name)
            self.answer(200, {"kind": "Status", "apiVersion": "v1",
                              "metadata": {}, "status": "Success"})
        else:
            self.answer(200, {
                "kind": RESOURCES[self.version][self.plural][0] + "List",
                "apiVersion": GROUP + "/" + self.version,
                "metadata": {"resourceVersion": str(self.store.revision)},
                "items": list(self.store.objects.values())})

    def watch(self, store, query):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        seen = int(query.get("resourceVersion") or 0)
        if seen > store.revision:       # Of an earlier life.
            self.send_chunk(json.dumps({"type": "ERROR", "object": {
                "kind": "Status", "code": 410, "message": "too old"}}) + "\n")
            self.send_chunk("")
            return
        end = time.monotonic() + int(query.get("timeoutSeconds") or 3600)
        only = query.get("fieldSelector", "").partition("metadata.name=")[2]
        while time.monotonic() < end:
            with store.changed:
                news = [e for e in store.events if e[0] > seen]
                if not news:
                    store.changed.wait(min(1, end - time.monotonic()))
            for seen, what, o in news:
                if only in ("", o["metadata"]["name"]):
                    self.send_chunk(json.dumps({"type": what, "object": o})
                                    + "\n")
        self.send_chunk("")

    def send_chunk(self, text):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text.encode()))
        self.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Who hangs up is no error."""


def main(address, port, certificate, key):
    server = Server((address, int(port)), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


main(*sys.argv[1:])
