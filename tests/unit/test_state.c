/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "state.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "snapshot.h"
#include "timeval.h"
#include "util.h"

#define PATIENCE_MSEC 10000

/* Writes at once, and does not retry unless told. */
static const struct state_timing fast = { 0, 0, 1000 * 1000 };

struct fixture {
    char *dir, *path;           /* Does not exist at first. */
    struct label_pool *pool;
    struct model *model;
    struct snapshot_node node;
    struct state *state;
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);
    char *parent = xstrdup("/tmp/test_state.XXXXXX");

    assert_non_null(mkdtemp(parent));
    f->dir = xasprintf("%s/state", parent);
    f->path = xasprintf("%s/br0.json", f->dir);
    free(parent);
    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    snapshot_node_init(&f->node);
    f->node.written = 1700000000;
    f->state = state_create(f->dir, "br0", &fast);
    model_set_node_name(f->model, "node1");
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    char *parent = xmemdup0(f->dir, strrchr(f->dir, '/') - f->dir);
    char *command = xasprintf("rm -rf '%s'", parent);

    state_destroy(f->state);
    snapshot_node_uninit(&f->node);
    model_destroy(f->model);
    label_pool_destroy(f->pool);
    assert_int_equal(system(command), 0);
    free(command);
    free(parent);
    free(f->dir);
    free(f->path);
    free(f);
    return 0;
}

static struct state_status
status_of(const struct fixture *f)
{
    struct state_status s;

    state_get_status(f->state, &s);
    return s;
}

/* Until the child is done. */
static void
wait_for_child(struct fixture *f)
{
    long long int deadline = time_msec() + PATIENCE_MSEC;

    while (status_of(f).is_writing) {
        assert_true(time_msec() < deadline);
        state_wait(f->state);
        poll_timer_wait_until(deadline);
        poll_block();
        state_run(f->state);
    }
}

/* Writes the model, to the end. */
static void
write_it(struct fixture *f)
{
    state_note(f->state, model_generation(f->model));
    assert_true(state_is_due(f->state));
    f->node.generation = model_generation(f->model);
    state_write(f->state, f->model, &f->node);
    assert_false(state_is_due(f->state));
    wait_for_child(f);
}

/* What the next run would read; NULL if nothing. */
static struct model *
load(struct fixture *f)
{
    state_destroy(f->state);
    f->state = state_create(f->dir, "br0", &fast);
    return state_load(f->state, f->pool);
}

static void
assert_problem(const struct fixture *f, const char *want)
{
    const char *problem = status_of(f).problem;

    if (!problem || !strstr(problem, want)) {
        fail_msg("\"%s\" has no \"%s\"", problem ? problem : "", want);
    }
}

/* Nothing can be read, for the reason 'want'; and then all is well after the
 * next writing. */
static void
assert_ignored(struct fixture *f, const char *want)
{
    assert_null(load(f));
    assert_problem(f, "/br0.json: ignored: ");
    assert_problem(f, want);
    assert_false(status_of(f).loaded);
    write_it(f);
    assert_null(status_of(f).problem);
    struct model *model = load(f);
    assert_non_null(model);
    model_destroy(model);
}

static char *
slurp(const char *path, size_t *size)
{
    struct stat s;
    int fd = open(path, O_RDONLY);

    assert_int_equal(fstat(fd, &s), 0);
    char *text = xmalloc(s.st_size + 1);
    assert_int_equal(read(fd, text, s.st_size), s.st_size);
    text[s.st_size] = '\0';
    close(fd);
    *size = s.st_size;
    return text;
}

static void
spill(const char *path, const char *text, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
}

static void
test_round_trip(void **state)
{
    struct fixture *f = *state;
    struct stat s;

    assert_null(load(f));
    assert_null(status_of(f).problem);
    assert_int_equal(status_of(f).written, 0);

    write_it(f);
    assert_null(status_of(f).problem);
    assert_true(status_of(f).is_current);
    assert_int_equal(status_of(f).generation, model_generation(f->model));
    assert_int_equal(status_of(f).written, 1700000000);
    assert_int_equal(stat(f->dir, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    assert_int_equal(stat(f->path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);

    struct model *model = load(f);
    assert_non_null(model);
    assert_string_equal(model_node_name(model), "node1");
    assert_true(status_of(f).loaded);
    assert_false(status_of(f).is_current);
    assert_int_equal(status_of(f).written, 1700000000);
    model_destroy(model);
}

/* Only changes are written. */
static void
test_due(void **state)
{
    struct fixture *f = *state;

    assert_false(state_is_due(f->state));
    write_it(f);
    state_note(f->state, model_generation(f->model));
    assert_false(state_is_due(f->state));
    model_set_node_name(f->model, "node2");
    state_note(f->state, model_generation(f->model));
    assert_false(status_of(f).is_current);
    assert_true(state_is_due(f->state));
    write_it(f);
    assert_int_equal(status_of(f).n_written, 2);
}

/* A model that never rests is written all the same. */
static void
test_timing(void **state)
{
    struct fixture *f = *state;
    const struct state_timing timing = { 60 * 1000, 50, 1 };
    long long int deadline = time_msec() + PATIENCE_MSEC;
    uint64_t generation = 1;

    state_destroy(f->state);
    f->state = state_create(f->dir, "br0", &timing);
    state_note(f->state, generation);
    assert_false(state_is_due(f->state));
    while (!state_is_due(f->state)) {
        assert_true(time_msec() < deadline);
        state_note(f->state, ++generation);
        state_wait(f->state);
        poll_block();
    }
    assert_true(generation > 1);
}

static void
test_torn(void **state)
{
    struct fixture *f = *state;
    size_t size;

    write_it(f);
    char *text = slurp(f->path, &size);
    spill(f->path, text, size / 2);
    assert_ignored(f, "is torn: its checksum is wrong");
    text[size / 2] ^= 1;
    spill(f->path, text, size);
    assert_ignored(f, "is torn: its checksum is wrong");
    spill(f->path, text, 0);
    assert_ignored(f, "is empty");
    free(text);
}

/* Intact, but not for us. */
static void
test_newer_version(void **state)
{
    static const char list[] = "{\"apiVersion\":\"v1\",\"kind\":\"List\","
        "\"items\":[{\"kind\":\"NodeState\",\"apiVersion\":"
        "\"ovs-netpol.io/v2\"}]";
    struct fixture *f = *state;

    assert_int_equal(mkdir(f->dir, 0700), 0);
    char *command = xasprintf("printf %%s '%s' > '%s' && sum=$(sha1sum '%s' |"
                              " cut -d' ' -f1) && printf ',\"metadata\":{"
                              "\"checksum\":\"sha1:%%s\"}}\\n' $sum >> '%s'",
                              list, f->path, f->path, f->path);
    assert_int_equal(system(command), 0);
    assert_int_equal(chmod(f->path, 0600), 0);
    assert_ignored(f, "\"ovs-netpol.io/v2\" is not the version that we know");
    free(command);
}

static void
test_permissions(void **state)
{
    struct fixture *f = *state;

    write_it(f);
    assert_int_equal(chmod(f->path, 0660), 0);
    assert_ignored(f, "others may write to it (mode 0660)");
    assert_int_equal(chmod(f->path, 0602), 0);
    assert_ignored(f, "others may write to it (mode 0602)");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(symlink("/etc/passwd", f->path), 0);
    assert_ignored(f, "Too many levels of symbolic links");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_ignored(f, "is not a file");
}

static void
test_owner(void **state)
{
    struct fixture *f = *state;

    if (geteuid()) {
        skip();
    }
    write_it(f);
    assert_int_equal(chown(f->path, 65534, 65534), 0);
    assert_ignored(f, "belongs to user 65534, not to us");
}

static void
test_too_large(void **state)
{
    struct fixture *f = *state;

    write_it(f);
    if (truncate(f->path, SNAPSHOT_MAX_SIZE + 1)) {
        skip();
    }
    assert_ignored(f, "has more than 1073741824 bytes");
}

/* The parent of the directory is missing, or the directory is something else:
 * said once, and written when that is mended. */
static void
test_no_directory(void **state)
{
    struct fixture *f = *state;
    const struct state_timing timing = { 0, 0, 0 };
    char *hidden = xasprintf("%s.hidden", f->dir);

    state_destroy(f->state);
    f->state = state_create(f->dir, "br0", &timing);
    spill(f->dir, "", 0);
    write_it(f);
    assert_problem(f, "cannot write: ");
    assert_problem(f, "/state: Not a directory");
    assert_true(state_is_due(f->state));

    assert_int_equal(rename(f->dir, hidden), 0);
    state_write(f->state, f->model, &f->node);
    wait_for_child(f);
    assert_null(status_of(f).problem);
    assert_int_equal(status_of(f).n_written, 1);
    free(hidden);

    state_destroy(f->state);
    f->state = state_create("/nonexistent/state", "br0", &fast);
    write_it(f);
    assert_problem(f, "/nonexistent/state: No such file or directory");
    assert_false(state_is_due(f->state));
}

/* A full disk leaves the last good file as it is. */
static void
test_disk_full(void **state)
{
    struct fixture *f = *state;

    /* Mounts are ours alone, and end with us. */
    if (geteuid() || unshare(CLONE_NEWNS)
        || mount("none", "/", "", MS_REC | MS_PRIVATE, NULL)
        || mkdir(f->dir, 0700)
        || mount("none", f->dir, "tmpfs", 0, "size=16k,mode=700")) {
        skip();
    }
    write_it(f);
    assert_null(status_of(f).problem);
    uint64_t generation = status_of(f).generation;

    char *name = xmalloc(20001);
    memset(name, 'x', 20000);
    name[20000] = '\0';
    model_set_node_name(f->model, name);
    free(name);
    write_it(f);
    assert_problem(f, "cannot write: No space left on device");
    assert_int_equal(status_of(f).generation, generation);

    struct model *model = load(f);
    char *temporary = xasprintf("%s.tmp", f->path);
    bool is_gone = access(temporary, F_OK);
    free(temporary);
    assert_int_equal(umount(f->dir), 0);
    assert_true(is_gone);
    assert_non_null(model);
    assert_string_equal(model_node_name(model), "node1");
    model_destroy(model);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_due),
        TEST(test_timing),
        TEST(test_torn),
        TEST(test_newer_version),
        TEST(test_permissions),
        TEST(test_owner),
        TEST(test_too_large),
        TEST(test_no_directory),
        TEST(test_disk_full),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
