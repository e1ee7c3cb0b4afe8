/* SPDX-License-Identifier: Apache-2.0
 *
 * kubeconfig: where the API server is and who we are to it.
 *
 * Three ways, as for kubectl: a kubeconfig file; inside of a cluster, the
 * service account that is mounted into every pod; or just a URL.
 *
 * Secrets that the configuration only names by file are read anew for each
 * request (kubeconfig_read()), so that a rotated token or certificate is in
 * use with the next one.
 *
 * What is in a file and cannot be honored is an error, never ignored: exec and
 * auth-provider plugins, impersonation, passwords.  Plain HTTP and
 * insecure-skip-tls-verify are refused unless the user allowed them on our own
 * side too. */

#ifndef KUBECONFIG_H
#define KUBECONFIG_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"

/* Something that is given as it is, or in a file; or neither. */
struct kubeconfig_secret {
    char *data;
    char *file;
};

struct kubeconfig {
    char *origin;               /* For people: a file, "in-cluster", … */
    char *server;               /* URL without a slash at the end. */
    char *server_name;          /* In the certificate, or NULL. */
    char *proxy;                /* URL, or NULL: as the environment says. */
    struct kubeconfig_secret ca;        /* PEM. */
    struct kubeconfig_secret certificate, key;  /* PEM. */
    struct kubeconfig_secret token;
    bool skip_verify;           /* Certificates are not looked at. */
};

/* What the user says; any of it may be NULL. */
struct kubeconfig_options {
    const char *file;           /* Kubeconfig file. */
    const char *server;         /* URL, instead of the file's. */
    const char *mount;          /* Instead of where pods find their service
                                 * account. */
    bool insecure;              /* Allow what is not safe. */
};

/* Makes a configuration: from 'file' if there is one, else from 'server', else
 * in-cluster.  Returns NULL, or a message that begins with the place (caller
 * frees). */
char *kubeconfig_create(const struct kubeconfig_options *,
                        struct kubeconfig **) OVS_WARN_UNUSED_RESULT;
void kubeconfig_destroy(struct kubeconfig *);

/* All secrets as they are now; NULL if there is none of a kind. */
struct kubeconfig_credentials {
    char *ca, *certificate, *key, *token;
};

/* Returns NULL and '*credentials', or "FILE: message" (caller frees). */
char *kubeconfig_read(const struct kubeconfig *,
                      struct kubeconfig_credentials *credentials)
    OVS_WARN_UNUSED_RESULT;
void kubeconfig_credentials_uninit(struct kubeconfig_credentials *);

#endif /* kubeconfig.h */
