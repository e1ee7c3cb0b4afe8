/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies, and the rules and flows that they become.  README.md in this
 * folder says what is in a case.
 *
 * With NETPOL_UPDATE_GOLDEN=1 in the environment the wanted files are written
 * instead of compared. */

#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "svec.h"
#include "util.h"

#include "annotate.h"
#include "compile.h"
#include "flow-check.h"
#include "flowtext.h"
#include "model.h"
#include "ruletext.h"
#include "scene.h"

#define MAX_CASES 100
#define MAX_PORTS 8
#define MAX_ADDRESSES 8

/* Files. */

/* The whole file, or NULL if there is none. */
static char *
read_file(const char *path)
{
    FILE *stream = fopen(path, "r");
    struct ds s = DS_EMPTY_INITIALIZER;
    int c;

    if (!stream) {
        assert_int_equal(errno, ENOENT);
        return NULL;
    }
    while ((c = getc(stream)) != EOF) {
        ds_put_char(&s, c);
    }
    fclose(stream);
    return ds_steal_cstr(&s);
}

static void
write_file(const char *path, const char *text)
{
    FILE *stream = fopen(path, "w");

    if (!stream || fputs(text, stream) == EOF || fclose(stream)) {
        fail_msg("%s: %s", path, ovs_strerror(errno));
    }
}

/* The names in folder 'path' that end in 'suffix', sorted. */
static void
list_files(const char *path, const char *suffix, struct svec *names)
{
    DIR *dir = opendir(path);
    struct dirent *de;

    if (!dir) {
        print_error("%s: %s\n", path, ovs_strerror(errno));
        exit(EXIT_FAILURE);
    }
    while ((de = readdir(dir))) {
        size_t length = strlen(de->d_name), n = strlen(suffix);

        if (de->d_name[0] != '.' && length >= n
            && !strcmp(de->d_name + length - n, suffix)) {
            svec_add(names, de->d_name);
        }
    }
    closedir(dir);
    svec_sort(names);
}

/* The node. */

struct node {
    struct model_port ports[MAX_PORTS];
    char names[MAX_PORTS][3][64];       /* Namespace, pod, interface. */
    struct in6_addr addresses[MAX_ADDRESSES];
    struct prefix services[MAX_ADDRESSES];
    size_t n_ports, n_addresses, n_services;
};

static void
parse_port(struct node *node, const char *line)
{
    struct model_port *port = &node->ports[node->n_ports];

    assert_true(node->n_ports < MAX_PORTS);
    port->ns = node->names[node->n_ports][0];
    port->name = node->names[node->n_ports][1];
    port->interface = node->names[node->n_ports][2];
    port->unguarded = false;
    if (sscanf(line, "port %63s %63s %63s %"SCNu32" "ETH_ADDR_SCAN_FMT,
               port->ns, port->name, port->interface, &port->ofport,
               ETH_ADDR_SCAN_ARGS(port->mac)) != 10) {
        fail_msg("bad line in \"node\": %s", line);
    }
    node->n_ports++;
}

/* "address ADDRESS", "services CIDR" or a port. */
static void
parse_node_line(struct node *node, const char *line)
{
    char word[64];

    assert_true(node->n_addresses < MAX_ADDRESSES);
    assert_true(node->n_services < MAX_ADDRESSES);
    if (sscanf(line, "address %63s", word) == 1) {
        assert_true(address_parse(word,
                                  &node->addresses[node->n_addresses++]));
    } else if (sscanf(line, "services %63s", word) == 1) {
        assert_true(prefix_parse(word, &node->services[node->n_services++]));
    } else {
        parse_port(node, line);
    }
}

/* Without a file "node" there is none of that. */
static void
parse_node(struct node *node, char *text)
{
    char *save = NULL;

    node->n_ports = node->n_addresses = node->n_services = 0;
    for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
         line = strtok_r(NULL, "\n", &save)) {
        if (line[0] != '#') {
            parse_node_line(node, line);
        }
    }
}

/* A case. */

struct golden {
    char *path;                 /* Of its folder. */
    char *name;
    bool loaded;
    struct scene scene;
    struct ds notes;
};

static char *
file_path(const struct golden *g, const char *name)
{
    return xasprintf("%s/%s", g->path, name);
}

static void
load_node(struct golden *g)
{
    struct compile_config config = {
        .pipeline = { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false },
    };
    char *path = file_path(g, "node");
    char *text = read_file(path);
    struct node node;

    parse_node(&node, text);
    config.spoof_guard = node.n_ports > 0;
    scene_init(&g->scene, &config);
    model_set_node_addresses(g->scene.model, node.addresses,
                             node.n_addresses);
    model_set_service_cidrs(g->scene.model, node.services, node.n_services);
    model_set_ports(g->scene.model, node.ports, node.n_ports);
    free(text);
    free(path);
}

static void
load(struct golden *g)
{
    struct svec files = SVEC_EMPTY_INITIALIZER;
    const char *name;
    size_t i;

    load_node(g);
    ds_init(&g->notes);
    g->loaded = true;
    list_files(g->path, ".yaml", &files);
    assert_true(files.n > 0);
    SVEC_FOR_EACH (i, name, &files) {
        char *path = file_path(g, name);
        char *text = read_file(path);

        scene_put_tolerant(&g->scene, text, &g->notes);
        free(text);
        free(path);
    }
    svec_destroy(&files);
    compile_run(g->scene.compile);
}

static int
unload(void **state)
{
    struct golden *g = *state;

    if (g->loaded) {
        scene_uninit(&g->scene);
        ds_destroy(&g->notes);
        g->loaded = false;
    }
    return 0;
}

static char *
format_rules(const struct golden *g)
{
    char *rules = ruletext_format(g->scene.compile, g->scene.model);
    char *text = xasprintf("%s%s", ds_cstr_ro(&g->notes), rules);

    free(rules);
    return text;
}

/* What `ovs-netpol flows` says, without the flows that are always there. */
static char *
format_flows(const struct golden *g)
{
    char *all = annotate_flows(g->scene.compile, g->scene.model);
    struct ds s = DS_EMPTY_INITIALIZER;
    const char *header = "", *comment = "";
    char *save = NULL;

    for (char *line = strtok_r(all, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (!strncmp(line, "## ", 3)) {
            header = line;
        } else if (line[0] == '#') {
            comment = line;
        } else if (strncmp(line, "cookie=0x6e7001", 15)) {
            ds_put_format(&s, "%s%s%s%s\n%s\n", s.length && header[0] ? "\n"
                          : "", header, header[0] ? "\n" : "", comment, line);
            header = "";
        }
    }
    free(all);
    return ds_steal_cstr(&s);
}

/* Fails with the first line that differs. */
static void
compare(const char *path, const char *want, const char *got)
{
    int line = 1;

    while (*want && *want == *got) {
        line += *want == '\n';
        want++;
        got++;
    }
    if (*want || *got) {
        fail_msg("%s:%d: want \"%.*s\", got \"%.*s\" from where they differ "
                 "(NETPOL_UPDATE_GOLDEN=1 rewrites the file)", path, line,
                 (int) strcspn(want, "\n"), want,
                 (int) strcspn(got, "\n"), got);
    }
}

/* Compares or writes; takes ownership of 'got'. */
static void
check_file(const struct golden *g, const char *name, char *got)
{
    char *path = file_path(g, name);
    char *want = read_file(path);

    if (getenv("NETPOL_UPDATE_GOLDEN")) {
        if (!want || strcmp(want, got)) {
            write_file(path, got);
        }
    } else if (!want) {
        fail_msg("%s is missing", path);
    } else {
        compare(path, want, got);
    }
    free(want);
    free(path);
    free(got);
}

static void
test_wanted(void **state)
{
    struct golden *g = *state;

    load(g);
    check_file(g, "want.rules", format_rules(g));
    check_file(g, "want.flows", format_flows(g));
}

/* Open vSwitch's own tool reads all flows; it knows tables by number only. */
static void
test_legal(void **state)
{
    struct golden *g = *state;
    char path[] = "/tmp/netpol-golden-XXXXXX";
    char *flows, *command;
    int fd, status;

    if (system("command -v ovs-ofctl > /dev/null")) {
        print_message("# ovs-ofctl is missing\n");
        skip();
    }
    load(g);
    flows = flowtext_table(g->scene.fs, -1);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, flows, strlen(flows)), strlen(flows));
    close(fd);
    command = xasprintf("ovs-ofctl -O OpenFlow15 parse-flows %s > /dev/null",
                        path);
    status = system(command);
    unlink(path);
    free(command);
    free(flows);
    assert_int_equal(status, 0);
}

/* They do what the reference evaluator says, all of it. */
static void
test_proved(void **state)
{
    struct golden *g = *state;
    struct replica *replica;
    size_t n_cells = 0;
    char *error;

    load(g);
    replica = replica_create(&compile_config(g->scene.compile)->pipeline);
    replica_load(replica, g->scene.fs);
    replica_seal(replica);
    error = flow_check_proof(g->scene.model, g->scene.compile, replica,
                             &n_cells);
    replica_destroy(replica);
    if (error) {
        print_error("%s\n", error);
        free(error);
        fail();
    }
    assert_true(n_cells > 0);
}

/* All cases, thrice. */

static const struct {
    const char *name;
    CMUnitTestFunction test;
} kinds[] = {
    { "as wanted", test_wanted },
    { "legal for ovs-ofctl", test_legal },
    { "proved", test_proved },
};

static void
find_cases(struct svec *names)
{
    const char *srcdir = getenv("srcdir");
    char *top = xasprintf("%s/tests/golden", srcdir ? srcdir : ".");
    struct svec all = SVEC_EMPTY_INITIALIZER;
    const char *name;
    size_t i;

    list_files(top, "", &all);
    SVEC_FOR_EACH (i, name, &all) {
        char *path = xasprintf("%s/%s", top, name);
        struct stat s;

        if (!stat(path, &s) && S_ISDIR(s.st_mode)) {
            svec_add(names, path);
        }
        free(path);
    }
    svec_destroy(&all);
    free(top);
}

int
main(void)
{
    struct svec paths = SVEC_EMPTY_INITIALIZER;
    struct CMUnitTest tests[ARRAY_SIZE(kinds) * MAX_CASES];
    struct golden goldens[ARRAY_SIZE(kinds) * MAX_CASES];
    size_t n = 0;
    int result;

    find_cases(&paths);
    ovs_assert(paths.n > 0 && paths.n <= MAX_CASES);
    for (size_t i = 0; i < ARRAY_SIZE(kinds) * paths.n; i++) {
        struct golden *g = &goldens[n];
        const char *base;

        g->path = paths.names[i / ARRAY_SIZE(kinds)];
        base = strrchr(g->path, '/') + 1;
        g->name = xasprintf("%s: %s", base, kinds[i % ARRAY_SIZE(kinds)].name);
        g->loaded = false;
        tests[n++] = (struct CMUnitTest) {
            g->name, kinds[i % ARRAY_SIZE(kinds)].test, NULL, unload, g
        };
    }
    result = _cmocka_run_group_tests("golden", tests, n, NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        free(goldens[i].name);
    }
    svec_destroy(&paths);
    return result;
}
