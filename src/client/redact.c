/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#define REPLACEMENT "[REDACTED]"

/* Characters of tokens and of base64. */
static size_t
secret_length(const char *s)
{
    size_t n = 0;

    while (isalnum((unsigned char) s[n])
           || (s[n] && strchr("+/=_-.~", s[n]))) {
        n++;
    }
    return n;
}

/* Names of values that are secret. */
static const char *const names[] = {
    "token", "password", "passwd", "secret", "client-key-data", "api-key",
    "apikey",
};

/* The length of what stands between the name at 's' and its value: the rest of
 * the name's word, quotes, and ":" or "=".  0 if no name of a secret is
 * here. */
static size_t
skip_name(const char *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t n = strlen(names[i]);

        if (strncasecmp(s, names[i], n)) {
            continue;
        }
        n += strspn(s + n, "\"' ");
        if (s[n] != ':' && s[n] != '=') {
            return 0;
        }
        n++;
        return n + strspn(s + n, "\"' ");
    }
    return 0;
}

/* The same for "Bearer X" and "Basic X". */
static size_t
skip_scheme(const char *s)
{
    return (!strncasecmp(s, "bearer ", 7) ? 7
            : !strncasecmp(s, "basic ", 6) ? 6 : 0);
}

/* If a secret begins at 's': how many bytes come before its value. */
static bool
find_secret(const char *s, size_t *before, size_t *length)
{
    *before = skip_name(s);
    if (!*before) {
        *before = skip_scheme(s);
    }
    if (*before) {
        *before += skip_scheme(s + *before);
    } else if (strncmp(s, "eyJ", 3)) {
        return false;
    }
    *length = secret_length(s + *before);
    /* Short words behind "Basic" or "eyJ" mean nothing. */
    return *length >= (skip_name(s) ? 1 : 16);
}

size_t
redact(const char *text, struct ds *s)
{
    size_t n = 0;

    for (const char *p = text; *p; ) {
        bool starts = p == text || !isalnum((unsigned char) p[-1]);
        size_t before, length;

        if (starts && find_secret(p, &before, &length)) {
            ds_put_format(s, "%.*s" REPLACEMENT, (int) before, p);
            p += before + length;
            n++;
        } else {
            ds_put_char(s, *p++);
        }
    }
    return n;
}
