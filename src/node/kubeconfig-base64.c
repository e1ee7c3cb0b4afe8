/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kubeconfig.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "kubeconfig-private.h"

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The six bits that 'c' stands for, or -1. */
static int
digit_value(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? strchr(digits, c) : NULL;

    return p ? p - digits : -1;
}

char *
kubeconfig_decode_base64(const char *s, size_t *size)
{
    char *out = xmalloc(strlen(s) / 4 * 3 + 4);
    size_t n_digits = 0, n_pads = 0, n = 0;
    uint32_t bits = 0;

    for (; *s; s++) {
        int value = digit_value(*s);

        if (is_space(*s)) {
            continue;
        } else if (*s == '=') {
            n_pads++;
        } else if (value < 0 || n_pads) {
            break;
        } else {
            bits = bits << 6 | value;
            if (++n_digits % 4 != 1) {
                out[n++] = bits >> (6 - (n_digits - 1) % 4 * 2);
            }
        }
    }
    if (*s || n_pads > 2 || (n_digits + n_pads) % 4) {
        free(out);
        return NULL;
    }
    out[n] = '\0';
    *size = n;
    return out;
}
