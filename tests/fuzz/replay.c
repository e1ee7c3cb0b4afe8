/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: the main() of a fuzz target without libFuzzer.
 *
 * Gives the target each file that is named, or without arguments each of its
 * corpus: fuzz_NAME's is tests/fuzz/corpus/NAME below $srcdir.  One line of
 * TAP per file. */

#include <config.h>

#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The whole file, in a block of just its size so that a sanitizer sees the
 * first byte read beyond it.  NULL if it cannot be read. */
static uint8_t *
read_file(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *data = NULL;
    long int length = -1;

    if (stream && !fseek(stream, 0, SEEK_END)) {
        length = ftell(stream);
        rewind(stream);
    }
    if (length >= 0) {
        data = xmalloc(length);
        *size = fread(data, 1, length, stream);
    }
    if (stream) {
        fclose(stream);
    }
    return data;
}

/* A target that dislikes what it sees does not come back. */
static bool
replay(const char *path)
{
    size_t size = 0;
    uint8_t *data = read_file(path, &size);
    bool ok = data != NULL;

    if (data) {
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return ok;
}

static int
replay_all(char *paths[], size_t n)
{
    int n_failed = 0;

    printf("1..%"PRIuSIZE"\n", n);
    for (size_t i = 0; i < n; i++) {
        bool ok = replay(paths[i]);

        printf("%sok %"PRIuSIZE" - %s\n", ok ? "" : "not ", i + 1, paths[i]);
        n_failed += !ok;
    }
    return n_failed;
}

/* "NAME" of a program ".../fuzz_NAME". */
static const char *
target_name(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;

    return strncmp(name, "fuzz_", 5) ? name : name + 5;
}

int
main(int argc, char *argv[])
{
    const char *srcdir = getenv("srcdir");
    glob_t found;

    if (argc > 1) {
        return replay_all(&argv[1], argc - 1) != 0;
    }
    char *pattern = xasprintf("%s/tests/fuzz/corpus/%s/*",
                              srcdir ? srcdir : ".", target_name(argv[0]));
    int error = glob(pattern, 0, NULL, &found);
    int status = error || replay_all(found.gl_pathv, found.gl_pathc);

    free(pattern);
    if (!error) {
        globfree(&found);
    }
    return status;
}
