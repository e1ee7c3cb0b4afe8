#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real packets between network namespaces, many at once.

One process enters each namespace in turn (setns), opens its sockets there,
and then waits for all of them together: sockets stay in the namespace in
which they were made.  So a whole reachability matrix costs one process and
one timeout.

    probe.py serve --netns N --name TEXT --ready FILE tcp:80,443 udp:53
    probe.py run                    requests on stdin, answers on stdout
    probe.py hold --netns N --socket S --ready FILE tcp|udp ADDR PORT
    probe.py ask SOCKET SECONDS SIZE    does the held connection answer?
    probe.py send --netns N --dev DEV HEX...     raw frames

A request is "ID NETNS SOURCE PROTO ADDR PORT SECONDS [SIZE]", with SOURCE the
address to send from, PROTO tcp, udp or icmp (PORT is ignored), SECONDS the
patience and SIZE the bytes of payload.
An answer is "ID RESULT TEXT", RESULT being

    ok       the server answered; TEXT is the name that it gave
    closed   nobody listens there, but we were told so (RST, ICMP error)
    denied   silence until the deadline
    error    something else; TEXT says what
"""

import argparse
import ctypes
import errno
import ipaddress
import os
import selectors
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
IP_PKTINFO = 8                  # Not in the socket module of Python 3.11.
RESEND = 0.25                   # Seconds between datagrams without an answer.
MAX_DATAGRAM = 65535

libc = ctypes.CDLL(None, use_errno=True)


def enter(netns):
    """Makes 'netns' (a path) the namespace of sockets opened from now on."""
    fd = os.open(netns, os.O_RDONLY)
    try:
        if libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {netns}")
    finally:
        os.close(fd)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def is_multicast(address):
    return ipaddress.ip_address(address).is_multicast


def parse_ports(text):
    """"80,443,8000-8003" -> [80, 443, 8000, 8001, 8002, 8003]"""
    ports = []
    for item in text.split(","):
        first, _, last = item.partition("-")
        ports += range(int(first), int(last or first) + 1)
    return ports


def touch(path):
    with open(path, "w", encoding="ascii") as f:
        f.write("ready\n")


# Servers.

class Server:
    """Says its name to each TCP client, then echoes; answers each UDP datagram
    with its name and the datagram."""

    def __init__(self, name):
        self.name = name.encode()
        self.selector = selectors.DefaultSelector()

    def listen(self, protocol, port):
        for family in (socket.AF_INET, socket.AF_INET6):
            kind = (socket.SOCK_STREAM if protocol == "tcp"
                    else socket.SOCK_DGRAM)
            s = socket.socket(family, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            s.bind(("", port))
            s.setblocking(False)
            if protocol == "tcp":
                s.listen(64)
            self.add(s, self.accept if protocol == "tcp" else self.datagram)

    def join(self, group):
        """Listens on multicast UDP port 5000 of 'group'."""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((group, 5000))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     socket.inet_aton(group) + socket.inet_aton("0.0.0.0"))
        self.add(s, self.plain_datagram)

    def add(self, s, handler):
        self.selector.register(s, selectors.EVENT_READ, handler)

    def accept(self, s):
        connection, _ = s.accept()
        connection.setblocking(False)
        connection.send(self.name + b"\n")
        self.add(connection, self.echo)

    def echo(self, s):
        data = s.recv(65536)
        if data:
            s.send(data)
        else:
            self.selector.unregister(s)
            s.close()

    def datagram(self, s):
        """Answers from the address that the datagram was for."""
        data, ancillary, _, peer = s.recvmsg(MAX_DATAGRAM, 256)
        answer_from = []
        for level, kind, value in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                value = struct.pack("i", 0) + value[4:]
            answer_from.append((level, kind, value))
        text = (self.name + b"\n" + data)[:MAX_DATAGRAM - 28]
        s.sendmsg([text], answer_from, 0, peer)

    def plain_datagram(self, s):
        data, peer = s.recvfrom(MAX_DATAGRAM)
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.sendto(self.name + b"\n" + data, peer)
        out.close()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                try:
                    key.data(key.fileobj)
                except (BlockingIOError, InterruptedError):
                    pass
                except OSError:
                    if key.data == self.echo:
                        self.selector.unregister(key.fileobj)
                        key.fileobj.close()


def serve(args):
    enter(args.netns)
    server = Server(args.name)
    for item in args.what:
        protocol, _, rest = item.partition(":")
        if protocol == "mcast":
            server.join(rest)
            continue
        for port in parse_ports(rest):
            server.listen(protocol, port)
    touch(args.ready)
    server.run()


# Probes.  Each has a socket, asks again when told to, and looks at what came;
# its result is None while it does not know.

class Probe:
    def __init__(self, request):
        fields = request.split()
        self.id, self.netns, self.source, self.protocol = fields[:4]
        self.address = fields[4]
        self.port = int(fields[5])
        self.patience = float(fields[6])
        self.size = int(fields[7]) if len(fields) > 7 else 8
        self.family = family_of(self.address)
        self.result = None
        self.text = ""
        self.socket = None
        self.events = selectors.EVENT_READ

    def finish(self, result, text=""):
        if self.result is None:
            self.result, self.text = result, text

    def fail(self, error):
        """An errno of a socket call becomes a result."""
        if error == errno.ECONNREFUSED:
            self.finish("closed")
        elif error not in (errno.EAGAIN, errno.EINPROGRESS, errno.ENOBUFS):
            self.finish("error", errno.errorcode.get(error, str(error)))

    def guard(self, function):
        try:
            function()
        except OSError as e:
            self.fail(e.errno)

    def start(self):
        self.guard(self.open)

    def make_socket(self, kind, protocol=0):
        self.socket = socket.socket(self.family, kind, protocol)
        self.socket.setblocking(False)
        self.socket.bind((self.source, 0))

    def again(self):
        pass


class TcpProbe(Probe):
    """Connected, and the server said its name."""

    def open(self):
        self.make_socket(socket.SOCK_STREAM)
        self.fail(self.socket.connect_ex((self.address, self.port))
                  or errno.EAGAIN)

    def look(self):
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self.fail(error)
            return
        data = self.socket.recv(256)
        self.finish("ok", data.decode().strip())


class UdpProbe(Probe):
    def open(self):
        self.make_socket(socket.SOCK_DGRAM)
        self.connected = not is_multicast(self.address)
        if self.connected:
            self.socket.connect((self.address, self.port))
        self.again()

    def again(self):
        payload = b"?" * self.size
        if self.connected:
            self.guard(lambda: self.socket.send(payload))
        else:
            self.guard(lambda: self.socket.sendto(
                payload, (self.address, self.port)))

    def look(self):
        data = self.socket.recv(MAX_DATAGRAM)
        self.finish("ok", data.split(b"\n")[0].decode())


class IcmpProbe(Probe):
    """Echo request and reply, on a raw socket."""

    count = 0

    def open(self):
        IcmpProbe.count += 1
        self.ident = (os.getpid() * 64 + IcmpProbe.count) & 0xffff
        protocol = (socket.IPPROTO_ICMPV6 if self.family == socket.AF_INET6
                    else socket.IPPROTO_ICMP)
        self.make_socket(socket.SOCK_RAW, protocol)
        self.again()

    def again(self):
        is_v6 = self.family == socket.AF_INET6
        head = struct.pack("!BBHHH", 128 if is_v6 else 8, 0, 0, self.ident, 1)
        packet = head + b"?" * self.size
        if not is_v6:
            packet = packet[:2] + checksum(packet) + packet[4:]
        self.guard(lambda: self.socket.sendto(packet, (self.address, 0)))

    def look(self):
        data, _ = self.socket.recvfrom(MAX_DATAGRAM)
        if self.family == socket.AF_INET:
            data = data[(data[0] & 15) * 4:]
        kind, _, _, ident, _ = struct.unpack("!BBHHH", data[:8])
        if ident == self.ident and kind in (0, 129):
            self.finish("ok")


def checksum(packet):
    """The Internet checksum of 'packet' as two bytes."""
    if len(packet) % 2:
        packet += b"\0"
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~total & 0xffff)


KINDS = {"tcp": TcpProbe, "udp": UdpProbe, "icmp": IcmpProbe}


def run(_args):
    requests = [line for line in sys.stdin if line.strip()]
    probes = [KINDS[line.split()[3]](line) for line in requests]
    selector = selectors.DefaultSelector()
    # One namespace after the other: entering is cheap, but not free.
    for probe in sorted(probes, key=lambda p: p.netns):
        enter(probe.netns)
        probe.start()
        if probe.socket is not None and probe.result is None:
            selector.register(probe.socket, probe.events, probe)
    begin = time.monotonic()
    resend = begin + RESEND
    waiting = [p for p in probes if p.result is None]
    while waiting:
        deadline = min(min(begin + p.patience for p in waiting), resend)
        for key, _ in selector.select(max(0, deadline - time.monotonic())):
            probe = key.data
            probe.guard(probe.look)
            if probe.result is not None:
                selector.unregister(key.fileobj)
        now = time.monotonic()
        for probe in waiting:
            if now >= begin + probe.patience:
                probe.finish("denied")
            elif now >= resend and probe.result is None:
                probe.again()
        if now >= resend:
            resend = now + RESEND
        waiting = [p for p in waiting if p.result is None]
    for probe in probes:
        print(probe.id, probe.result, probe.text)


# A connection that stays.

def hold(args):
    """Keeps one connection open, over which a message has come back.  Each
    datagram on the control socket is a question "SECONDS SIZE": does a new
    message of so many bytes come back within that time?"""
    enter(args.netns)
    kind = (socket.SOCK_STREAM if args.protocol == "tcp"
            else socket.SOCK_DGRAM)
    s = socket.socket(family_of(args.address), kind)
    s.settimeout(10)
    s.connect((args.address, args.port))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    control.bind(args.socket)
    if not round_trip(s, b"<0>", 10):
        return 1
    touch(args.ready)
    number = 0
    while True:
        text, peer = control.recvfrom(64)
        number += 1
        seconds, size = text.split()
        token = f"<{number}>".encode().rjust(int(size), b".")
        ok = round_trip(s, token, float(seconds))
        control.sendto(b"ok" if ok else b"denied", peer)


def round_trip(s, token, patience):
    deadline = time.monotonic() + patience
    seen = b""
    is_sent = False
    while time.monotonic() < deadline:
        try:
            # TCP resends by itself.
            if s.type == socket.SOCK_DGRAM or not is_sent:
                s.settimeout(patience)
                s.send(token)
                is_sent = True
            s.settimeout(min(RESEND,
                             max(0.001, deadline - time.monotonic())))
            data = s.recv(65536)
            if not data:
                return False
            seen += data
            if token in seen:
                return True
        except TimeoutError:
            pass
        except OSError:
            return False
    return False


def ask(args):
    control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    control.bind(f"{args.socket}.{os.getpid()}")
    control.settimeout(args.seconds + 10)
    control.sendto(f"{args.seconds} {args.size}".encode(), args.socket)
    answer = control.recv(64).decode()
    print(answer)
    return 0 if answer == "ok" else 1


def send(args):
    enter(args.netns)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((args.dev, 0))
    for frame in args.frame:
        s.send(bytes.fromhex(frame))


def main():
    parser = argparse.ArgumentParser(description="probes between namespaces")
    commands = parser.add_subparsers(required=True)

    p = commands.add_parser("serve")
    p.add_argument("--netns", required=True)
    p.add_argument("--name", required=True)
    p.add_argument("--ready", required=True)
    p.add_argument("what", nargs="+")
    p.set_defaults(function=serve)

    p = commands.add_parser("run")
    p.set_defaults(function=run)

    p = commands.add_parser("hold")
    p.add_argument("--netns", required=True)
    p.add_argument("--socket", required=True)
    p.add_argument("--ready", required=True)
    p.add_argument("protocol", choices=("tcp", "udp"))
    p.add_argument("address")
    p.add_argument("port", type=int)
    p.set_defaults(function=hold)

    p = commands.add_parser("ask")
    p.add_argument("socket")
    p.add_argument("seconds", type=float)
    p.add_argument("size", type=int)
    p.set_defaults(function=ask)

    p = commands.add_parser("send")
    p.add_argument("--netns", required=True)
    p.add_argument("--dev", required=True)
    p.add_argument("frame", nargs="+")
    p.set_defaults(function=send)

    args = parser.parse_args()
    return args.function(args)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
