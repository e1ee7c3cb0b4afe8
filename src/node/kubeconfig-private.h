/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the kubeconfig module share. */

#ifndef KUBECONFIG_PRIVATE_H
#define KUBECONFIG_PRIVATE_H 1

#include <stddef.h>

#include "openvswitch/compiler.h"

struct kubeconfig;
struct kubeconfig_options;

/* A kubeconfig file or a secret is never larger. */
#define KUBECONFIG_MAX_FILE (1024 * 1024)

/* Reads all of file 'name' into '*text', with a NUL behind it.  Returns NULL,
 * or "FILE: message" (caller frees). */
char *kubeconfig_read_file(const char *name, char **text, size_t *size)
    OVS_WARN_UNUSED_RESULT;

/* Fills 'config' from the file. */
char *kubeconfig_load(const struct kubeconfig_options *,
                      struct kubeconfig *config) OVS_WARN_UNUSED_RESULT;

/* Decodes base64 with or without line breaks.  Returns the bytes with a NUL
 * behind them (caller frees), or NULL. */
char *kubeconfig_decode_base64(const char *, size_t *size);

#endif /* kubeconfig-private.h */
