# SPDX-License-Identifier: Apache-2.0
"""OVN for the same policies, where somebody has a rig that feeds it.

$NETPOL_OVN_RIG is a folder with two Python modules: workload (class Cluster)
and rig (class Rig, functions install and w2), which write to OVN's northbound
database what ovn-kubernetes would.  Without it, or without OVN, the rows say
so.
"""
import copy
import importlib.util
import os
import shutil
import sys


def reason_to_skip():
    folder = os.environ.get("NETPOL_OVN_RIG")
    if not folder or not os.path.exists(folder + "/rig.py"):
        return "no OVN: NETPOL_OVN_RIG names no rig"
    if not shutil.which("ovn-controller") and not os.path.exists(
            "/usr/bin/ovn-controller"):
        return "no OVN: packages ovn-central and ovn-host"
    return None


def load(folder, name, alias):
    spec = importlib.util.spec_from_file_location(
        alias, os.path.join(folder, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Peer:
    """Our own module "workload" steps aside while theirs is loaded."""

    def __init__(self, path):
        folder = os.environ["NETPOL_OVN_RIG"]
        self.path = path
        ours = sys.modules.pop("workload", None)
        sys.path.insert(0, folder)
        self.module = load(folder, "rig", "ovn_rig")
        sys.path.remove(folder)
        if ours:
            sys.modules["workload"] = ours
        self.module.RESULTS = os.path.join(path, "ovn.json")
        self.module.log = lambda *a: None

    def rig(self):
        r = self.module.Rig(os.path.join(self.path, "ovn"))
        r.start()
        return r

    def cold(self, w):
        """Seconds; CPU seconds and bytes of ovn-controller."""
        r = self.rig()
        try:
            _, result = self.module.install(r, copy.deepcopy(w))
        finally:
            r.stop()
        controller = result["procs"]["ovn-controller"]
        return {"seconds": result["timing"]["installed_s"],
                "cpu": controller["cpu_s"],
                "resident": 1048576 * controller["rss_mb"]}

    def pod_events(self, w, group, n):
        """Median seconds until a pod that comes or goes is in force."""
        r = self.rig()
        try:
            w = copy.deepcopy(w)
            k, _ = self.module.install(r, w)
            result = self.module.w2(r, k, w, group, "pods", n)
        finally:
            r.stop()
        return {"pod joins": result["add"]["p50_s"],
                "pod leaves": result["del"]["p50_s"]}
