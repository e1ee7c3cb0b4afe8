#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The report in a real browser; skips without one.
# usage: [srcdir=DIR] top_builddir=DIR tests/client/test_report.sh

cd "${srcdir:-.}/tests/client" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 test_report.py \
    "$top_builddir/ovs-netpol" "$work" \
    -f shop.yaml --dir=../../deploy/demo
