# SPDX-License-Identifier: Apache-2.0
"""A private Open vSwitch, the daemon, and what they cost.

Everything lives below one folder and ends with stop().
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import time

BUILD = os.environ["NETPOL_BUILD"]
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
TICK = os.sysconf("SC_CLK_TCK")


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("gave up waiting for " + what)
        time.sleep(0.001)


def resident(pid):
    """Bytes."""
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Unixctl:
    """One request at a time on a control socket."""

    def __init__(self, path):
        self.path = path

    def listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.path) == 0

    def ask(self, method, *params):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path)
            s.sendall(json.dumps({"id": 0, "method": method,
                                  "params": list(params)}).encode())
            text = ""
            while True:
                data = s.recv(1 << 20)
                if not data:
                    raise RuntimeError("%s: no answer" % method)
                text += data.decode()
                try:
                    reply = json.loads(text)
                except ValueError:
                    continue
                if reply["error"]:
                    raise RuntimeError("%s: %s" % (method, reply["error"]))
                return reply["result"]


class Switch:
    """'datapath': dummy, or netdev for real packets.  With real ones the switch
    has its devices in the network namespace 'netns'."""

    def __init__(self, path, datapath="dummy", netns=None):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        self.path = path
        self.datapath = datapath
        self.netns = netns
        self.env = dict(os.environ, OVS_RUNDIR=path, OVS_LOGDIR=path,
                        OVS_DBDIR=path)
        self.processes = []
        self.db = "unix:%s/db.sock" % path
        self.run("ovsdb-tool", "create", path + "/conf.db", SCHEMA)
        self.spawn("ovsdb-server", path + "/conf.db", "--remote=punix:"
                   + self.db[5:], "-vconsole:off", "--log-file")
        wait_for("ovsdb-server", lambda: os.path.exists(self.db[5:]))
        self.vsctl("--no-wait", "init")
        where = ["nsenter", "--net=/run/netns/" + netns] if netns else []
        dummy = ["--enable-dummy=override"] if datapath == "dummy" else []
        self.vswitchd = self.spawn(
            *where, "ovs-vswitchd", self.db, "-vconsole:off", "--log-file",
            "--unixctl=%s/vswitchd.ctl" % path, "--pidfile", *dummy)
        self.add_bridge("br0")

    def spawn(self, *argv):
        p = subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        self.processes.append(p)
        return p

    def run(self, *argv, text=None):
        p = subprocess.run(argv, env=self.env, input=text, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if p.returncode:
            raise RuntimeError("%s: %s" % (" ".join(argv), p.stderr.strip()))
        return p.stdout

    def vsctl(self, *argv):
        return self.run("ovs-vsctl", "--db=" + self.db, *argv)

    def ofctl(self, command, bridge, *argv):
        return self.run("ovs-ofctl", "-O", "OpenFlow15", *command.split(),
                        self.target(bridge), *argv)

    def appctl(self, *argv):
        return Unixctl(self.path + "/vswitchd.ctl").ask(*argv)

    def target(self, bridge):
        return "unix:%s/%s.mgmt" % (self.path, bridge)

    def add_bridge(self, name):
        self.vsctl("--may-exist", "add-br", name, "--", "set", "bridge", name,
                   "datapath_type=" + self.datapath)
        wait_for(name, lambda: os.path.exists(self.target(name)[5:]))

    def flows(self, bridge="br0"):
        """Our flows, as ovs-ofctl reads them."""
        text = self.ofctl("--no-stats --no-names dump-flows", bridge)
        return "".join(line.strip() + "\n" for line in text.splitlines()
                       if "cookie=0x6e70" in line)

    def floor(self, flows):
        """Seconds that ovs-ofctl takes to put 'flows' into an empty bridge,
        best of three."""
        name = self.path + "/floor.flows"
        with open(name, "w") as f:
            f.write(flows)
        best = None
        for _ in range(3):
            self.vsctl("--if-exists", "del-br", "floor")
            self.add_bridge("floor")
            start = time.monotonic()
            self.ofctl("--bundle replace-flows", "floor", name)
            seconds = time.monotonic() - start
            best = seconds if best is None else min(best, seconds)
        self.vsctl("del-br", "floor")
        return best

    def stop(self):
        for p in reversed(self.processes):
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()


class Daemon:
    """ovs-netpold on br0 of a switch, from its start until all is in."""

    def __init__(self, switch, manifests):
        socket_name = switch.path + "/netpold.ctl"
        if os.path.exists(socket_name):
            os.unlink(socket_name)
        start = time.monotonic()
        self.process = switch.spawn(
            os.path.join(BUILD, "ovs-netpold"), "--bridge=br0",
            "--dir=" + manifests, "--node=node-0", "--db=" + switch.db,
            "--no-chdir", "-vconsole:off", "--metrics-listen=off",
            "--unixctl=" + socket_name)
        self.ctl = Unixctl(socket_name)
        wait_for("the daemon", self.ctl.listens)
        self.ctl.ask("wait", "120000")
        self.seconds = time.monotonic() - start
        self.cpu = cpu_seconds(self.process.pid)

    def status(self):
        return json.loads(self.ctl.ask("status", "-o", "json"))

    def resident(self):
        return resident(self.process.pid)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def bench_switch(switch, manifests, *commands):
    """The answers of bench_switch on br0, by what they are about."""
    program = os.path.join(BUILD, "tests/bench/bench_switch")
    text = switch.run(program, switch.target("br0"), manifests, *commands)
    answers = [json.loads(line) for line in text.splitlines()]
    return {a["what"]: a for a in answers}


def bench_compile(shape, scale):
    program = os.path.join(BUILD, "tests/bench/bench_compile")
    return json.loads(subprocess.run(
        [program, shape, str(scale)], stdout=subprocess.PIPE, check=True,
        text=True).stdout)
