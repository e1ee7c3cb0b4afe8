# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Connections that run while policies change, as they do by default
# ("established: keep"): S33 of docs/semantics.md.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    serve shop/db tcp:5432 udp:53
    serve_wait
    # Before there was a daemon.
    hold early shop/web tcp "$(host_get shop/db v4)" 5432
    daemon_start
    settle
}

# $1 is who may talk to db.
db_allows() {
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: $1}}}]
END
}

# A connection that is older than the daemon goes on where policy allows it.
test_older_than_daemon() {
    same "before policies" ok "$(hold_ask early)"
    db_allows web
    settle
    same "allowed by a policy" ok "$(hold_ask early)"
}

test_keep_under_changed_policy() {
    db_allows web
    settle
    hold tcp4 shop/web tcp "$(host_get shop/db v4)" 5432
    hold tcp6 shop/web tcp "$(host_get shop/db v6)" 5432
    hold udp4 shop/web udp "$(host_get shop/db v4)" 53
    hold udp6 shop/web udp "$(host_get shop/db v6)" 53
    db_allows nobody
    expect <<END
shop/web -> shop/db tcp/5432,udp/53 denied
END
    local id
    for id in tcp4 tcp6 udp4 udp6; do
        same "$id" ok "$(hold_ask "$id")"
    done
}

# Not isolated when it began.
test_keep_under_first_policy() {
    settle
    hold free shop/web tcp "$(host_get shop/db v4)" 5432
    db_allows nobody
    expect <<END
shop/web -> shop/db tcp/5432 denied
END
    same "running connection" ok "$(hold_ask free)"
}

test_keep_over_daemon_restart() {
    db_allows web
    settle
    hold restart shop/web tcp "$(host_get shop/db v4)" 5432
    daemon_stop
    same "without a daemon" ok "$(hold_ask restart)"
    daemon_start
    settle
    same "with a new one" ok "$(hold_ask restart)"
}
