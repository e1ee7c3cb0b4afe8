#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the commands that need no daemon print, held against tests/client/want.
# After a change that is meant to change it:
#
#   NETPOL_UPDATE_GOLDEN=1 make check TESTS=tests/client/test_client.sh
#   git diff tests/client/want
#
# usage: [srcdir=DIR] top_builddir=DIR tests/client/test_client.sh

cd "${srcdir:-.}" || exit 1
. tests/lib/tap.sh
top=$PWD
cd tests/client || exit 1
netpol=$top_builddir/ovs-netpol
got=$(mktemp)
trap 'rm -f "$got"' EXIT

# check CASE CODE WORD...: the command with these words, its output and its
# exit code.
check() {
    case=$1
    code=$2
    shift 2
    echo "\$ ovs-netpol $*" > "$got"
    "$netpol" "$@" >> "$got" 2>&1
    status=$?
    if test -n "$NETPOL_UPDATE_GOLDEN"; then
        cp "$got" "want/$case"
    fi
    report "$case" "$(diff "want/$case" "$got")"
    report "$case: exit code" "$(test $status = "$code" || echo $status)"
}

shop="-f shop.yaml --dir=../../deploy/demo"

# well_formed CASE WORD...: what the command prints is XML.
well_formed() {
    case=$1
    shift
    report "$case is XML" "$("$netpol" "$@" 2>&1 |
        /usr/bin/python3 -c 'import sys, xml.dom.minidom as m
m.parse(sys.stdin)' 2>&1)"
}

# shellcheck disable=SC2086
{
check explain-allowed 0 explain $shop shop/api-1 shop/db-0:postgres
check explain-nearly 1 explain $shop shop/web-1 shop/db-0:5432
check explain-nearly-json 1 explain $shop -o json shop/web-1 shop/db-0:5432
check pod 0 pod $shop shop/db-0
check pod-json 0 pod $shop -o json shop/db-0
check pod-cluster 0 pod $shop -f cluster.yaml shop/db-0
check pod-cluster-json 0 pod $shop -f cluster.yaml -o json batch/worker-1
check pod-lost 0 pod $shop -f ghost.yaml shop/a-ghost
check pod-nobody 2 pod $shop shop/nobody
check policy 0 policy $shop shop/db
check policy-json 0 policy $shop -o json shop/db
check policy-nobody 2 policy $shop shop/nobody
check policy-ports 0 policy -f broken/ports.yaml shop/ports
check graph-dot 0 graph -o dot $shop
check graph-dot-namespace 0 graph -o dot --by=namespace $shop
check report-nothing 2 report -f /dev/null
check graph-nobody 2 graph -n nobody $shop
well_formed graph-svg graph $shop
well_formed graph-svg-nodes graph -f nodes.yaml $shop
well_formed graph-svg-pods graph --by=pod -n shop $shop
demo="--base=shop.yaml --dir=../../deploy/demo"
check diff-nothing 0 diff -f ../../deploy/demo/05-shop-db.yaml $demo
check diff 1 diff -f change.yaml --delete=netpol/batch/vault $demo
check diff-json 1 diff -f change.yaml -o json $demo
check diff-nodes 1 diff -f nodes.yaml $demo
check diff-no-such-object 2 diff --delete=netpol/batch/nobody $demo
check diff-no-such-kind 2 diff --delete=secret/batch/vault $demo
check diff-syntax 2 diff -f broken/syntax.yaml $demo
check diff-refused 2 diff -f broken/refused.yaml $demo
check diff-kinds 2 diff -f broken/kinds.yaml $demo
check diff-several 2 diff -f broken/several.yaml $demo
check diff-base-refused 2 diff -f change.yaml --base=broken/refused.yaml
check diff-no-question 2 diff $demo
check lint 0 lint $shop
check lint-mistakes 1 lint -f mistakes.yaml -f shop.yaml
check lint-one-namespace 0 lint -n batch -f mistakes.yaml -f shop.yaml
check lint-fail-on 1 lint -n batch --fail-on=warning -f mistakes.yaml \
    -f shop.yaml
check lint-without-pods 0 lint -f mistakes.yaml
check lint-cluster 0 lint -f cluster-mistakes.yaml -f shop.yaml
check lint-broken 1 lint -f broken/fields.yaml -f broken/kinds.yaml \
    -f broken/several.yaml -f broken/syntax.yaml
check lint-broken-alone 1 lint -f broken/syntax.yaml
check lint-broken-json 1 lint -o json -f broken/refused.yaml
check lint-twice 1 lint --fail-on=warning -f broken/fields.yaml \
    -f broken/fields.yaml
check lint-nobody 2 lint -n nobody -f mistakes.yaml -f shop.yaml
check lint-json 1 lint -o json -f mistakes.yaml -f shop.yaml
check matrix-app 0 matrix $shop
check matrix-pod 0 matrix --by=pod $shop
check matrix-namespace 0 matrix --by=namespace $shop
check matrix-one-namespace 0 matrix -n shop $shop
check matrix-port 0 matrix --port=8080 $shop
check matrix-json 0 matrix --by=namespace -n batch -o json $shop
check matrix-nodes 0 matrix -f nodes.yaml $shop
check matrix-nodes-json 0 matrix -f nodes.yaml --by=namespace -n batch -o json \
    $shop
check matrix-without-pods 2 matrix --dir=../../deploy/demo
check matrix-nobody 2 matrix -n nobody $shop
}
finish
