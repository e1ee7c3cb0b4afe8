/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "kubeconfig-private.h"

/* Where every pod finds its service account. */
#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

static void
uninit_secret(struct kubeconfig_secret *secret)
{
    free(secret->data);
    free(secret->file);
}

void
kubeconfig_destroy(struct kubeconfig *config)
{
    if (config) {
        free(config->origin);
        free(config->server);
        free(config->server_name);
        free(config->proxy);
        uninit_secret(&config->ca);
        uninit_secret(&config->certificate);
        uninit_secret(&config->key);
        uninit_secret(&config->token);
        free(config);
    }
}

/* Files. */

char *
kubeconfig_read_file(const char *name, char **textp, size_t *sizep)
{
    FILE *stream = fopen(name, "r");
    if (!stream) {
        return xasprintf("%s: %s", name, ovs_strerror(errno));
    }

    char *text = xmalloc(KUBECONFIG_MAX_FILE + 1);
    size_t size = fread(text, 1, KUBECONFIG_MAX_FILE + 1, stream);
    int error = ferror(stream) ? errno : 0;
    fclose(stream);

    if (error || size > KUBECONFIG_MAX_FILE) {
        free(text);
        return (error
                ? xasprintf("%s: %s", name, ovs_strerror(error))
                : xasprintf("%s: more than %d bytes", name,
                            KUBECONFIG_MAX_FILE));
    }
    text[size] = '\0';
    *textp = xrealloc(text, size + 1);
    *sizep = size;
    return NULL;
}

/* The three ways. */

static char *
set_in_cluster(const struct kubeconfig_options *options,
               struct kubeconfig *config)
{
    const char *mount = options->mount ? options->mount : SERVICE_ACCOUNT;
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    const char *port = getenv("KUBERNETES_SERVICE_PORT");

    if (!host || !host[0] || !port || !port[0]) {
        return xstrdup("not in a cluster: KUBERNETES_SERVICE_HOST and "
                       "KUBERNETES_SERVICE_PORT are not set");
    }

    bool ipv6 = strchr(host, ':') != NULL;

    config->origin = xstrdup("in-cluster");
    config->server = xasprintf("https://%s%s%s:%s", ipv6 ? "[" : "", host,
                               ipv6 ? "]" : "", port);
    config->token.file = xasprintf("%s/token", mount);
    config->ca.file = xasprintf("%s/ca.crt", mount);
    return NULL;
}

static void
set_server(const char *server, struct kubeconfig *config)
{
    free(config->server);
    config->server = xstrdup(server);
    if (!config->origin) {
        config->origin = xstrdup("--api-server");
    }
}

/* Makes sure that 'config' is usable.  Returns a message that does not begin
 * with a place, or NULL. */
static char *
check(const struct kubeconfig_options *options, struct kubeconfig *config)
{
    char *server = config->server;
    size_t length = strlen(server);
    bool http = !strncmp(server, "http://", 7);

    while (length && server[length - 1] == '/') {
        server[--length] = '\0';
    }
    if (!http && strncmp(server, "https://", 8)) {
        return xasprintf("server \"%.100s\" is not an https URL", server);
    } else if (strpbrk(server, " \t\r\n?#@")
               || !server[strlen(http ? "http://" : "https://")]) {
        return xasprintf("server \"%.100s\" is not a URL", server);
    } else if (http && !options->insecure) {
        return xasprintf("server \"%.100s\" does not use TLS, which needs "
                         "--insecure", server);
    } else if (config->skip_verify && !options->insecure) {
        return xstrdup("insecure-skip-tls-verify needs --insecure");
    } else if (!(config->certificate.data || config->certificate.file)
               != !(config->key.data || config->key.file)) {
        return xstrdup("a client certificate and a client key need each "
                       "other");
    }
    return NULL;
}

char *
kubeconfig_create(const struct kubeconfig_options *options,
                  struct kubeconfig **configp)
{
    struct kubeconfig *config = xzalloc(sizeof *config);
    char *error = NULL;

    if (options->file) {
        error = kubeconfig_load(options, config);
    } else if (!options->server) {
        error = set_in_cluster(options, config);
    }
    if (!error) {
        if (options->server) {
            set_server(options->server, config);
        }
        char *message = check(options, config);
        if (message) {
            error = xasprintf("%s: %s", config->origin, message);
            free(message);
        }
    }

    if (error) {
        kubeconfig_destroy(config);
    } else {
        *configp = config;
    }
    return error;
}

/* Secrets. */

void
kubeconfig_credentials_uninit(struct kubeconfig_credentials *c)
{
    free(c->ca);
    free(c->certificate);
    free(c->key);
    free(c->token);
}

static char *
read_secret(const struct kubeconfig_secret *secret, char **text)
{
    char *error = NULL;
    size_t size;

    if (secret->file) {
        error = kubeconfig_read_file(secret->file, text, &size);
        if (!error && strlen(*text) != size) {
            error = xasprintf("%s: has a NUL byte in it", secret->file);
        }
    } else {
        *text = nullable_xstrdup(secret->data);
    }
    return error;
}

/* A token goes into a header. */
static char *
check_token(const struct kubeconfig *config, char *token)
{
    static const char spaces[] = " \t\r\n";
    const char *place = (config->token.file
                         ? config->token.file : config->origin);
    size_t start = strspn(token, spaces);
    size_t length = strcspn(token + start, spaces);

    if (!length) {
        return xasprintf("%s: the token is empty", place);
    } else if (token[start + length + strspn(token + start + length,
                                             spaces)]) {
        return xasprintf("%s: the token has a space in it", place);
    }
    for (size_t i = start; i < start + length; i++) {
        if (token[i] < ' ' || token[i] > '~') {
            return xasprintf("%s: the token has a character in it that is "
                             "not ASCII", place);
        }
    }
    memmove(token, token + start, length);
    token[length] = '\0';
    return NULL;
}

char *
kubeconfig_read(const struct kubeconfig *config,
                struct kubeconfig_credentials *credentials)
{
    struct kubeconfig_credentials c = { NULL, NULL, NULL, NULL };
    char *error = read_secret(&config->ca, &c.ca);

    if (!error) {
        error = read_secret(&config->certificate, &c.certificate);
    }
    if (!error) {
        error = read_secret(&config->key, &c.key);
    }
    if (!error) {
        error = read_secret(&config->token, &c.token);
    }
    if (!error && c.token) {
        error = check_token(config, c.token);
    }

    if (error) {
        kubeconfig_credentials_uninit(&c);
    } else {
        *credentials = c;
    }
    return error;
}
