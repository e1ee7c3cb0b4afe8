/* SPDX-License-Identifier: Apache-2.0
 *
 * The syntax of names, as k8s.io/apimachinery/pkg/util/validation has it. */

#include <config.h>

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "k8s-private.h"

#define DIGIT "0123456789"

/* Classes of characters.  A table, since every name and label of every object
 * is looked at. */
enum {
    LOWER = 1 << 0,
    UPPER = 1 << 1,
    NUMBER = 1 << 2,
    DASH = 1 << 3,
    MARK = 1 << 4               /* Of labels only. */
};

static const uint8_t classes[UINT8_MAX + 1] = {
    ['a' ... 'z'] = LOWER,
    ['A' ... 'Z'] = UPPER,
    ['0' ... '9'] = NUMBER,
    ['-'] = DASH,
    ['_'] = MARK,
    ['.'] = MARK,
};

enum {
    MAX_DNS_LABEL = 63,
    MAX_DNS_SUBDOMAIN = 253,
    MAX_LABEL_NAME = 63,        /* A label's value, and its key's name. */
    MAX_PORT_NAME = 15,
};

static bool
is_of(char c, unsigned int set)
{
    return (classes[(uint8_t) c] & set) != 0;
}

/* True if the 'n' bytes at 's' are 1 to 'max' of the classes 'inner', the
 * first and last of them of 'outer'. */
static bool
is_word(const char *s, size_t n, size_t max, unsigned int outer,
        unsigned int inner)
{
    if (n < 1 || n > max || !is_of(s[0], outer) || !is_of(s[n - 1], outer)) {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        if (!is_of(s[i], inner)) {
            return false;
        }
    }
    return true;
}

bool
k8s_is_dns_label(const char *s)
{
    return is_word(s, strlen(s), MAX_DNS_LABEL, LOWER | NUMBER,
                   LOWER | NUMBER | DASH);
}

static bool
is_dns_subdomain(const char *s, size_t n)
{
    if (n > MAX_DNS_SUBDOMAIN) {
        return false;
    }
    for (;;) {
        size_t part = MIN(strcspn(s, "."), n);

        if (!is_word(s, part, MAX_DNS_SUBDOMAIN, LOWER | NUMBER,
                     LOWER | NUMBER | DASH)) {
            return false;
        }
        if (part == n) {
            return true;
        }
        s += part + 1;
        n -= part + 1;
    }
}

bool
k8s_is_dns_subdomain(const char *s)
{
    return is_dns_subdomain(s, strlen(s));
}

static bool
is_label_name(const char *s)
{
    return is_word(s, strlen(s), MAX_LABEL_NAME, LOWER | UPPER | NUMBER,
                   LOWER | UPPER | NUMBER | DASH | MARK);
}

bool
k8s_is_label_key(const char *s)
{
    const char *slash = strchr(s, '/');

    return slash ? is_dns_subdomain(s, slash - s) && is_label_name(slash + 1)
                 : is_label_name(s);
}

bool
k8s_is_label_value(const char *s)
{
    return !s[0] || is_label_name(s);
}

static bool
has_lower(const char *s)
{
    while (*s && !is_of(*s, LOWER)) {
        s++;
    }
    return *s != '\0';
}

bool
k8s_is_port_name(const char *s)
{
    return is_word(s, strlen(s), MAX_PORT_NAME, LOWER | NUMBER,
                   LOWER | NUMBER | DASH)
           && has_lower(s) && !strstr(s, "--");
}

/* Time. */

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
#define MIN_TIME INT64_C(-62135596800)
#define MAX_TIME INT64_C(253402300799)

/* Reads 'n' digits at '*s' and then one byte of 'ends', which may be a NUL.
 * Moves '*s' behind both. */
static bool
read_number(const char **s, size_t n, const char *ends, size_t n_ends,
            int min, int max, int *value)
{
    if (strspn(*s, DIGIT) < n || !memchr(ends, (*s)[n], n_ends)) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < n; i++) {
        *value = *value * 10 + ((*s)[i] - '0');
    }
    *s += n + 1;
    return *value >= min && *value <= max;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar.  The year begins in
 * March, so that the leap day is its last. */
static int64_t
count_days(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int m = month <= 2 ? month + 9 : month - 3;

    return 365LL * y + y / 4 - y / 100 + y / 400
           + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* "Z" or "+HH:MM". */
static bool
parse_offset(const char *s, int64_t *seconds)
{
    int sign, hours, minutes;

    if (!strcmp(s, "Z")) {
        *seconds = 0;
        return true;
    }
    if (*s != '+' && *s != '-') {
        return false;
    }
    sign = *s++ == '-' ? -1 : 1;
    if (!read_number(&s, 2, ":", 1, 0, 23, &hours)
        || !read_number(&s, 2, "", 1, 0, 59, &minutes)) {
        return false;
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool
k8s_parse_time(const char *s, int64_t *seconds)
{
    int year, month, day, hour, minute, second;
    int64_t offset;

    if (!read_number(&s, 4, "-", 1, 1, 9999, &year)
        || !read_number(&s, 2, "-", 1, 1, 12, &month)
        || !read_number(&s, 2, "Tt", 2, 1, 31, &day)
        || !read_number(&s, 2, ":", 1, 0, 23, &hour)
        || !read_number(&s, 2, ":", 1, 0, 59, &minute)
        || !read_number(&s, 2, ".Z+-", 4, 0, 60, &second)) {
        return false;
    }
    if (s[-1] == '.') {
        size_t n = strspn(s, DIGIT);

        if (!n) {
            return false;
        }
        s += n;
    } else {
        s--;
    }
    if (!parse_offset(s, &offset)) {
        return false;
    }
    *seconds = count_days(year, month, day) * 86400
               + hour * 3600 + minute * 60 + second - offset;
    *seconds = MIN(MAX(*seconds, MIN_TIME), MAX_TIME);
    return true;
}

/* The inverse of count_days(): eras of 400 years, which begin in March. */
static void
split_days(int64_t days, int *year, int *month, int *day)
{
    int64_t d = days + 719468;
    int era = d / 146097;
    int doe = d % 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int m = (5 * doy + 2) / 153;

    *day = doy - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = yoe + era * 400 + (*month <= 2);
}

void
k8s_format_time(int64_t seconds, struct ds *s)
{
    int64_t t = MIN(MAX(seconds, MIN_TIME), MAX_TIME) - MIN_TIME;
    int second_of_day = t % 86400;
    int year, month, day;

    split_days(t / 86400 + MIN_TIME / 86400, &year, &month, &day);
    ds_put_format(s, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day,
                  second_of_day / 3600, second_of_day / 60 % 60,
                  second_of_day % 60);
}
