#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures, prints one table, and with --write brings docs/performance.md and
its plot up to date.  Called by run.sh, inside namespaces of its own."""
import argparse
import os
import subprocess
import sys
import tempfile
import time

import peer
import report
import rows

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


class Bench:
    def __init__(self, path, quick):
        self.path, self.quick = path, quick
        self.growth = {}
        self.no_peer = ("left out of --quick" if quick
                        else peer.reason_to_skip())
        self.peer = None if self.no_peer else peer.Peer(path)

    def peer_cold(self, w):
        return self.peer.cold(w) if self.peer else None

    def peer_pod_events(self, w, group):
        return self.peer.pod_events(w, group, 4) if self.peer else {}


def versions():
    def first(*argv):
        return subprocess.run(argv, stdout=subprocess.PIPE,
                              text=True).stdout.splitlines()[0].split()[-1]

    return "%d CPUs, Open vSwitch %s" % (os.cpu_count(),
                                         first("ovs-vswitchd", "--version"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("rows", nargs="*")
    options = parser.parse_args()
    chosen = [f for f in rows.ALL
              if not options.rows or f.__name__ in options.rows]
    if not chosen:
        parser.error("rows are: " + " ".join(f.__name__ for f in rows.ALL))

    table = []
    with tempfile.TemporaryDirectory() as path:
        bench = Bench(path, options.quick)
        for function in chosen:
            start = time.monotonic()
            for row in function(bench):
                if options.quick:
                    row.goal, row.met = "", None    # Those of the full sizes.
                table.append(row)
                print(report.text([row]).splitlines()[-1], file=sys.stderr)
            print("# %s: %.0f s" % (function.__name__,
                                    time.monotonic() - start),
                  file=sys.stderr)
    print(report.text(table))
    if options.write:
        docs = os.path.join(TOP, "docs")
        report.write_document(docs + "/performance.md", table, versions())
        if bench.growth:
            with open(docs + "/growth.svg", "w") as f:
                f.write(report.plot(bench.growth))


if __name__ == "__main__":
    main()
