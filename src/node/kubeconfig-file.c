/* SPDX-License-Identifier: Apache-2.0
 *
 * The kubeconfig file: lists of clusters, users and contexts, of which the
 * current context names one each. */

#include <config.h>

#include "kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "kubeconfig-private.h"

struct loader {
    const char *file;
    struct kubeconfig *config;
};

/* Returns "FILE:LINE:COL: message" for 'node'.  Takes 'message'. */
static char *
complain(const struct loader *l, const struct doc_node *node, char *message)
{
    unsigned int line, column;

    doc_node_place(node, &line, &column);
    char *error = xasprintf("%s:%u:%u: %s", l->file, line, column, message);
    free(message);
    return error;
}

/* Stores member 'key' of 'map' in '*value', or NULL if it is missing or
 * empty.  Returns NULL or an error. */
static char *
get_string(const struct loader *l, const struct doc_node *map,
           const char *key, const char **value)
{
    const struct doc_node *node = doc_node_get(map, key);

    *value = NULL;
    if (!node || doc_node_type(node) == DOC_NULL) {
        return NULL;
    } else if (doc_node_type(node) != DOC_STRING) {
        return complain(l, node,
                        xasprintf("%s: expected a string, not a %s", key,
                                  doc_type_name(doc_node_type(node))));
    }
    *value = doc_node_string(node);
    if (!(*value)[0]) {
        *value = NULL;
    }
    return NULL;
}

static char *
copy_string(const struct loader *l, const struct doc_node *map,
            const char *key, char **copy)
{
    const char *value;
    char *error = get_string(l, map, key, &value);

    if (!error) {
        *copy = nullable_xstrdup(value);
    }
    return error;
}

/* Finds what is called 'name' in the list 'list', and returns its member
 * 'member' in '*result'. */
static char *
find_named(const struct loader *l, const struct doc_node *root,
           const char *list, const char *member, const char *name,
           const struct doc_node **result)
{
    const struct doc_node *items = doc_node_get(root, list);
    size_t n = (items && doc_node_type(items) == DOC_LIST
                ? doc_node_count(items) : 0);

    for (size_t i = 0; i < n; i++) {
        const struct doc_node *item = doc_node_at(items, i);
        const char *item_name;

        char *error = get_string(l, item, "name", &item_name);
        if (error) {
            return error;
        } else if (item_name && !strcmp(item_name, name)) {
            *result = doc_node_get(item, member);
            return NULL;
        }
    }

    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "%s: nothing is called ", list);
    doc_format_quoted(name, &s);
    return complain(l, items ? items : root, ds_steal_cstr(&s));
}

static bool
is_empty(const struct doc_node *node)
{
    return (!node || doc_node_type(node) == DOC_NULL
            || (doc_node_type(node) == DOC_STRING
                && !doc_node_string(node)[0]));
}

/* Refuses the members of 'map' in 'keys', which end with NULL. */
static char *
refuse(const struct loader *l, const struct doc_node *map,
       const char *const keys[], const char *why)
{
    for (; *keys; keys++) {
        const struct doc_node *node = doc_node_get(map, *keys);

        if (!is_empty(node)) {
            return complain(l, node, xasprintf("%s: %s", *keys, why));
        }
    }
    return NULL;
}

/* Files are relative to the kubeconfig file. */
static char *
resolve(const struct loader *l, const char *name)
{
    char *dir = dir_name(l->file);
    char *path = abs_file_name(dir, name);

    free(dir);
    return path ? path : xstrdup(name);
}

/* A secret as 'key' (a file) or 'data_key' (base64); data wins, as in
 * kubectl. */
static char *
get_secret(const struct loader *l, const struct doc_node *map,
           const char *key, const char *data_key,
           struct kubeconfig_secret *secret)
{
    const char *file, *data;
    size_t size = 0;

    char *error = get_string(l, map, key, &file);
    if (!error) {
        error = get_string(l, map, data_key, &data);
    }
    if (error) {
        return error;
    } else if (data) {
        secret->data = kubeconfig_decode_base64(data, &size);
        if (!secret->data || strlen(secret->data) != size) {
            return complain(l, doc_node_get(map, data_key),
                            xasprintf("%s: is not base64 of a text",
                                      data_key));
        }
    } else if (file) {
        secret->file = resolve(l, file);
    }
    return NULL;
}

static char *
get_skip_verify(const struct loader *l, const struct doc_node *cluster)
{
    static const char key[] = "insecure-skip-tls-verify";
    const struct doc_node *node = doc_node_get(cluster, key);

    if (!node || doc_node_type(node) == DOC_NULL) {
        return NULL;
    } else if (doc_node_type(node) != DOC_BOOL) {
        return complain(l, node, xasprintf("%s: expected true or false",
                                           key));
    }
    l->config->skip_verify = doc_node_bool(node);
    return NULL;
}

static char *
load_cluster(const struct loader *l, const struct doc_node *cluster)
{
    struct kubeconfig *config = l->config;

    char *error = copy_string(l, cluster, "server", &config->server);
    if (!error && !config->server) {
        error = complain(l, cluster, xstrdup("server: missing"));
    }
    if (!error) {
        error = copy_string(l, cluster, "proxy-url", &config->proxy);
    }
    if (!error) {
        error = copy_string(l, cluster, "tls-server-name",
                            &config->server_name);
    }
    if (!error) {
        error = get_secret(l, cluster, "certificate-authority",
                           "certificate-authority-data", &config->ca);
    }
    return error ? error : get_skip_verify(l, cluster);
}

static char *
refuse_user(const struct loader *l, const struct doc_node *user)
{
    static const char *const plugins[] = { "exec", "auth-provider", NULL };
    static const char *const passwords[] = { "username", "password", NULL };
    static const char *const others[] = {
        "as", "as-uid", "as-groups", "as-user-extra", NULL
    };
    char *error = refuse(l, user, plugins, "plugins are not supported, use a "
                         "token or a client certificate");

    if (!error) {
        error = refuse(l, user, passwords, "passwords are not supported, use "
                       "a token or a client certificate");
    }
    return error ? error : refuse(l, user, others,
                                  "impersonation is not supported");
}

static char *
load_user(const struct loader *l, const struct doc_node *user)
{
    struct kubeconfig *config = l->config;
    const char *token_file = NULL;

    char *error = refuse_user(l, user);
    if (!error) {
        error = get_secret(l, user, "client-certificate",
                           "client-certificate-data", &config->certificate);
    }
    if (!error) {
        error = get_secret(l, user, "client-key", "client-key-data",
                           &config->key);
    }
    if (!error) {
        error = get_string(l, user, "tokenFile", &token_file);
    }
    if (!error && token_file) {
        config->token.file = resolve(l, token_file);
    } else if (!error) {
        error = copy_string(l, user, "token", &config->token.data);
    }
    return error;
}

/* Finds the cluster and the user (NULL if there is none) that the current
 * context names. */
static char *
find_current(const struct loader *l, const struct doc_node *root,
             const struct doc_node **cluster, const struct doc_node **user)
{
    const char *current, *cluster_name, *user_name;
    const struct doc_node *context;

    char *error = get_string(l, root, "current-context", &current);
    if (!error && !current) {
        error = complain(l, root, xstrdup("current-context: missing"));
    }
    if (!error) {
        error = find_named(l, root, "contexts", "context", current, &context);
    }
    if (!error) {
        error = get_string(l, context, "cluster", &cluster_name);
    }
    if (!error) {
        error = find_named(l, root, "clusters", "cluster",
                           cluster_name ? cluster_name : "", cluster);
    }
    if (!error) {
        error = get_string(l, context, "user", &user_name);
    }
    *user = NULL;
    if (!error && user_name) {
        error = find_named(l, root, "users", "user", user_name, user);
    }
    return error;
}

static char *
load_doc(const struct loader *l, const struct doc *doc)
{
    const struct doc_node *root = doc_root(doc);
    const struct doc_node *cluster, *user;

    if (doc_node_type(root) != DOC_MAP) {
        return complain(l, root, xstrdup("expected a map"));
    }
    char *error = find_current(l, root, &cluster, &user);
    if (!error && (!cluster || doc_node_type(cluster) != DOC_MAP)) {
        error = complain(l, doc_node_get(root, "clusters"),
                         xstrdup("cluster: missing"));
    }
    if (!error) {
        error = load_cluster(l, cluster);
    }
    return error || !user ? error : load_user(l, user);
}

char *
kubeconfig_load(const struct kubeconfig_options *options,
                struct kubeconfig *config)
{
    struct loader l = { .file = options->file, .config = config };
    struct doc_limits limits;
    struct doc **docs;
    size_t size, n;
    char *text;

    config->origin = xstrdup(options->file);
    char *error = kubeconfig_read_file(options->file, &text, &size);
    if (error) {
        return error;
    }

    doc_limits_default(&limits);
    limits.max_documents = 1;
    error = doc_parse_yaml(text, size, &limits, &docs, &n);
    free(text);
    if (error) {
        char *message = xasprintf("%s:%s", options->file, error);
        free(error);
        error = message;
    } else {
        error = n ? load_doc(&l, docs[0])
                  : xasprintf("%s: is empty", options->file);
    }
    for (size_t i = 0; i < n; i++) {
        doc_destroy(docs[i]);
    }
    free(docs);
    return error;
}
