#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh: NetworkPolicy on a real Open vSwitch, in one minute.
#
#   deploy/demo.sh              builds, shows, and leaves nothing behind
#   deploy/demo.sh --keep       leaves the playground running
#   deploy/demo.sh --shell PID  a shell in that playground
#
# Eight pods of three namespaces are network namespaces with a veth each on a
# private Open vSwitch (userspace datapath); ovs-netpold reads the policies in
# deploy/demo.  Real connections are tried from everyone to everyone and
# compared with what `ovs-netpol explain` says; the exit status is 0 only if
# they agree in every cell.
#
# Uses the programs in $NETPOL_BUILD if that is set, else builds them.

set -u
top=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
[ -n "${NETPOL_BUILD-}" ] || build=yes
# shellcheck source=tests/lib/netlab.sh
. "$top/tests/lib/netlab.sh"

PATIENCE=1                      # Seconds of silence that mean "denied".

# Who talks: the name of a host, and what explain calls it.
sources=(shop/web shop/api shop/db platform/dns platform/prom
         batch/worker batch/report batch/vault node partner excepted)

# Who is talked to: host, protocol, port.
targets=("shop/web tcp 80" "shop/web tcp 9100"
         "shop/api tcp 8080" "shop/api icmp 0"
         "shop/db tcp 5432" "shop/db tcp 9100"
         "platform/dns udp 53" "platform/prom tcp 9090"
         "batch/worker tcp 22" "batch/report tcp 80"
         "batch/vault tcp 80" "batch/vault icmp 0"
         "partner tcp 443" "excepted tcp 443")
letters=ABCDEFGHIJKLMNOPQRSTUVWXYZ

# The looks.

bold="" green="" dim="" red="" mark="" plain=""
if [ -t 1 ]; then
    bold=$'\e[1m' green=$'\e[32m' dim=$'\e[2m' red=$'\e[1;31m'
    mark=$'\e[7m' plain=$'\e[0m'
fi

title() {
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# The playground.

build_cluster() {
    ns shop team=shop
    ns platform team=platform
    ns batch team=batch
    pod shop/web labels=app=web
    pod shop/api labels=app=api
    pod shop/db labels=app=db ports=postgres:TCP:5432
    pod platform/dns labels=app=dns ports=dns:UDP:53
    pod platform/prom labels=app=prom
    pod batch/worker labels=app=worker
    pod batch/report labels=app=report
    pod batch/vault labels=app=vault
    outside partner 203.0.113.10/24 203.0.113.70/24
    host_alias excepted partner 203.0.113.70 ""
    cp "$top"/deploy/demo/*.yaml "$MANIFESTS"
}

# Everyone listens on everything, so that only policies make a difference.
start_servers() {
    local host
    for host in "${sources[@]}"; do
        [ "$host" = excepted ] ||
            serve "$host" tcp:22,80,443,5432,8080,9090,9100 udp:53
    done
    serve_wait
}

# The matrix.  Cells are numbered row by row; "measured" and "predicted" are
# "+" for what passes and "." for what does not.

for_each_cell() {
    local source target
    for source in "${sources[@]}"; do
        for target in "${targets[@]}"; do
            # shellcheck disable=SC2086
            "$1" "$source" $target
        done
    done
}

# A probe for every cell; all of them run at once.
measure() {
    for_each_cell print_probe | awk '{ print NR, $0 }' > "$LAB/probes"
    "$PROBE" run < "$LAB/probes" > "$LAB/answers" || return
    mapfile -t measured < <(sort -n "$LAB/answers" |
        awk '{ print $2 == "ok" ? "+" : $2 == "denied" ? "." : "?" }')
}

print_probe() {
    echo "$(fact "$1" netns) $(fact "$1" v4) $3 $(fact "$2" v4) $4 $PATIENCE"
}

predict() {
    mapfile -t predicted < <(for_each_cell ask_explain)
}

ask_explain() {
    local target
    target=$(fact "$2" v4)
    [ "$3" = icmp ] || target=$target:$4/$3
    ovs-netpol explain "$(fact "$1" v4)" "$target" \
        > "$LAB/explained" 2>&1
    case $? in
    0) echo + ;;
    1) echo . ;;
    *) echo "?" ;;
    esac
}

# What is known of a host, asked for once.
declare -A facts
fact() {
    echo "${facts[$1.$2]}"
}

learn_facts() {
    local host what
    for host in "${sources[@]}"; do
        for what in netns v4; do
            facts[$host.$what]=$(host_get "$host" "$what")
        done
    done
}

print_legend() {
    local i text row=""
    for i in "${!targets[@]}"; do
        text="${letters:i:1} $(target_name "${targets[i]}")"
        row+=$(printf '%-26s' "$text")
        if (( i % 3 == 2 || i == ${#targets[@]} - 1 )); then
            echo "  ${row%"${row##*[! ]}"}"
            row=""
        fi
    done
}

# "shop/web tcp 80" -> "shop/web:80/tcp"
target_name() {
    # shellcheck disable=SC2086
    set -- $1
    case $2 in
    icmp) echo "$1 ping" ;;
    *) echo "$1:$3/$2" ;;
    esac
}

# The measured matrix beside the predicted one.  What differs from 'before' (if
# there is one) is marked.
print_matrices() {
    local i row=0 n=${#targets[@]} width head=""
    width=$((2 * n))
    for i in "${!targets[@]}"; do
        head+="${letters:i:1} "
    done
    printf '%-14s%-*s  %s\n' "" "$width" "measured" "ovs-netpol explain"
    printf '%-14s%s  %s\n' "" "$head" "$head"
    for row in "${!sources[@]}"; do
        printf '%-14s' "${sources[row]}"
        print_row measured "$row"
        printf '  '
        print_row predicted "$row"
        printf '\n'
    done
}

# print_row ARRAY ROW
print_row() {
    local -n cells=$1
    local i first=$(($2 * ${#targets[@]}))
    for ((i = first; i < first + ${#targets[@]}; i++)); do
        print_cell "${cells[i]}" "${measured[i]}" "${predicted[i]}" \
            "${before[i]-${measured[i]}}"
    done
}

# print_cell CELL MEASURED PREDICTED BEFORE
print_cell() {
    local look=$green
    if [ "$2" != "$3" ]; then
        look=$red
    elif [ "$1" = . ]; then
        look=$dim
    fi
    [ "$2" = "$4" ] || look+=$mark
    printf '%s%s%s ' "$look" "$1" "${look:+$plain}"
}

# Says how many cells agree; fails unless all do.
compare() {
    local i n=0
    for i in "${!measured[@]}"; do
        if [ "${measured[i]}" != "${predicted[i]}" ] ||
            [ "${measured[i]}" = "?" ]; then
            n=$((n + 1))
            printf '%s%s -> %s: measured %s, predicted %s%s\n' "$red" \
                "${sources[i / ${#targets[@]}]}" \
                "$(target_name "${targets[i % ${#targets[@]}]}")" \
                "${measured[i]}" "${predicted[i]}" "$plain"
        fi
    done
    echo "$((${#measured[@]} - n)) of ${#measured[@]} cells agree" \
        "(+ passes, . denied)"
    [ "$n" = 0 ] && [ "${#predicted[@]}" = "${#measured[@]}" ]
}

show_matrix() {
    title "$1"
    settle && measure || return
    predict
    print_matrices
    compare
}

# The story.

show_edit() {
    local file=08-batch-vault.yaml
    title "A connection runs from batch/worker to the vault; we edit $file"
    hold worker batch/worker tcp "$(fact batch/vault v4)" 80 || return
    before=("${measured[@]}")
    sed -i 's/app: worker/app: report/' "$MANIFESTS/$file"
    diff -U0 "$top/deploy/demo/$file" "$MANIFESTS/$file" | tail -n +4
    settle || return
    printf 'the running connection: %s (established: keep)\n' \
        "$(hold_ask worker)"
    show_matrix "The same question again, after the edit"
}

show_reasons() {
    title "Why?"
    local question
    for question in "batch/report shop/db:5432" "shop/web shop/db:5432"; do
        echo "$ ovs-netpol explain $question"
        # shellcheck disable=SC2086
        ovs-netpol explain $question | fold -s -w 76 | sed 's/^/  /; s/ *$//'
    done
}

# The way of a packet to the vault: whose is the address, who is it from, may
# they talk.
show_flows() {
    local vault report class
    title "In the switch: from a report to the vault"
    vault=$(fact batch/vault v4)
    report=$(fact batch/report v4)
    ovs-ofctl -O OpenFlow15 --names --no-stats dump-flows "$BRIDGE" |
        sed 's/^ *cookie=[^,]*, *//' > "$LAB/flows"
    class=$(sed -n "s/table=IngressTarget.*nw_dst=$vault .*set_field:\(0x[^-]*\)\
->reg4.*/\1/p" "$LAB/flows")
    echo "$ ovs-ofctl -O OpenFlow15 --names --no-stats dump-flows $BRIDGE"
    grep -e "table=IngressTarget.*nw_dst=$vault " \
        -e "table=IngressPod.*nw_src=$report " \
        -e "table=IngressRule.*reg4=$class" \
        -e "table=Drop.*reg4=$class" "$LAB/flows" | sed 's/^/  /'
    echo "(these of $(grep -c table= "$LAB/flows") flows, without cookies)"
}

story() {
    title "ovs-netpol demo: eight pods, three namespaces, one Open vSwitch"
    lab_start && build_cluster && start_servers && learn_facts &&
        daemon_start || return
    print_legend
    before=()
    show_matrix "Who reaches whom?  Real TCP, UDP and ICMP" &&
        show_edit && show_reasons && show_flows
}

tell_failure() {
    printf '%s%s%s\n' "$red" "The demo failed." "$plain"
    tail -n 20 "$NETPOLD_LOG" "$LAB/log/ovs-netpold.out" 2>&1
}

# The first process of the laboratory.  Says on the pipe $1 how it went; with
# --keep it then stays until it is told to go.
inside_main() {
    local status=0
    trap 'exit 143' TERM
    trap 'exit 130' INT
    story || status=$?
    [ "$status" = 0 ] || tell_failure
    [ "$2" = --keep ] || return "$status"
    echo "$status" > "$1"
    exec </dev/null >/dev/null 2>&1
    sleep infinity &
    wait "$!"
}

# Outside.

run_and_forget() {
    lab_enter bash "$0" --inside "" ""
}

# The laboratory outlives us.
run_and_keep() {
    local pipe status pid
    pipe=$(mktemp -d)
    mkfifo "$pipe/status"
    # Opened for both, so that we see the end whatever happens.
    exec 3<> "$pipe/status"
    LAB_KEEP=yes
    trap 'lab_kill; rm -rf "$pipe"; exit 130' INT
    trap 'lab_kill; rm -rf "$pipe"; exit 143' TERM HUP
    lab_launch bash "$0" --inside "$pipe/status" --keep
    until read -r -t 0.2 status <&3; do
        kill -0 "$LAB_PID" 2>/dev/null || { status=1; break; }
    done
    rm -rf "$pipe"
    pid=$(cat "/proc/$LAB_PID/task/$LAB_PID/children")
    tell_how_to_look "${pid// /}"
    return "$status"
}

tell_how_to_look() {
    title "The playground goes on"
    cat <<END
look around:  deploy/demo.sh --shell $1
remove it:    kill $1
END
}

shell_in() {
    if [ -z "$1" ]; then
        echo "demo.sh: --shell wants the PID that --keep printed" >&2
        return 2
    elif [ ! -d "/proc/$1" ]; then
        echo "demo.sh: no process $1" >&2
        return 1
    fi
    cat <<END
policies:  ls $MANIFESTS    (edit them: the daemon follows)
daemon:    ovs-netpol status | pods | policies | flows
switch:    ovs-ofctl --names dump-flows $BRIDGE
pods:      ip netns exec shop.web bash
END
    nsenter --target "$1" --net --mount --pid -- \
        env PATH="$PATH" PS1='demo# ' bash --norc
}

main() {
    case ${1-} in
    --inside) inside_main "$2" "$3" ;;
    --shell) shell_in "${2-}" ;;
    --keep) prepare && run_and_keep ;;
    "") prepare && run_and_forget ;;
    *) sed -n 's/^#   \(deploy.*\)/\1/p' "$0" >&2; return 2 ;;
    esac
}

prepare() {
    if [ "$(id -u)" != 0 ]; then
        echo "demo.sh: needs root, for network namespaces" >&2
        return 1
    fi
    [ -n "${build-}" ] || return 0
    echo "Building ovs-netpol; the first time, with Open vSwitch's library," \
        "takes a minute or two ..."
    "$top/deploy/build.sh"
}

main "$@"
