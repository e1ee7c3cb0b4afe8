/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kubeconfig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "util.h"

static char folder[] = "/tmp/test_kubeconfig.XXXXXX";

static int
setup(void **state)
{
    return !mkdtemp(folder);
}

static int
teardown(void **state)
{
    return rmdir(folder);
}

static char *
path_of(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static void
write_file(const char *name, const char *text, size_t size)
{
    char *path = path_of(name);
    FILE *stream = fopen(path, "w");

    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
    free(path);
}

static void
remove_file(const char *name)
{
    char *path = path_of(name);

    assert_int_equal(unlink(path), 0);
    free(path);
}

/* A file with one context of everything; 'cluster' and 'user' are the insides
 * of YAML flow maps. */
static char *
load(const char *cluster, const char *user, bool insecure,
     struct kubeconfig **config)
{
    char *text = xasprintf(
        "apiVersion: v1\n"
        "kind: Config\n"
        "current-context: here\n"
        "contexts:\n"
        "- {name: there, context: {cluster: far, user: me}}\n"
        "- {name: here, context: {cluster: near, user: me}}\n"
        "clusters:\n"
        "- {name: far, cluster: {server: 'https://far'}}\n"
        "- {name: near, cluster: {%s}}\n"
        "users:\n"
        "- {name: me, user: {%s}}\n", cluster, user);
    char *path = path_of("config");
    struct kubeconfig_options options = { .file = path, .insecure = insecure };

    write_file("config", text, strlen(text));
    char *error = kubeconfig_create(&options, config);
    remove_file("config");
    free(path);
    free(text);
    return error;
}

/* 'error' is "FOLDER/" and 'want'. */
static void
assert_error(char *error, const char *want)
{
    assert_non_null(error);
    if (strncmp(error, folder, strlen(folder))
        || strcmp(error + strlen(folder) + 1, want)) {
        fail_msg("got \"%s\", wanted \"%s\"", error, want);
    }
    free(error);
}

static void
assert_no_error(char *error)
{
    if (error) {
        fail_msg("%s", error);
    }
}

static void
assert_file(const char *file, const char *name)
{
    char *path = path_of(name);

    assert_non_null(file);
    assert_string_equal(file, path);
    free(path);
}

/* Files. */

static void
test_files(void **state)
{
    struct kubeconfig *c;

    assert_no_error(load("server: 'https://k:6443/', "
                         "certificate-authority: pki/ca.crt, "
                         "tls-server-name: kubernetes, "
                         "proxy-url: 'http://proxy:3128'",
                         "client-certificate: me.crt, client-key: /me.key, "
                         "tokenFile: token, token: ignored", false, &c));
    assert_string_equal(c->server, "https://k:6443");
    assert_string_equal(c->server_name, "kubernetes");
    assert_string_equal(c->proxy, "http://proxy:3128");
    assert_file(c->origin, "config");
    assert_file(c->ca.file, "pki/ca.crt");
    assert_file(c->certificate.file, "me.crt");
    assert_string_equal(c->key.file, "/me.key");
    assert_file(c->token.file, "token");
    assert_null(c->token.data);
    assert_false(c->skip_verify);
    kubeconfig_destroy(c);
}

static void
test_data(void **state)
{
    struct kubeconfig *c;
    struct kubeconfig_credentials r;

    assert_no_error(load("server: 'https://k', "
                         "certificate-authority: unused, "
                         "certificate-authority-data: 'Q0E='",
                         "client-certificate-data: 'Y2Vy\n  dA==', "
                         "client-key-data: a2V5, token: secret", false, &c));
    assert_string_equal(c->ca.data, "CA");
    assert_null(c->ca.file);
    assert_no_error(kubeconfig_read(c, &r));
    assert_string_equal(r.ca, "CA");
    assert_string_equal(r.certificate, "cert");
    assert_string_equal(r.key, "key");
    assert_string_equal(r.token, "secret");
    kubeconfig_credentials_uninit(&r);
    kubeconfig_destroy(c);
}

static const struct {
    const char *cluster, *user;
    bool insecure;
    const char *error;          /* NULL if it is fine. */
} cases[] = {
    { "server: 'https://k'", "", false, NULL },
    { "server: 'https://[::1]:6443/base/'", "username: '', exec: null", false,
      NULL },
    { "server: 'http://k'", "", true, NULL },
    { "server: 'https://k', insecure-skip-tls-verify: true", "", true, NULL },
    { "server: 'https://k', insecure-skip-tls-verify: false", "", false,
      NULL },

    { "server: 'http://k'", "", false,
      "config: server \"http://k\" does not use TLS, which needs --insecure" },
    { "server: 'https://k', insecure-skip-tls-verify: true", "", false,
      "config: insecure-skip-tls-verify needs --insecure" },
    { "server: 'https://k', insecure-skip-tls-verify: x", "", true,
      "config:9:73: insecure-skip-tls-verify: expected true or false" },
    { "", "", false, "config:9:25: server: missing" },
    { "server: 7", "", false,
      "config:9:34: server: expected a string, not a integer" },
    { "server: 'ftp://k'", "", false,
      "config: server \"ftp://k\" is not an https URL" },
    { "server: 'https://'", "", true,
      "config: server \"https:\" is not an https URL" },
    { "server: 'https://user@k'", "", false,
      "config: server \"https://user@k\" is not a URL" },
    { "server: 'https://k?x'", "", false,
      "config: server \"https://k?x\" is not a URL" },
    { "server: 'https://k', certificate-authority-data: '%'", "", false,
      "config:9:75: certificate-authority-data: is not base64 of a text" },
    { "server: 'https://k', certificate-authority-data: 'AA=='", "", false,
      "config:9:75: certificate-authority-data: is not base64 of a text" },
    { "server: 'https://k'", "client-key: x", false,
      "config: a client certificate and a client key need each other" },
    { "server: 'https://k'", "exec: {command: aws}", false,
      "config:11:27: exec: plugins are not supported, use a token or a client "
      "certificate" },
    { "server: 'https://k'", "auth-provider: {name: gcp}", false,
      "config:11:36: auth-provider: plugins are not supported, use a token or "
      "a client certificate" },
    { "server: 'https://k'", "password: x", false,
      "config:11:31: password: passwords are not supported, use a token or a "
      "client certificate" },
    { "server: 'https://k'", "as: root", false,
      "config:11:25: as: impersonation is not supported" },
};

static void
test_cases(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct kubeconfig *c = NULL;
        char *error = load(cases[i].cluster, cases[i].user, cases[i].insecure,
                           &c);

        if (cases[i].error) {
            assert_error(error, cases[i].error);
        } else {
            assert_no_error(error);
        }
        kubeconfig_destroy(c);
    }
}

/* Files that are wrong as a whole. */
static const struct {
    const char *text;
    const char *error;
} texts[] = {
    { "", "config: is empty" },
    { "x", "config:1:1: expected a map" },
    { "a: [", "config:2:1: while parsing a flow node: did not find expected "
      "node content" },
    { "clusters: []", "config:1:1: current-context: missing" },
    { "current-context: x", "config:1:1: contexts: nothing is called \"x\"" },
    { "current-context: x\ncontexts: [{name: y}]",
      "config:2:11: contexts: nothing is called \"x\"" },
    { "current-context: x\ncontexts: [{name: x, context: {}}]",
      "config:1:1: clusters: nothing is called \"\"" },
    { "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
      "clusters: [{name: c}]",
      "config:3:11: cluster: missing" },
    { "current-context: x\ncontexts: [{name: x, context: {cluster: c, "
      "user: u}}]\nclusters: [{name: c, cluster: {server: 'https://k'}}]",
      "config:1:1: users: nothing is called \"u\"" },
};

static void
test_texts(void **state)
{
    char *path = path_of("config");
    struct kubeconfig_options options = { .file = path };
    struct kubeconfig *c;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        write_file("config", texts[i].text, strlen(texts[i].text));
        assert_error(kubeconfig_create(&options, &c), texts[i].error);
    }
    remove_file("config");
    assert_error(kubeconfig_create(&options, &c),
                 "config: No such file or directory");
    free(path);
}

static void
test_too_large(void **state)
{
    size_t size = 1024 * 1024 + 1;
    char *text = xmalloc(size);
    char *path = path_of("config");
    struct kubeconfig_options options = { .file = path };
    struct kubeconfig *c;

    memset(text, ' ', size);
    write_file("config", text, size);
    assert_error(kubeconfig_create(&options, &c),
                 "config: more than 1048576 bytes");
    remove_file("config");
    free(path);
    free(text);
}

/* The URL on the command line wins over the file's. */
static void
test_server(void **state)
{
    struct kubeconfig_options options = { .server = "https://other/" };
    struct kubeconfig *c;

    assert_no_error(kubeconfig_create(&options, &c));
    assert_string_equal(c->server, "https://other");
    assert_string_equal(c->origin, "--api-server");
    assert_null(c->ca.file);
    assert_null(c->token.file);
    kubeconfig_destroy(c);
}

/* In a cluster. */

static void
test_in_cluster(void **state)
{
    struct kubeconfig_options options = { .mount = folder };
    struct kubeconfig_credentials r;
    struct kubeconfig *c;

    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    assert_no_error(kubeconfig_create(&options, &c));
    assert_string_equal(c->server, "https://[fd00::1]:443");
    assert_string_equal(c->origin, "in-cluster");
    assert_error(kubeconfig_read(c, &r),
                 "ca.crt: No such file or directory");

    /* What rotates is read anew. */
    write_file("ca.crt", "one", 3);
    write_file("token", "first\n", 6);
    assert_no_error(kubeconfig_read(c, &r));
    assert_string_equal(r.ca, "one");
    assert_string_equal(r.token, "first");
    assert_null(r.certificate);
    kubeconfig_credentials_uninit(&r);
    write_file("token", "second", 6);
    assert_no_error(kubeconfig_read(c, &r));
    assert_string_equal(r.token, "second");
    kubeconfig_credentials_uninit(&r);

    remove_file("ca.crt");
    remove_file("token");
    kubeconfig_destroy(c);
    unsetenv("KUBERNETES_SERVICE_HOST");
}

static void
test_not_in_cluster(void **state)
{
    struct kubeconfig_options options = { .file = NULL };
    struct kubeconfig *c;
    char *error;

    unsetenv("KUBERNETES_SERVICE_HOST");
    error = kubeconfig_create(&options, &c);
    assert_non_null(error);
    assert_string_equal(error, "not in a cluster: KUBERNETES_SERVICE_HOST and "
                        "KUBERNETES_SERVICE_PORT are not set");
    free(error);
}

/* A token is put into a header. */
static const struct {
    const char *text;
    size_t size;
    const char *error;
} tokens[] = {
    { " \n", 2, "token: the token is empty" },
    { "a b", 3, "token: the token has a space in it" },
    { "a\r\nX-Header: b", 14, "token: the token has a space in it" },
    { "a\001b", 3, "token: the token has a character in it that is not "
      "ASCII" },
    { "\xc3\xa4", 2, "token: the token has a character in it that is not "
      "ASCII" },
    { "a\0b", 3, "token: has a NUL byte in it" },
};

static void
test_bad_tokens(void **state)
{
    struct kubeconfig_credentials r;
    struct kubeconfig *c;

    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
        assert_no_error(load("server: 'https://k'", "tokenFile: token", false,
                             &c));
        write_file("token", tokens[i].text, tokens[i].size);
        assert_error(kubeconfig_read(c, &r), tokens[i].error);
        remove_file("token");
        kubeconfig_destroy(c);
    }
}

/* RFC 4648, section 10, and what is wrong. */
static const struct {
    const char *base64;
    const char *text;           /* NULL if it is wrong. */
} codes[] = {
    { "Zg==", "f" },
    { "Zm8=", "fo" },
    { "Zm9v", "foo" },
    { "Zm9vYg==", "foob" },
    { "Zm9vYmE=", "fooba" },
    { "Zm9vYmFy", "foobar" },
    { "Zm9v YmFy ", "foobar" },
    { "w6TDtn4/", "\xc3\xa4\xc3\xb6~?" },
    { "Zg", NULL },
    { "Zg=", NULL },
    { "Zg===", NULL },
    { "Z===", NULL },
    { "=", NULL },
    { "Zg==Zg==", NULL },
    { "Zm9*", NULL },
    { "Zm9v-_", NULL },
};

static void
test_base64(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        struct kubeconfig *c = NULL;
        char *cluster = xasprintf("server: 'https://k', "
                                  "certificate-authority-data: '%s'",
                                  codes[i].base64);
        char *error = load(cluster, "", false, &c);

        if (codes[i].text) {
            assert_no_error(error);
            assert_string_equal(c->ca.data, codes[i].text);
        } else {
            assert_error(error, "config:9:75: certificate-authority-data: is "
                         "not base64 of a text");
        }
        kubeconfig_destroy(c);
        free(cluster);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_in_cluster),
        cmocka_unit_test(test_not_in_cluster),
        cmocka_unit_test(test_bad_tokens),
        cmocka_unit_test(test_base64),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
