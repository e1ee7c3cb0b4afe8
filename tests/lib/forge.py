#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Forged frames, and who gets them.

    forge.py FROM=NETNS AT=NETNS [NAME=VALUE...] < LINES

Each line of the standard input is "NAME EXPRESSION": an expression in scapy's
words that makes a frame, or a list of frames.  All are sent from FROM_DEV
(else eth0) in the namespace FROM, each marked with its name where its payload
is MARK.  Prints a line for each, in their order:

    NAME passed|dropped

as seen by a packet socket on AT_DEV (else eth0) in the namespace AT.  The last
line is a flush, of which nothing is printed: a frame that passes, sent until
it is seen.  What came before it has arrived by then, or never will.  A frame
is recognised by MARK if it has that, else by its bytes from the network header
on.

Further NAME=VALUEs are variables of the expressions.
"""

import ctypes
import logging
import os
import select
import socket
import sys
import time

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

# pylint: disable=wrong-import-position,wildcard-import,unused-wildcard-import
from scapy.layers.l2 import *               # noqa: E402,F403
from scapy.layers.inet import *             # noqa: E402,F403
from scapy.layers.inet6 import *            # noqa: E402,F403
from scapy.layers.dhcp import *             # noqa: E402,F403
from scapy.layers.vxlan import VXLAN        # noqa: E402,F401
from scapy.packet import Padding, Raw       # noqa: E402,F401

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
PATIENCE = 10.0                 # Seconds until the flush must have arrived.
RESEND = 0.05


def packet_socket(netns, dev):
    """A packet socket on 'dev' in 'netns'."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(netns, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {netns}")
    os.close(fd)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                      socket.htons(ETH_P_ALL))
    s.bind((dev, ETH_P_ALL))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return s


def signature(frame, mark):
    """The bytes by which 'frame' is known wherever it arrives."""
    return mark if mark in frame else frame[14:]


def make(lines, variables):
    """Yields (name, [(frame, signature)])."""
    for line in lines:
        name, _, expression = line.strip().partition(" ")
        if not expression or name.startswith("#"):
            continue
        mark = f"<<{name}>>".encode()
        # pylint: disable=eval-used
        made = eval(expression, dict(globals(), MARK=mark, **variables))
        frames = [bytes(f) for f in (made if isinstance(made, list)
                                     else [made])]
        yield name, [(f, signature(f, mark)) for f in frames]


def receive(s, seen, patience):
    """Adds what arrives to 'seen' until there is silence."""
    while select.select([s], [], [], patience)[0]:
        data, address = s.recvfrom(65535)
        if address[2] != socket.PACKET_OUTGOING:
            seen.append(data)


def has_arrived(frames, seen):
    return any(sig in data for _, sig in frames for data in seen)


def main():
    variables = dict(arg.split("=", 1) for arg in sys.argv[1:])
    made = list(make(sys.stdin, variables))
    receiver = packet_socket(variables["AT"], variables.get("AT_DEV", "eth0"))
    sender = packet_socket(variables["FROM"],
                           variables.get("FROM_DEV", "eth0"))
    seen = []
    for _, frames in made:
        for frame, _ in frames:
            sender.send(frame)
            receive(receiver, seen, 0)
    name, flush = made[-1]
    deadline = time.monotonic() + PATIENCE
    while not has_arrived(flush, seen):
        if time.monotonic() > deadline:
            sys.exit(f"{name}: did not arrive")
        sender.send(flush[0][0])
        receive(receiver, seen, RESEND)
    for name, frames in made[:-1]:
        print(name, "passed" if has_arrived(frames, seen) else "dropped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
