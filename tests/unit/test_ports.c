/* SPDX-License-Identifier: Apache-2.0
 *
 * ports against a real database and switch. */

#include <config.h>

#include "ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "packets.h"
#include "smap.h"
#include "util.h"

#include "label.h"
#include "model.h"
#include "ovs-fixture.h"

#define TIMEOUT_MSEC 30000

static struct ovs_fixture *ovs;

static void
run_ports(void *ports)
{
    ports_run(ports);
}

static void
wait_ports(void *ports)
{
    ports_wait(ports);
}

static void
wait_for(struct ports *ports, bool (*done)(void *))
{
    struct ovs_fixture_loop loop = { run_ports, wait_ports, done, ports };

    if (!ovs_fixture_loop(&loop, TIMEOUT_MSEC)) {
        fail_msg("gave up: %s", ports_problem(ports));
    }
}

static bool
is_ready(void *ports)
{
    return ports_is_ready(ports);
}

static bool
is_not_ready(void *ports)
{
    return !ports_is_ready(ports);
}

static bool
is_settled(void *ports)
{
    return ports_is_settled(ports);
}

static bool
is_connected(void *ports)
{
    return ports_is_connected(ports);
}

static bool
is_disconnected(void *ports)
{
    return !ports_is_connected(ports);
}

static uint64_t ticket;

static bool
is_synced(void *ports)
{
    return ports_sync_is_done(ports, ticket);
}

/* Until 'ports' has read everything that is in the database now. */
static void
sync_ports(struct ports *ports)
{
    ticket = ports_sync_begin(ports);
    assert_false(ports_sync_is_done(ports, ticket));
    wait_for(ports, is_synced);
}

static struct ports *
create_ports(void)
{
    return ports_create(ovs_fixture_db(ovs), "br0");
}

static void
vsctl(const char *command)
{
    free(ovs_fixture_run(ovs, "ovs-vsctl %s", command));
}

static void
assert_vsctl(const char *command, const char *want)
{
    char *out = ovs_fixture_run(ovs, "ovs-vsctl %s", command);

    out[strcspn(out, "\n")] = '\0';
    assert_string_equal(out, want);
    free(out);
}

/* All ports as "INTERFACE=NS/NAME@OFPORT[+MAC][!] …"; "!"
 * opted out of the spoof guard. */
static void
assert_ports(const struct ports *ports, const struct model *model,
             const char *want)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct model_port *array;
    size_t n = ports_get(ports, model, &array);

    for (size_t i = 0; i < n; i++) {
        const struct model_port *p = &array[i];

        ds_put_format(&s, "%s%s=%s/%s@%"PRIu32, i ? " " : "", p->interface,
                      p->ns, p->name, p->ofport);
        if (!eth_addr_is_zero(p->mac)) {
            ds_put_format(&s, "+"ETH_ADDR_FMT, ETH_ADDR_ARGS(p->mac));
        }
        ds_put_cstr(&s, p->unguarded ? "!" : "");
    }
    assert_string_equal(ds_cstr(&s), want);
    ds_destroy(&s);
    ports_free(array, n);
}

/* Schemes. */

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define UID "0c0cd3d6-7f2a-4e0c-9d0d-3f1a9a3a6e11"

static const struct scheme_case {
    const char *iface, *port;   /* external_ids columns, in ovs-vsctl's way. */
    const char *want;           /* As assert_ports() has it; NULL: no pod. */
} scheme_cases[] = {
    /* iface-id. */
    { "iface-id=ns1/web-0", NULL, "ns1/web-0" },
    { "iface-id=ns1/web.v2", NULL, "ns1/web.v2" },
    { "iface-id=ns1_web-0", NULL, "ns1/web-0" },
    { "iface-id=ns1_web.v2", NULL, "ns1/web.v2" },
    { "iface-id=web-0.ns1", NULL, "ns1/web-0" },
    { "iface-id=web.v2.ns1", NULL, "ns1/web.v2" },
    { "iface-id="A63"/p", NULL, A63"/p" },
    { NULL, "iface-id=ns1/web-0", NULL },

    /* Not pods. */
    { "iface-id="UID, NULL, NULL },
    { "iface-id=web", NULL, NULL },
    { "iface-id=NS1/web", NULL, NULL },
    { "iface-id=ns1/Web", NULL, NULL },
    { "iface-id=ns1/", NULL, NULL },
    { "iface-id=/web", NULL, NULL },
    { "iface-id=ns1/web/x", NULL, NULL },
    { "iface-id=n.s1/web", NULL, NULL },
    { "iface-id=ns1_web_x", NULL, NULL },
    { "iface-id=ns1/-web", NULL, NULL },
    { "iface-id=ns1/web..x", NULL, NULL },
    { "iface-id=.ns1", NULL, NULL },
    { "iface-id="A63"a/p", NULL, NULL },
    { "iface-id=ns1/"A63"."A63"."A63"."A63"a", NULL, NULL },
    { "attached-mac=\"0a:00:00:00:00:01\"", NULL, NULL },

    /* pod-namespace and pod-name. */
    { "pod-namespace=ns2,pod-name=db", NULL, "ns2/db" },
    { NULL, "pod-namespace=ns2,pod-name=db", "ns2/db" },
    { "pod-name=db", "pod-namespace=ns2", NULL },
    { "pod-namespace=ns2", NULL, NULL },
    { "pod-namespace=ns.2,pod-name=db", NULL, NULL },
    { "pod-namespace=ns2,pod-name=db,iface-id=x/y", NULL, "ns2/db" },

    /* contPodUid. */
    { NULL, "contPodUid="UID, "ns3/by-uid" },
    { "contPodUid="UID, NULL, "ns3/by-uid" },
    { NULL, "contPodUid=nobody", NULL },
    { "iface-id=x/y", "contPodUid=nobody", "x/y" },

    /* MAC. */
    { "iface-id=a/b,attached-mac=\"0a:00:00:00:00:01\"", NULL,
      "a/b+0a:00:00:00:00:01" },
    { "iface-id=a/b,attached_mac=\"0a:00:00:00:00:02\"", NULL,
      "a/b+0a:00:00:00:00:02" },
    { "iface-id=a/b,mac=\"0a:00:00:00:00:03\"", NULL,
      "a/b+0a:00:00:00:00:03" },
    { "iface-id=a/b", "attached-mac=\"0a:00:00:00:00:04\"",
      "a/b+0a:00:00:00:00:04" },
    { "iface-id=a/b,attached-mac=\"0a:00:00:00:00:05\"",
      "mac=\"0a:00:00:00:00:06\"", "a/b+0a:00:00:00:00:05" },
    { "iface-id=a/b,attached-mac=junk,mac=\"0a:00:00:00:00:07\"", NULL,
      "a/b+0a:00:00:00:00:07" },
    { "iface-id=a/b,mac=\"01:00:00:00:00:07\"", NULL, "a/b" },

    /* Spoof guard. */
    { "iface-id=a/b,ovs-netpol-spoof-guard=off", NULL, "a/b!" },
    { "iface-id=a/b,ovs-netpol-spoof-guard=on", NULL, "a/b" },
    { "iface-id=a/b,ovs-netpol-spoof-guard=x", NULL, "a/b" },
    { "iface-id=a/b", "ovs-netpol-spoof-guard=off", "a/b" },
};

static struct k8s_object *
create_pod(struct label_pool *pool, const char *ns, const char *name,
           const char *uid)
{
    struct k8s_pod *pod = xzalloc(sizeof *pod);

    pod->up.kind = K8S_POD;
    pod->up.ns = xstrdup(ns);
    pod->up.name = xstrdup(name);
    pod->uid = xstrdup(uid);
    pod->labels = label_set_create(pool, NULL, 0);
    return &pod->up;
}

static void
put_port(struct ds *command, size_t i, const struct scheme_case *c)
{
    ds_put_format(command, " -- add-port br0 p%"PRIuSIZE
                  " -- set Interface p%"PRIuSIZE" type=dummy"
                  " ofport_request=%"PRIuSIZE, i, i, i + 1);
    if (c->iface) {
        ds_put_format(command, " 'external_ids={%s}'", c->iface);
    }
    if (c->port) {
        ds_put_format(command, " -- set Port p%"PRIuSIZE" 'external_ids={%s}'",
                      i, c->port);
    }
}

static void
test_schemes(void **state)
{
    struct label_pool *pool = label_pool_create();
    struct model *model = model_create(pool);
    struct ports *ports = create_ports();
    struct ds command = DS_EMPTY_INITIALIZER;
    struct ds want = DS_EMPTY_INITIALIZER;

    model_put(model, create_pod(pool, "ns3", "by-uid", UID));
    for (size_t i = 0; i < ARRAY_SIZE(scheme_cases); i++) {
        const struct scheme_case *c = &scheme_cases[i];

        put_port(&command, i, c);
        if (c->want) {
            size_t length = strcspn(c->want, "+!");

            ds_put_format(&want, "%sp%"PRIuSIZE"=%.*s@%"PRIuSIZE"%s",
                          want.length ? " " : "", i, (int) length, c->want,
                          i + 1, c->want + length);
        }
    }
    vsctl(ds_cstr(&command));
    sync_ports(ports);
    assert_ports(ports, model, ds_cstr(&want));

    ds_destroy(&command);
    ds_destroy(&want);
    ports_destroy(ports);
    model_destroy(model);
    label_pool_destroy(pool);
}

static void
test_uid_of_unknown_pod(void **state)
{
    struct label_pool *pool = label_pool_create();
    struct model *model = model_create(pool);
    struct ports *ports = create_ports();

    vsctl("add-port br0 p1 external_ids:contPodUid="UID
          " -- set Interface p1 type=dummy ofport_request=5");
    sync_ports(ports);
    assert_ports(ports, NULL, "");
    assert_ports(ports, model, "");

    /* The pod comes after its interface. */
    model_put(model, create_pod(pool, "ns", "late", UID));
    assert_ports(ports, model, "p1=ns/late@5");
    ports_destroy(ports);
    model_destroy(model);
    label_pool_destroy(pool);
}

/* Interfaces. */

static void
test_follows_interfaces(void **state)
{
    struct ports *ports = create_ports();
    unsigned int seqno;

    sync_ports(ports);
    assert_ports(ports, NULL, "");
    seqno = ports_seqno(ports);

    vsctl("add-port br0 p1 -- set Interface p1 type=dummy ofport_request=7 "
          "external_ids:iface-id=ns/a");
    sync_ports(ports);
    assert_ports(ports, NULL, "p1=ns/a@7");
    assert_int_not_equal(ports_seqno(ports), seqno);
    seqno = ports_seqno(ports);

    vsctl("set Interface p1 external_ids:iface-id=ns/b");
    sync_ports(ports);
    assert_ports(ports, NULL, "p1=ns/b@7");
    assert_int_not_equal(ports_seqno(ports), seqno);
    seqno = ports_seqno(ports);

    /* The barrier itself changes no port. */
    sync_ports(ports);
    assert_int_equal(ports_seqno(ports), seqno);

    /* Another bridge's ports are not ours. */
    vsctl("add-br br1 -- add-port br1 p2 -- set Interface p2 type=dummy "
          "external_ids:iface-id=ns/c");
    sync_ports(ports);
    assert_ports(ports, NULL, "p1=ns/b@7");
    vsctl("del-br br1");

    vsctl("del-port br0 p1");
    sync_ports(ports);
    assert_ports(ports, NULL, "");
    ports_destroy(ports);
}

static void
test_two_interfaces_of_a_pod(void **state)
{
    struct ports *ports = create_ports();

    vsctl("add-port br0 p1 -- set Interface p1 type=dummy ofport_request=7 "
          "external_ids:iface-id=ns/a -- "
          "add-port br0 p2 -- set Interface p2 type=dummy ofport_request=3 "
          "external_ids:iface-id=ns/a");
    sync_ports(ports);
    assert_ports(ports, NULL, "p2=ns/a@3 p1=ns/a@7");
    ports_destroy(ports);
}

/* The others' ports; but not one that may become a pod's. */
static void
test_strangers(void **state)
{
    struct label_pool *pool = label_pool_create();
    struct model *model = model_create(pool);
    struct ports *ports;
    uint32_t *ofports;

    vsctl("add-port br0 s1 -- set interface s1 type=internal ofport_request=5 "
          "-- add-port br0 s2 -- set interface s2 type=internal "
          "ofport_request=6 external_ids:iface-id=a/p "
          "-- add-port br0 s3 -- set interface s3 type=internal "
          "ofport_request=7 external_ids:iface-id=no-pod "
          "-- add-port br0 s4 -- set interface s4 type=internal "
          "ofport_request=8 -- set port s4 external_ids:contPodUid=u");
    ports = create_ports();
    wait_for(ports, is_ready);
    sync_ports(ports);
    assert_int_equal(ports_get_strangers(ports, model, &ofports), 2);
    assert_int_equal(ofports[0] + ofports[1], 5 + 7);
    free(ofports);
    ports_destroy(ports);
    model_destroy(model);
    label_pool_destroy(pool);
}

static void
test_interface_without_ofport(void **state)
{
    struct ports *ports = create_ports();

    /* One that cannot be opened gets ofport -1; the bridge's own is no pod. */
    vsctl("--no-wait add-port br0 bad -- set Interface bad type=nonsense "
          "external_ids:iface-id=ns/bad");
    vsctl("wait-until Interface bad ofport=-1");
    vsctl("set Interface br0 external_ids:iface-id=ns/local");
    sync_ports(ports);
    assert_ports(ports, NULL, "");

    /* One that the switch has not seen has none. */
    ovs_fixture_stop_vswitchd(ovs, 0);
    vsctl("--no-wait add-port br0 p1 -- set Interface p1 type=dummy "
          "ofport_request=9 external_ids:iface-id=ns/a");
    sync_ports(ports);
    assert_ports(ports, NULL, "");
    ovs_fixture_start_vswitchd(ovs);
    vsctl("wait-until Interface p1 ofport=9");
    sync_ports(ports);
    assert_ports(ports, NULL, "p1=ns/a@9");
    ports_destroy(ports);
}

/* Connection. */

static void
test_bridge_comes_and_goes(void **state)
{
    struct ports *ports = ports_create(ovs_fixture_db(ovs), "br7");
    char *problem = xasprintf("no bridge \"br7\" in %s", ovs_fixture_db(ovs));

    assert_false(ports_is_ready(ports));
    assert_false(ports_is_bridge_missing(ports));
    wait_for(ports, is_connected);
    while (!strstr(ports_problem(ports), "no bridge")) {
        ports_wait(ports);
        poll_block();
        ports_run(ports);
    }
    assert_string_equal(ports_problem(ports), problem);
    assert_true(ports_is_bridge_missing(ports));
    assert_ports(ports, NULL, "");
    ticket = ports_sync_begin(ports);
    ports_run(ports);
    assert_false(ports_sync_is_done(ports, ticket));

    vsctl("add-br br7");
    wait_for(ports, is_ready);
    assert_null(ports_problem(ports));
    wait_for(ports, is_synced);
    vsctl("del-br br7");
    wait_for(ports, is_not_ready);
    assert_string_equal(ports_problem(ports), problem);
    ports_destroy(ports);
    free(problem);
}

static void
test_fail_mode(void **state)
{
    struct ports *ports = create_ports();

    assert_null(ports_fail_mode(ports));
    assert_null(ports_warning(ports));
    vsctl("set-fail-mode br0 secure");
    wait_for(ports, is_ready);
    sync_ports(ports);
    assert_string_equal(ports_fail_mode(ports), "secure");
    assert_null(ports_warning(ports));

    vsctl("set-fail-mode br0 standalone");
    sync_ports(ports);
    assert_string_equal(ports_fail_mode(ports), "standalone");
    assert_string_equal(ports_warning(ports), "bridge \"br0\" has fail_mode "
                        "standalone: whenever ovs-vswitchd starts, all "
                        "packets pass until our flows are back");
    vsctl("del-fail-mode br0");
    sync_ports(ports);
    assert_string_equal(ports_fail_mode(ports), "standalone");
    assert_non_null(ports_warning(ports));
    vsctl("set-fail-mode br0 secure");
    sync_ports(ports);
    assert_null(ports_warning(ports));
    ports_destroy(ports);
}

/* Marks are written where they are missing, removed where they are wrong, and
 * left alone before anybody knows. */
static void
test_ready(void **state)
{
    struct smap ready = SMAP_INITIALIZER(&ready);
    struct ports *ports;

    vsctl("add-port br0 v1 -- set interface v1 type=internal "
          "external_ids:iface-id=a/p -- add-port br0 v2 -- "
          "set interface v2 type=internal external_ids:iface-id=a/q "
          "external_ids:ovs-netpol-ready=7");
    ports = create_ports();
    wait_for(ports, is_ready);
    sync_ports(ports);
    assert_vsctl("get interface v2 external_ids:ovs-netpol-ready", "\"7\"");

    smap_add(&ready, "v1", "5");
    smap_add(&ready, "nobody", "5");
    ports_set_ready(ports, &ready);
    assert_false(ports_is_settled(ports));
    wait_for(ports, is_settled);
    assert_vsctl("get interface v1 external_ids",
                 "{iface-id=\"a/p\", ovs-netpol-ready=\"5\"}");
    assert_vsctl("get interface v2 external_ids", "{iface-id=\"a/q\"}");

    /* What an earlier run wrote is as good. */
    smap_replace(&ready, "v1", "6");
    ports_set_ready(ports, &ready);
    wait_for(ports, is_settled);
    assert_vsctl("get interface v1 external_ids:ovs-netpol-ready", "\"5\"");

    smap_clear(&ready);
    ports_set_ready(ports, &ready);
    wait_for(ports, is_settled);
    assert_vsctl("get interface v1 external_ids", "{iface-id=\"a/p\"}");
    smap_destroy(&ready);
    ports_destroy(ports);
}

static void
test_database_restarts(void **state)
{
    struct ports *ports = create_ports();

    vsctl("add-port br0 p1 -- set Interface p1 type=dummy ofport_request=7 "
          "external_ids:iface-id=ns/a");
    sync_ports(ports);
    ovs_fixture_stop_ovsdb(ovs, 0);
    wait_for(ports, is_disconnected);

    /* What was known stays known; nothing can be confirmed. */
    assert_true(ports_is_ready(ports));
    assert_ports(ports, NULL, "p1=ns/a@7");
    ticket = ports_sync_begin(ports);
    ports_run(ports);
    assert_false(ports_sync_is_done(ports, ticket));

    ovs_fixture_start_ovsdb(ovs);
    vsctl("set Interface p1 external_ids:iface-id=ns/b");
    ticket = ports_sync_begin(ports);
    wait_for(ports, is_synced);
    assert_true(ports_is_connected(ports));
    assert_ports(ports, NULL, "p1=ns/b@7");
    ports_destroy(ports);
}

static void
test_no_database(void **state)
{
    char *db = xasprintf("unix:%s/nothing.sock", ovs_fixture_dir(ovs));
    struct ports *ports = ports_create(db, "br0");

    assert_non_null(strstr(ports_problem(ports), db));
    while (!strstr(ports_problem(ports), "No such file")) {
        ports_run(ports);
        ports_wait(ports);
        poll_block();
    }
    assert_non_null(strstr(ports_problem(ports), db));
    assert_false(ports_is_ready(ports));
    assert_false(ports_is_connected(ports));
    ports_destroy(ports);
    free(db);
}

static void
test_tickets(void **state)
{
    struct ports *ports = create_ports();
    uint64_t first, second;

    /* Before the connection, and two at once. */
    first = ports_sync_begin(ports);
    second = ports_sync_begin(ports);
    assert_true(second > first);
    ticket = second;
    wait_for(ports, is_synced);
    assert_true(ports_sync_is_done(ports, first));

    /* One that comes while another is being written needs its own. */
    first = ports_sync_begin(ports);
    ports_run(ports);
    second = ports_sync_begin(ports);
    ticket = first;
    wait_for(ports, is_synced);
    assert_false(ports_sync_is_done(ports, second));
    ticket = second;
    wait_for(ports, is_synced);
    ports_destroy(ports);
}

/* Table names. */

static const char *const names[] = { "Alpha", "Beta" };

static void
test_table_names(void **state)
{
    struct ports *ports = create_ports();
    char *dump;

    ports_set_table_names(ports, 40, names, ARRAY_SIZE(names));
    assert_false(ports_is_settled(ports));
    wait_for(ports, is_settled);
    assert_vsctl("get Flow_Table Alpha name", "Alpha");
    vsctl("set Open_vSwitch . external_ids:follow=1");  /* Waits for it. */
    free(ovs_fixture_run(ovs, "ovs-ofctl -O OpenFlow15 add-flow br0 "
                         "table=41,priority=3,actions=drop"));
    dump = ovs_fixture_run(ovs, "ovs-ofctl -O OpenFlow15 --names --no-stats "
                           "dump-flows br0 table=41");
    assert_non_null(strstr(dump, "table=Beta"));
    free(dump);

    /* Somebody renames, somebody removes: corrected. */
    vsctl("set Flow_Table Alpha name=Omega");
    sync_ports(ports);
    wait_for(ports, is_settled);
    assert_vsctl("get Flow_Table Alpha name", "Alpha");
    vsctl("remove Bridge br0 flow_tables 41");
    sync_ports(ports);
    wait_for(ports, is_settled);
    assert_vsctl("get Flow_Table Beta name", "Beta");

    /* Elsewhere: the old ones go. */
    ports_set_table_names(ports, 60, names, 1);
    wait_for(ports, is_settled);
    assert_vsctl("--bare --columns=name find Flow_Table name=Beta", "");
    assert_vsctl("get Bridge br0 flow_tables:60 | wc -l", "1");

    ports_clear_table_names(ports);
    wait_for(ports, is_settled);
    assert_vsctl("get Bridge br0 flow_tables", "{}");
    assert_vsctl("get Bridge br0 external_ids", "{}");
    ports_destroy(ports);
}

/* A name that one table has, of this bridge. */
static void
test_find_table(void **state)
{
    struct ports *ports = create_ports();

    assert_int_equal(ports_find_table(ports, "acl"), -1);
    vsctl("-- --id=@t create Flow_Table name=acl "
          "-- set Bridge br0 flow_tables:7=@t");
    sync_ports(ports);
    assert_int_equal(ports_find_table(ports, "acl"), 7);
    assert_int_equal(ports_find_table(ports, "ACL"), -1);
    assert_int_equal(ports_find_table(ports, ""), -1);

    vsctl("-- --id=@t create Flow_Table name=acl "
          "-- set Bridge br0 flow_tables:9=@t");
    sync_ports(ports);
    assert_int_equal(ports_find_table(ports, "acl"), -1);
    vsctl("remove Bridge br0 flow_tables 7");
    sync_ports(ports);
    assert_int_equal(ports_find_table(ports, "acl"), 9);
    vsctl("clear Bridge br0 flow_tables");
    ports_destroy(ports);
}

static void
test_names_survive_restart(void **state)
{
    struct ports *ports = create_ports();

    ports_set_table_names(ports, 40, names, 2);
    wait_for(ports, is_settled);
    ports_destroy(ports);
    char *before = ovs_fixture_run(ovs, "ovs-vsctl get Bridge br0 "
                                   "flow_tables");

    /* The rows are known again, whoever made them. */
    ports = create_ports();
    ports_set_table_names(ports, 40, names, 2);
    wait_for(ports, is_settled);
    char *after = ovs_fixture_run(ovs, "ovs-vsctl get Bridge br0 "
                                  "flow_tables");
    assert_string_equal(before, after);
    free(before);
    free(after);
    ports_destroy(ports);

    /* Nobody told it to manage names: it does not touch them. */
    ports = create_ports();
    sync_ports(ports);
    wait_for(ports, is_settled);
    assert_vsctl("get Flow_Table Alpha name", "Alpha");

    ports_clear_table_names(ports);
    wait_for(ports, is_settled);
    assert_vsctl("get Bridge br0 flow_tables", "{}");
    ports_destroy(ports);
}

static void
test_rows_of_others(void **state)
{
    struct ports *ports = create_ports();

    /* 40 has a limit and no name, 41 a name, 42 is shared with 43; 5 is none
     * of ours. */
    vsctl("-- --id=@a create Flow_Table flow_limit=9999 "
          "-- --id=@b create Flow_Table name=Mine "
          "-- --id=@c create Flow_Table flow_limit=7777 "
          "-- --id=@d create Flow_Table name=Five "
          "-- set Bridge br0 flow_tables:40=@a flow_tables:41=@b "
          "flow_tables:42=@c flow_tables:43=@c flow_tables:5=@d "
          ">/dev/null");
    ports_set_table_names(ports, 40,
                          (const char *const[]) { "A", "B", "C" }, 3);
    wait_for(ports, is_settled);
    assert_vsctl("get Flow_Table A flow_limit", "9999");
    assert_vsctl("get Flow_Table Mine name", "Mine");
    assert_vsctl("--bare --columns=name find Flow_Table name=B", "");
    assert_vsctl("--bare --columns=name find Flow_Table name=C", "");
    assert_vsctl("get Flow_Table Five name", "Five");

    ports_clear_table_names(ports);
    wait_for(ports, is_settled);
    assert_vsctl("--bare --columns=name,external_ids find Flow_Table "
                 "flow_limit=9999 | tr -d '\\n'", "");
    assert_vsctl("get Bridge br0 flow_tables | tr , '\\n' | grep -c =", "5");
    ports_destroy(ports);
}

static int
setup_group(void **state)
{
    ovs = ovs_fixture_create();
    return 0;
}

static int
teardown_group(void **state)
{
    ovs_fixture_destroy(ovs);
    return 0;
}

static int
setup(void **state)
{
    /* A test that failed may have left anything. */
    ovs_fixture_start_ovsdb(ovs);
    ovs_fixture_start_vswitchd(ovs);
    vsctl("--if-exists del-br br0 -- --if-exists del-br br1 -- "
          "--if-exists del-br br7");
    vsctl("add-br br0");
    return 0;
}

#define TEST(NAME) cmocka_unit_test_setup(NAME, setup)

int
main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        TEST(test_schemes),
        TEST(test_uid_of_unknown_pod),
        TEST(test_follows_interfaces),
        TEST(test_two_interfaces_of_a_pod),
        TEST(test_strangers),
        TEST(test_interface_without_ofport),
        TEST(test_bridge_comes_and_goes),
        TEST(test_fail_mode),
        TEST(test_ready),
        TEST(test_database_restarts),
        TEST(test_no_database),
        TEST(test_tickets),
        TEST(test_table_names),
        TEST(test_find_table),
        TEST(test_names_survive_restart),
        TEST(test_rows_of_others),
    };
    int status;

    set_program_name(argv[0]);
    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
