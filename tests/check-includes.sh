#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Includes run one way (docs/architecture.md).  A file belongs to the module
# that its name begins with; this table says what modules a module may see.
# usage: [srcdir=DIR] tests/check-includes.sh

cd "${srcdir:-.}" || exit 1
. tests/lib/tap.sh

# The core: each module may see those before it.
core="columns ptrs budget tally prefix label doc split k8s model number cover partition
      netset group rule policy flowset pipeline owner survey emit guard link compile annotate
      detrace snapshot histogram latency ready ledger"
node="settings kube kubeconfig dir ports bridge audit netif waiters health http
      counters metrics basis state"

# may_see MODULE: the modules whose headers it may include.
may_see() {
    case $1 in
        verdict) echo prefix label k8s model ;;
        query) echo prefix k8s verdict ;;
        replica) echo ptrs flowset pipeline ;;
        verify) echo "$core verdict replica" ;;
        reach) echo prefix ptrs label k8s model verdict ;;
        audit) echo "$core" ;;
        kube) echo "$core kubeconfig" ;;
        settings) echo "$core kubeconfig" ;;
        state) echo "$core" ;;
        health) echo latency dir kube ports bridge ;;
        counters) echo "$core bridge" ;;
        metrics) echo "$core settings dir kube ports bridge health counters" \
                      audit ;;
        cmd) echo "$core verdict query settings dir kube ports bridge health" \
                  http basis state audit ;;
        agent) echo "$core $node cmd" ;;
        client) echo "$core verdict query reach replica verify dir" ;;
        ovs-netpold) echo agent settings ;;
        ovs-netpol) echo client ;;
        *) before "$1" ;;
    esac | tr '\n' ' '
}

# before MODULE: what stands before it in the core; all, if it is none of it.
before() {
    echo "${core_line%% $1 *}"
}

core_line=" $(echo $core) "

# Libraries that one file alone knows.
alone="
jansson\.h: src/core/doc-json.c
yaml\.h:    src/core/doc-yaml.c
curl/:      src/node/kube-http.c
microhttpd\.h: src/node/http.c
"

# What the core must not know: descriptors, clocks, logs, the environment.
outside='fcntl|unistd|time|sys/.*|timeval|unixctl|stream|daemon|dirs'
outside="$outside|fatal-signal|openvswitch/(vlog|poll-loop|vconn|rconn)"
calls='VLOG_[A-Z_]+|f?open|fdopen|read|write|close|time|time_[a-z]+'
calls="$calls|gettimeofday|clock_gettime|getenv|secure_getenv|setenv|random"
calls="$calls|poll_[a-z_]+|printf|fprintf|puts|exit|system"

# module FILE: the module that it belongs to.
module() {
    stem=$(basename "$1" | sed 's/\.[ch]$//')
    case $1:$stem in
        src/client/*) echo client ;;
        *:ovs-*) echo "$stem" ;;
        *:selector) echo label ;;
        *) echo "${stem%%-*}" ;;
    esac
}

# includes FILE: the modules whose headers it includes.
includes() {
    sed -nE 's/^#include "([a-z0-9-]+\.h)"$/\1/p' "$1" | while read -r header
    do
        for path in "include/$header" src/*/"$header"; do
            test ! -f "$path" || module "$path"
        done
    done
}

# Prints the includes of FILE that go the wrong way.
check_direction() {
    me=$(module "$1")
    allowed=" ovs-json $me $(may_see "$me") "
    for header in $(includes "$1"); do
        case $allowed in
            *" $header "*) ;;
            *) echo "$1: $me must not see $header" ;;
        esac
    done
}

check_alone() {
    echo "$alone" | while IFS=': ' read -r header file; do
        test -z "$header" ||
            grep -nE "^#include [<\"]$header" $files | grep -v "^$file:"
    done
}

files=$(find include src -name '*.[ch]' | sort)
core_files=$(find src/core -name '*.[ch]' | sort)

report "modules are included in one direction" \
    "$(for file in $files; do check_direction "$file"; done)"
report "libraries have one user each" "$(check_alone)"
report "the core includes nothing of the outside" \
    "$(grep -nE "^#include [<\"]($outside)\.h" $core_files)"
report "the core calls nothing of the outside" \
    "$(grep -nE "(^|[^a-z_A-Z.>])($calls) ?\(" $core_files)"
finish
