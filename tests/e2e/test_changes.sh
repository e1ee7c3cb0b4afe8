# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What changes while the daemon runs: policies, labels, pods, addresses:
# S34-S41 of docs/semantics.md.

setup() {
    ns shop team=shop
    ns ops team=ops
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod ops/prom labels=app=prom
    serve shop/web tcp:80
    serve shop/db tcp:5432
    serve ops/prom tcp:9090
    serve_wait
    daemon_start
    settle
}

# db listens to pods of application $2, in namespaces of team $1.
db_wants() {
    db_from "$@" | policy db
}

test_policy_comes_changes_and_goes() {
    expect <<END
shop/web -> shop/db tcp/5432,icmp ok
ops/prom -> shop/db tcp/5432,icmp ok
END
    db_wants shop web
    expect <<END
shop/web -> shop/db tcp/5432,icmp ok
ops/prom -> shop/db tcp/5432,icmp denied
END
    db_wants ops prom
    expect <<END
shop/web -> shop/db tcp/5432,icmp denied
ops/prom -> shop/db tcp/5432,icmp ok
END
    policy_delete db
    expect <<END
shop/web -> shop/db tcp/5432,icmp ok
ops/prom -> shop/db tcp/5432,icmp ok
END
}

# S35: free only when the last policy of that direction is gone.
test_last_policy() {
    local name
    for name in one two; do
        policy "$name" <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: $name}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
END
    done
    expect <<< "shop/web -> shop/db tcp/5432 denied"
    policy_delete one
    expect <<< "shop/web -> shop/db tcp/5432 denied"
    policy_delete two
    expect <<< "shop/web -> shop/db tcp/5432 ok"
}

# S34: the labels of a pod, as a peer and as a subject.
test_pod_labels() {
    db_wants shop client
    expect <<< "shop/web -> shop/db tcp/5432 denied"
    pod shop/web labels=app=client only=manifest
    expect <<< "shop/web -> shop/db tcp/5432 ok"
    pod shop/web labels=app=web only=manifest
    expect <<< "shop/web -> shop/db tcp/5432 denied"
    pod shop/db labels=app=retired only=manifest
    expect <<< "shop/web -> shop/db tcp/5432 ok"
    pod shop/db labels=app=db only=manifest
    expect <<< "shop/web -> shop/db tcp/5432 denied"
}

# S34: the labels of a namespace.
test_namespace_labels() {
    db_wants shop prom
    expect <<< "ops/prom -> shop/db tcp/5432 denied"
    ns ops team=shop
    expect <<< "ops/prom -> shop/db tcp/5432 ok"
    ns ops team=ops
    expect <<< "ops/prom -> shop/db tcp/5432 denied"
}

# S36: isolated from the first packet, and closed until it is known.
test_new_pod() {
    policy default <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: default-deny}
spec:
  podSelector: {}
  policyTypes: [Ingress]
END
    pod shop/new labels=app=new ip=200 only=net
    serve shop/new tcp:80
    serve_wait
    settle
    # The API server does not know it yet.
    expect_packets <<END
shop/new -> ops/prom tcp/9090,icmp denied
shop/new -> node icmp denied
END
    pod shop/new labels=app=new only=manifest
    expect <<END
ops/prom -> shop/new tcp/80,icmp denied
shop/new -> ops/prom tcp/9090,icmp ok
END
    pod_delete shop/new
    settle
}

# A policy finds a pod that comes later; nothing of it stays when it is gone.
test_pod_comes_and_goes() {
    db_wants shop late
    settle
    local before
    before=$(ovs-netpol flows | grep -c '^')
    pod shop/late labels=app=late ip=201
    expect <<END
shop/late -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/5432 denied
END
    pod_delete shop/late
    settle
    same "number of flows" "$before" "$(ovs-netpol flows | grep -c '^')"
}

# S39: an address that is used again is the new pod's.
test_address_reused() {
    db_wants shop client
    pod shop/old labels=app=client ip=210
    expect <<< "shop/old -> shop/db tcp/5432 ok"
    # The old one is gone, but its object stays for a while.
    pod_delete shop/old only=net
    pod shop/new labels=app=web ip=210 created=2026-02-01T00:00:00Z
    expect <<< "shop/new -> shop/db tcp/5432 denied"
    manifest_delete pod-shop-old
    expect <<< "shop/new -> shop/db tcp/5432 denied"
    pod_delete shop/new
    # Now the other way round.
    pod shop/old labels=app=web ip=210
    expect <<< "shop/old -> shop/db tcp/5432 denied"
    pod_delete shop/old only=net
    pod shop/new labels=app=client ip=210 created=2026-02-01T00:00:00Z
    expect <<< "shop/new -> shop/db tcp/5432 ok"
    pod_delete shop/new
    manifest_delete pod-shop-old
    settle
}

# S37: finished pods have no address, even if their object is newer.
test_finished_pods() {
    local phase
    db_wants shop client
    pod shop/running labels=app=web ip=220
    for phase in Succeeded Failed; do
        pod shop/job labels=app=client ip=220 only=manifest \
            created=2026-03-01T00:00:00Z phase="$phase"
        expect <<< "shop/running -> shop/db tcp/5432 denied"
    done
    pod shop/running labels=app=client ip=220 only=manifest
    pod shop/job labels=app=web ip=220 only=manifest \
        created=2026-03-01T00:00:00Z phase=Succeeded
    expect <<< "shop/running -> shop/db tcp/5432 ok"
    pod_delete shop/running
    manifest_delete pod-shop-job
    settle
}

# S41: every address that a pod has, and again when one of them goes.
test_addresses() {
    db_wants shop web
    expect <<< "shop/web -> shop/db tcp/5432 ok"
    pod shop/web labels=app=web "ips=$(host_get shop/web v4)" only=manifest
    settle
    expect_packets <<END
shop/web -> shop/db tcp4/5432 ok
shop/web -> shop/db tcp6/5432 denied
END
    pod shop/web labels=app=web only=manifest
    expect <<< "shop/web -> shop/db tcp/5432 ok"
}
