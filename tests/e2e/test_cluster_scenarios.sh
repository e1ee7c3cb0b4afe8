# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Policies of the cluster, from outside in: five namespaces with two pods each,
# and for each part of the API (tier, priority, action, peer, port) somebody
# whom it concerns and somebody whom it does not.  What each case means in
# detail is in test_cluster_policy.sh.

RIVERS="elbe isar oder ruhr saar"

setup() {
    local river
    for river in $RIVERS; do
        ns "$river" "river=$river,length=$(length "$river")"
        pod "$river/spring" labels=part=spring \
            ports=web:TCP:80,dns:UDP:53,tele:SCTP:99
        pod "$river/mouth" labels=part=mouth \
            ports=web:TCP:8080,dns:UDP:5353,tele:SCTP:9003
    done
    outside away 203.0.113.10/24 203.0.113.77/24 2001:db8:1::10/64 \
        2001:db8:1:0:f::77/64
    host_alias lodge away 203.0.113.77 2001:db8:1:0:f::77
    for river in $RIVERS; do
        serve "$river/spring" tcp:80,8080 udp:53,5353
        serve "$river/mouth" tcp:80,8080 udp:53,5353
    done
    serve away tcp:80,8080 udp:53
    serve_wait
    daemon_start
    settle
}

length() {
    case $1 in
    elbe|oder) echo long ;;
    *) echo short ;;
    esac
}

# cnp NAME TIER PRIORITY SUBJECT: with its rules on standard input.
cnp() {
    cnp_manifest "$@" | policy "$1"
}

# Subjects and peers.
river() {
    echo "{namespaces: {matchLabels: {river: $1}}}"
}

pods() {
    echo "{pods: {namespaceSelector: {matchLabels: {river: $1}}," \
        "podSelector: {matchLabels: {part: $2}}}}"
}

all='{namespaces: {}}'

# port PROTOCOL NUMBER [END]
port() {
    if [ $# = 2 ]; then
        echo "{$1: {destinationPort: {number: $2}}}"
    else
        echo "{$1: {destinationPort: {range: {start: $2, end: $3}}}}"
    fi
}

# NetworkPolicy NAME of elbe: only FROM's pods may send to it.
elbe_wants() {
    policy "np-$1" <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: elbe, name: $1}
spec:
  podSelector: {}
  ingress: [{from: [{namespaceSelector: {matchLabels: {river: $2}}}]}]
END
}

# All of a namespace, in both directions, whatever the protocol.
test_everything() {
    cnp gress Admin 4 "$(river elbe)" <<END
ingress:
- {action: Accept, from: [$(river oder)]}
- {action: Deny, from: [$(river isar)]}
- {action: Pass, from: [$(river ruhr)]}
egress:
- {action: Deny, to: [$(river saar)]}
- {action: Accept, to: [$all]}
END
    expect <<END
oder/spring -> elbe/spring tcp/80,udp/53,icmp ok
oder/mouth -> elbe/mouth tcp/8080,udp/5353 ok
isar/spring -> elbe/spring tcp/80,udp/53,icmp denied
isar/mouth -> elbe/mouth tcp/8080,udp/5353 denied
isar/spring -> elbe/spring sctp/99 denied
oder/spring -> elbe/spring sctp/99 ok
ruhr/spring -> elbe/mouth tcp/80,udp/53 ok
elbe/spring -> saar/spring tcp/80,udp/53,icmp denied
elbe/spring -> saar/spring sctp/99 denied
elbe/mouth -> isar/mouth tcp/80,udp/53,icmp ok
saar/spring -> isar/spring tcp/80 ok
END
}

# The first rule that matches decides.
test_order_of_rules() {
    cnp order Admin 4 "$(river elbe)" <<END
ingress:
- {action: Deny, from: [$(river oder)]}
- {action: Accept, from: [$(river oder)]}
- {action: Accept, from: [$(river isar)]}
- {action: Deny, from: [$(river isar)]}
END
    expect <<END
oder/spring -> elbe/spring tcp/80 denied
isar/spring -> elbe/spring tcp/80 ok
END
}

# tcp, udp and sctp, each by number and by range, and nothing beside it.
ports_of() {
    cat <<END
- {action: Accept, $1: [$2], protocols: [$(port tcp 80), $(port udp 53), $(port sctp 99)]}
- {action: Deny, $1: [$2], protocols: [$(port tcp 80 8080), $(port udp 53 5353), $(port sctp 1 65535)]}
END
}

test_ingress_ports() {
    cnp ports Admin 4 "$(pods elbe mouth)" <<END
ingress:
$(ports_of from "$(river oder)")
END
    expect <<END
oder/spring -> elbe/mouth tcp/80,udp/53,icmp ok
oder/spring -> elbe/mouth tcp/8080,udp/5353 denied
oder/spring -> elbe/mouth sctp/99 ok
oder/spring -> elbe/mouth sctp/100,sctp/65535 denied
oder/spring -> elbe/spring tcp/8080,udp/5353 ok
isar/spring -> elbe/mouth tcp/8080,udp/5353 ok
END
}

test_egress_ports() {
    cnp ports Admin 4 "$(pods elbe spring)" <<END
egress:
$(ports_of to "$(pods oder mouth)")
END
    expect <<END
elbe/spring -> oder/mouth tcp/80,udp/53,icmp ok
elbe/spring -> oder/mouth tcp/8080,udp/5353 denied
elbe/spring -> oder/mouth sctp/99 ok
elbe/spring -> oder/mouth sctp/98 denied
elbe/spring -> oder/spring tcp/8080,udp/5353 ok
elbe/mouth -> oder/mouth tcp/8080,udp/5353 ok
END
}

# One name, a number for each pod and protocol.
test_named_ports() {
    cnp names Admin 4 "$(river elbe)" <<END
ingress:
- {action: Deny, from: [$(river oder)], protocols: [{destinationNamedPort: web}]}
- {action: Deny, from: [$(river isar)], protocols: [{destinationNamedPort: tele}]}
egress:
- {action: Deny, to: [$(river saar)], protocols: [{destinationNamedPort: dns}]}
END
    expect <<END
oder/spring -> elbe/spring tcp/80 denied
oder/spring -> elbe/spring tcp/8080,udp/53 ok
oder/spring -> elbe/mouth tcp/8080 denied
oder/spring -> elbe/mouth tcp/80 ok
isar/spring -> elbe/spring sctp/99 denied
isar/spring -> elbe/mouth sctp/9003 denied
isar/spring -> elbe/mouth sctp/99 ok
elbe/mouth -> saar/spring udp/53 denied
elbe/mouth -> saar/spring udp/5353,tcp/80 ok
elbe/mouth -> saar/mouth udp/5353 denied
elbe/mouth -> saar/mouth udp/53 ok
END
}

# Addresses outside, of both families, the narrower first.
test_networks() {
    cnp outside Admin 4 "$(river elbe)" <<END
egress:
- {action: Accept, to: [{networks: [203.0.113.64/26, "2001:db8:1:0:f::/80"]}]}
- {action: Deny, to: [{networks: [203.0.113.0/24, "2001:db8::/32"]}], protocols: [$(port tcp 80)]}
END
    expect <<END
elbe/spring -> lodge tcp/80,udp/53,icmp ok
elbe/spring -> away tcp/80 denied
elbe/spring -> away tcp/8080,udp/53,icmp ok
oder/spring -> away tcp/80 ok
away -> elbe/spring tcp/80 ok
END
}

# Nodes by their labels.
test_nodes() {
    manifest policy-node <<END
apiVersion: v1
kind: Node
metadata: {name: away, labels: {pool: blue}}
status:
  addresses:
  - {type: InternalIP, address: 203.0.113.10}
  - {type: InternalIP, address: "2001:db8:1::10"}
  - {type: Hostname, address: away}
END
    cnp nodes Admin 4 "$(river elbe)" <<END
egress:
- {action: Deny, to: [{nodes: {matchLabels: {pool: blue}}}], protocols: [$(port tcp 80)]}
- {action: Deny, to: [{nodes: {matchLabels: {pool: green}}}]}
END
    expect <<END
elbe/spring -> away tcp/80 denied
elbe/spring -> away tcp/8080,icmp ok
elbe/spring -> lodge tcp/80 ok
isar/spring -> away tcp/80 ok
END
}

# A lower number is asked first; a Pass ends the tier.
test_priorities() {
    cnp last Admin 1000 "$(river elbe)" <<END
ingress: [{action: Deny, from: [$all]}]
END
    cnp first Admin 0 "$(river elbe)" <<END
ingress: [{action: Accept, from: [$(river oder)]}]
END
    cnp middle Admin 50 "$(river elbe)" <<END
ingress:
- {action: Pass, from: [$(river isar)]}
- {action: Deny, from: [$(river oder)]}
END
    expect <<END
oder/spring -> elbe/spring tcp/80 ok
isar/spring -> elbe/spring tcp/80 ok
ruhr/spring -> elbe/spring tcp/80 denied
elbe/mouth -> elbe/spring tcp/80 denied
END
    elbe_wants saar saar
    expect <<END
oder/spring -> elbe/spring tcp/80 ok
isar/spring -> elbe/spring tcp/80 denied
saar/spring -> elbe/spring tcp/80 denied
END
}

# Admin, then what the namespace says, then Baseline.
test_three_layers() {
    cnp default Baseline 10 "$all" <<END
ingress:
- {action: Accept, from: [{namespaces: {matchLabels: {length: long}}}]}
- {action: Deny, from: [$all]}
END
    expect <<END
oder/spring -> elbe/spring tcp/80,udp/53 ok
isar/spring -> elbe/spring tcp/80,udp/53 denied
isar/spring -> elbe/spring sctp/99 denied
elbe/spring -> isar/spring tcp/80 ok
away -> elbe/spring tcp/80 ok
END
    # Who is isolated is not asked about defaults.
    elbe_wants isar isar
    expect <<END
isar/spring -> elbe/spring tcp/80,udp/53 ok
oder/spring -> elbe/spring tcp/80,udp/53 denied
away -> elbe/spring tcp/80 denied
isar/spring -> oder/spring tcp/80 denied
END
    cnp over Admin 10 "$(river elbe)" <<END
ingress:
- {action: Deny, from: [$(pods isar mouth)]}
- {action: Accept, from: [$(river oder)], protocols: [$(port tcp 80)]}
END
    expect <<END
isar/mouth -> elbe/spring tcp/80,udp/53 denied
isar/spring -> elbe/spring tcp/80 ok
oder/spring -> elbe/spring tcp/80 ok
oder/spring -> elbe/spring tcp/8080,udp/53 denied
END
    policy_delete np-isar
    expect <<END
isar/mouth -> elbe/spring tcp/80 denied
isar/spring -> elbe/spring tcp/80 denied
oder/spring -> elbe/spring tcp/8080 ok
END
}

# Both ends have their say.
test_both_directions() {
    cnp out Admin 1 "$(river oder)" <<END
egress: [{action: Accept, to: [$(river elbe)]}, {action: Deny, to: [$all]}]
END
    cnp in Admin 2 "$(river elbe)" <<END
ingress: [{action: Deny, from: [$(pods oder mouth)]}]
END
    expect <<END
oder/spring -> elbe/spring tcp/80 ok
oder/mouth -> elbe/spring tcp/80 denied
oder/spring -> isar/spring tcp/80 denied
isar/spring -> oder/spring tcp/80 ok
END
}

# In an audited namespace both tiers only note.
test_audited() {
    cnp strict Admin 1 "$(river elbe)" <<END
ingress: [{action: Deny, from: [$(river oder)]}]
END
    cnp default Baseline 1 "$all" <<END
egress: [{action: Deny, to: [$(river saar)]}]
END
    expect <<END
oder/spring -> elbe/spring tcp/80,udp/53 denied
elbe/spring -> saar/spring tcp/80 denied
END
    manifest ns-elbe <<END
apiVersion: v1
kind: Namespace
metadata:
  name: elbe
  labels: {river: elbe, length: long}
  annotations: {ovs-netpol.io/enforcement: audit}
END
    expect <<END
oder/spring -> elbe/spring tcp/80,udp/53 ok
elbe/spring -> saar/spring tcp/80 ok
oder/spring -> saar/spring tcp/80 denied
END
    ns elbe river=elbe,length=long
    expect <<< "oder/mouth -> elbe/mouth tcp/80,udp/53 denied"
}
