/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "node/audit-log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "openvswitch/vlog.h"
#include "util.h"

struct fixture {
    char dir[64];
    char *name, *moved;
    struct audit_log *log;
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    strcpy(f->dir, "/tmp/test_audit_log.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->name = xasprintf("%s/log", f->dir);
    f->moved = xasprintf("%s/log.1", f->dir);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    audit_log_destroy(f->log);
    unlink(f->name);
    unlink(f->moved);
    rmdir(f->dir);
    free(f->name);
    free(f->moved);
    free(f);
    return 0;
}

static void
expect_file(const char *name, const char *want)
{
    char text[200] = "";
    FILE *stream = fopen(name, "r");

    assert_non_null(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    fclose(stream);
    assert_string_equal(text, want);
}

static void
expect_counts(const struct fixture *f, uint64_t n_written, uint64_t n_lost,
              bool problem)
{
    struct audit_log_stats stats;

    audit_log_get_stats(f->log, &stats);
    assert_int_equal(stats.n_written, n_written);
    assert_int_equal(stats.n_lost, n_lost);
    assert_int_equal(stats.problem != NULL, problem);
}

/* Appends; only the owner and the group may read. */
static void
test_file(void **state)
{
    struct fixture *f = *state;
    struct stat s;

    for (int i = 0; i < 2; i++) {
        audit_log_destroy(f->log);
        f->log = audit_log_create(f->name);
        audit_log_write(f->log, "a line");
    }
    expect_file(f->name, "a line\na line\n");
    expect_counts(f, 1, 0, false);
    assert_int_equal(stat(f->name, &s), 0);
    assert_int_equal(s.st_mode & 0007, 0);
}

static void
test_reopen(void **state)
{
    struct fixture *f = *state;

    audit_log_reopen(NULL);
    f->log = audit_log_create(f->name);
    audit_log_write(f->log, "old");
    assert_int_equal(rename(f->name, f->moved), 0);
    audit_log_reopen(f->log);
    audit_log_write(f->log, "new");
    expect_file(f->moved, "old\n");
    expect_file(f->name, "new\n");
}

/* A disk that is full, and one that is not any more. */
static void
test_full(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(symlink("/dev/full", f->name), 0);
    f->log = audit_log_create(f->name);
    audit_log_write(f->log, "lost");
    audit_log_write(f->log, "lost");
    expect_counts(f, 0, 2, true);
    assert_int_equal(unlink(f->name), 0);
    audit_log_reopen(f->log);
    audit_log_write(f->log, "there");
    expect_counts(f, 1, 2, false);
    expect_file(f->name, "there\n");
}

/* A directory that comes later. */
static void
test_cannot_open(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdir(f->name, 0700), 0);
    f->log = audit_log_create(f->name);
    audit_log_write(f->log, "lost");
    expect_counts(f, 0, 1, true);
    assert_int_equal(rmdir(f->name), 0);
    audit_log_write(f->log, "there");
    expect_file(f->name, "there\n");
    expect_counts(f, 1, 1, false);
}

/* Nobody reads: the line is lost, not waited for. */
static void
test_slow_reader(void **state)
{
    struct fixture *f = *state;
    char *line = xzalloc(1001);
    struct audit_log_stats stats;
    int fd, n = 0;

    memset(line, 'x', 1000);
    assert_int_equal(mkfifo(f->name, 0600), 0);
    f->log = audit_log_create(f->name);
    audit_log_write(f->log, line);
    expect_counts(f, 0, 1, true);

    fd = open(f->name, O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    do {
        audit_log_write(f->log, line);
        audit_log_get_stats(f->log, &stats);
        assert_true(n++ < 10000);
    } while (stats.n_lost == 1);
    assert_true(stats.n_written > 10);
    close(fd);
    free(line);
}

/* The standard output may be a pipe that others want to be blocking. */
static void
test_stdout(void **state)
{
    struct fixture *f = *state;
    int saved = dup(STDOUT_FILENO);
    struct audit_log_stats stats;
    char buffer[6] = "";
    int fds[2], n = 0;

    fflush(stdout);
    assert_int_equal(pipe(fds), 0);
    assert_true(dup2(fds[1], STDOUT_FILENO) >= 0);
    f->log = audit_log_create("stdout");
    audit_log_write(f->log, "hello");
    assert_int_equal(read(fds[0], buffer, 6), 6);
    do {
        audit_log_write(f->log, "hello");
        audit_log_get_stats(f->log, &stats);
    } while (!stats.n_lost && n++ < 100000);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(fds[0]);
    close(fds[1]);
    assert_memory_equal(buffer, "hello\n", 6);
    assert_int_equal(stats.n_lost, 1);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_file),
        TEST(test_reopen),
        TEST(test_full),
        TEST(test_cannot_open),
        TEST(test_slow_reader),
        TEST(test_stdout),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests_name("audit_log", tests, NULL, NULL);
}
