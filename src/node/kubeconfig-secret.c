/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates, keys and tokens: read from files again and again. */

#include <config.h>

#include "kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "kubeconfig-private.h"

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
