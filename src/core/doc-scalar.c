/* SPDX-License-Identifier: Apache-2.0
 *
 * The types of plain scalars, as in
 * https://yaml.org/spec/1.2.2/#1032-tag-resolution, except that an integer
 * with leading zeros is a string. */

#include <config.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "doc-private.h"

static bool
is_one_of(const char *s, const char *const words[])
{
    for (size_t i = 0; words[i]; i++) {
        if (!strcmp(s, words[i])) {
            return true;
        }
    }
    return false;
}

static bool
is_null(const char *s)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

    return is_one_of(s, words);
}

static bool
is_true(const char *s)
{
    static const char *const words[] = {"true", "True", "TRUE", NULL};

    return is_one_of(s, words);
}

static bool
is_false(const char *s)
{
    static const char *const words[] = {"false", "False", "FALSE", NULL};

    return is_one_of(s, words);
}

static const char *
skip_sign(const char *s)
{
    return *s == '-' || *s == '+' ? s + 1 : s;
}

static size_t
count_digits(const char *s)
{
    return strspn(s, "0123456789");
}

static bool
has_leading_zero(const char *s)
{
    const char *digits = skip_sign(s);

    return digits[0] == '0' && count_digits(digits) > 1;
}

static bool
is_decimal(const char *s)
{
    const char *digits = skip_sign(s);
    size_t n = count_digits(digits);

    return n && !digits[n];
}

/* True if 's' is 'prefix' and then one or more of 'digits'. */
static bool
is_based(const char *s, const char *prefix, const char *digits)
{
    size_t skip = strlen(prefix);

    return !strncmp(s, prefix, skip) && s[skip]
           && !s[skip + strspn(s + skip, digits)];
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
is_float(const char *s)
{
    s = skip_sign(s);

    size_t n = count_digits(s);
    s += n;
    if (*s == '.') {
        size_t fraction = count_digits(++s);

        s += fraction;
        n += fraction;
    }
    if (!n) {
        return false;
    }
    if (*s == 'e' || *s == 'E') {
        s = skip_sign(s + 1);
        n = count_digits(s);
        s += n;
    }
    return n && !*s;
}

static bool
resolve_special_float(const char *s, double *value)
{
    static const char *const infinite[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nan[] = {".nan", ".NaN", ".NAN", NULL};

    if (is_one_of(skip_sign(s), infinite)) {
        *value = *s == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (is_one_of(s, nan)) {
        *value = NAN;
        return true;
    }
    return false;
}

static void
resolve_integer(const char *s, int base, struct doc_scalar *scalar)
{
    errno = 0;
    scalar->type = DOC_INTEGER;
    scalar->integer = strtoll(base == 10 ? s : s + 2, NULL, base);
    if (errno) {
        /* strtod() reads 0x, but no 0o. */
        scalar->type = DOC_REAL;
        scalar->real = base == 8 ? INFINITY : strtod(s, NULL);
    }
}

void
doc_scalar_resolve(const char *s, struct doc_scalar *scalar)
{
    scalar->type = DOC_STRING;
    if (is_null(s)) {
        scalar->type = DOC_NULL;
    } else if (is_true(s) || is_false(s)) {
        scalar->type = DOC_BOOL;
        scalar->boolean = is_true(s);
    } else if (is_based(s, "0x", "0123456789abcdefABCDEF")) {
        resolve_integer(s, 16, scalar);
    } else if (is_based(s, "0o", "01234567")) {
        resolve_integer(s, 8, scalar);
    } else if (is_decimal(s)) {
        if (!has_leading_zero(s)) {
            resolve_integer(s, 10, scalar);
        }
    } else if (is_float(s)) {
        scalar->type = DOC_REAL;
        scalar->real = strtod(s, NULL);
    } else if (resolve_special_float(s, &scalar->real)) {
        scalar->type = DOC_REAL;
    }
}
