/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kubeconfig.h"

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
