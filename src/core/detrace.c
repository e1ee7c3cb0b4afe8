/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "detrace.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "k8s.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "pipeline.h"
#include "prefix.h"
#include "sset.h"
#include "util.h"

struct detrace {
    const struct annotation *annotation;
    const struct model *model;
    const struct pipeline_config *pipeline;
};

/* One line. */
struct scan {
    const struct detrace *t;
    const char *line;
    int direction;              /* Of its table, or -1: both are tried. */
    const char *prefix;
    struct sset said;
    uint32_t numbers[DETRACE_MAX_NAMES];        /* That were explained. */
    size_t n_numbers;
    struct ds *out;
};

/* True if 'number' was not explained before: a cookie, a register and a
 * conjunction may have the same. */
static bool
is_new(struct scan *x, uint32_t number)
{
    for (size_t i = 0; i < x->n_numbers; i++) {
        if (x->numbers[i] == number) {
            return false;
        }
    }
    if (x->n_numbers < DETRACE_MAX_NAMES) {
        x->numbers[x->n_numbers++] = number;
    }
    return true;
}

/* Says "WHAT: WORDS", once. */
static void
say(struct scan *x, const char *what, const char *words)
{
    char *text = xasprintf("%s: %s", what, words);

    if (sset_count(&x->said) < DETRACE_MAX_NAMES && sset_add(&x->said, text)) {
        ds_put_format(x->out, "%s%s\n", x->prefix, text);
    }
    free(text);
}

/* Numbers of classes and rules. */

typedef bool annotate_cb(const struct annotation *, enum k8s_direction,
                         uint32_t, struct ds *);

/* Tries the directions that are possible. */
static void
say_number(struct scan *x, annotate_cb *annotate, int direction,
           uint32_t number, const char *what)
{
    if (!is_new(x, number)) {
        return;
    }
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        if ((direction < 0 || direction == d)
            && annotate(x->t->annotation, d, number, &s)) {
            say(x, what, ds_cstr(&s));
        }
        ds_destroy(&s);
    }
}

static bool
has_register(const struct scan *x, int reg, uint32_t value)
{
    char *match = xasprintf("reg%d=0x%"PRIx32, reg, value);
    bool found = strstr(x->line, match) != NULL;

    free(match);
    return found;
}

/* Flows that drop are in one table for both directions, and match on the
 * register of their target or of the rule that denies. */
static int
drop_direction(const struct scan *x, uint32_t id)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (has_register(x, REG_TARGET(d), id)
            || has_register(x, REG_RULE(d), id)) {
            return d;
        }
    }
    return -1;
}

static void
say_cookie(struct scan *x, uint64_t cookie)
{
    int direction = (x->direction >= 0 ? x->direction
                     : drop_direction(x, cookie_id(cookie)));
    char *what = xasprintf("cookie 0x%"PRIx64, cookie);
    bool wanted = (cookie_kind(cookie) != COOKIE_STATIC
                   && (!cookie_id(cookie) || is_new(x, cookie_id(cookie))));

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        if (wanted && (direction < 0 || direction == d)
            && annotate_cookie(x->t->annotation, d, cookie, &s)) {
            say(x, what, ds_cstr(&s));
        }
        ds_destroy(&s);
    }
    free(what);
}

/* Register 'reg' has 'value'. */
static void
say_register(struct scan *x, int reg, uint32_t value)
{
    static annotate_cb *const by_register[] = {
        [REG_TARGET(K8S_EGRESS)] = annotate_target,
        [REG_PEER(K8S_EGRESS)] = annotate_peer,
        [REG_NET(K8S_EGRESS)] = annotate_net,
        [REG_TARGET(K8S_INGRESS)] = annotate_target,
        [REG_PEER(K8S_INGRESS)] = annotate_peer,
        [REG_NET(K8S_INGRESS)] = annotate_net,
        [REG_RULE(K8S_EGRESS)] = annotate_rule,
        [REG_RULE(K8S_INGRESS)] = annotate_rule,
    };

    if (reg <= 0 || reg >= (int) ARRAY_SIZE(by_register) || !value) {
        return;
    }
    int direction = (reg >= REG_RULE(K8S_EGRESS) ? reg - REG_RULE(K8S_EGRESS)
                     : reg >= REG_TARGET(K8S_INGRESS));
    char *what = xasprintf("reg%d=0x%"PRIx32, reg, value);

    say_number(x, by_register[reg], direction, value, what);
    free(what);
}

/* The rules that allowed a connection: its label's low 64 bits. */
static void
say_label(struct scan *x, uint64_t label)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        uint32_t id = label >> 32 * d;

        if (id) {
            say_number(x, annotate_rule, d, id,
                       (d == K8S_EGRESS ? "connection, egress"
                        : "connection, ingress"));
        }
    }
}

/* Addresses and ports. */

static void
say_address(struct scan *x, const char *text)
{
    struct in6_addr addr;
    const struct k8s_pod *pod;
    size_t n;

    if (!address_parse(text, &addr)) {
        return;
    }
    pod = model_pod_by_address(x->t->model, &addr);
    if (pod) {
        char *name = xasprintf("pod %s/%s", pod->up.ns, pod->up.name);

        say(x, text, name);
        free(name);
        return;
    }
    const struct in6_addr *node = model_node_addresses(x->t->model, &n);
    for (size_t i = 0; i < n; i++) {
        if (!memcmp(&node[i], &addr, sizeof addr)) {
            say(x, text, "the node");
        }
    }
}

/* A port by OpenFlow number or by interface. */
static void
say_port(struct scan *x, const char *text)
{
    size_t n;
    const struct model_port *ports = model_ports(x->t->model, &n);
    unsigned int number;

    if (!str_to_uint(text, 10, &number)) {
        number = 0;
    }
    for (size_t i = 0; i < n; i++) {
        const struct model_port *p = &ports[i];

        if (p->ofport == number || !strcmp(p->interface, text)) {
            char *what = xasprintf("port %"PRIu32, p->ofport);
            char *name = xasprintf("%s, pod %s/%s", p->interface, p->ns,
                                   p->name);
            say(x, what, name);
            free(what);
            free(name);
        }
    }
}

/* Scanning. */

/* The direction of a table by its number or name, or -1. */
static int
table_direction(const struct detrace *t, const char *table)
{
    unsigned int number;
    int offset = -1;

    if (str_to_uint(table, 10, &number)) {
        offset = (int) number - t->pipeline->base;
    } else {
        for (int i = 0; i < N_TABLES; i++) {
            if (!strcmp(table, pipeline_table_names[i])) {
                offset = i;
            }
        }
    }
    return (offset >= TABLE_EGRESS_TARGET && offset <= TABLE_EGRESS_BASELINE
            ? K8S_EGRESS
            : offset >= TABLE_INGRESS_TARGET
              && offset <= TABLE_INGRESS_BASELINE
            ? K8S_INGRESS : -1);
}

/* A word of letters, digits and what is in names and addresses. */
static size_t
value_length(const char *s)
{
    return strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz"
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.:-");
}

/* "table=NAME," in dumps, "NN. MATCH" in traces. */
static void
find_table(struct scan *x, const char *line)
{
    const char *s = strstr(line, "table=");
    const char *digits = line + strspn(line, " ");
    size_t n = strspn(digits, "0123456789");
    char *table = NULL;

    if (s && (s == line || s[-1] == ' ' || s[-1] == ',')) {
        table = xmemdup0(s + 6, value_length(s + 6));
    } else if (n && digits[n] == '.' && digits[n + 1] == ' ') {
        table = xmemdup0(digits, n);
    }
    x->direction = table ? table_direction(x->t, table) : -1;
    free(table);
}

/* "0xVALUE->reg5" and "0xVALUE->NXM_NX_REG5[]", from the arrow on. */
static void
scan_set(struct scan *x, const char *line, const char *arrow)
{
    const char *start = arrow, *name = arrow + 2;
    int reg;

    while (start > line && (isxdigit((unsigned char) start[-1])
                            || start[-1] == 'x')) {
        start--;
    }
    if (!strncmp(name, "NXM_NX_", 7)) {
        name += 7;
    }
    if (!strncasecmp(name, "reg", 3) && isdigit((unsigned char) name[3])) {
        reg = atoi(name + 3);
        say_register(x, reg, strtoul(start, NULL, 0));
    }
}

/* "regN=0xVALUE", without a mask. */
static void
scan_register(struct scan *x, const char *s)
{
    char *end;
    long int reg = strtol(s + 3, &end, 10);

    if (*end == '=') {
        uint32_t value = strtoul(end + 1, &end, 0);

        if (*end != '/') {
            say_register(x, MIN(reg, N_REGISTERS), value);
        }
    }
}

static void
scan_rule(struct scan *x, const char *s)
{
    uint32_t id = strtoul(s, NULL, 0);
    char *what = xasprintf("conjunction 0x%"PRIx32, id);

    say_number(x, annotate_rule, x->direction, id, what);
    free(what);
}

/* 128 bits in hex, of which the low 64 count. */
static void
scan_label(struct scan *x, const char *s)
{
    size_t n;

    if (strncmp(s, "0x", 2)) {
        return;
    }
    s += 2;
    n = strspn(s, "0123456789abcdefABCDEF");
    if (n && n <= 32) {
        char *low = xmemdup0(s + (n > 16 ? n - 16 : 0), MIN(n, 16));

        say_label(x, strtoull(low, NULL, 16));
        free(low);
    }
}

static void
scan_cookie(struct scan *x, const char *s)
{
    say_cookie(x, strtoull(s, NULL, 0));
}

static void
scan_word(struct scan *x, const char *s,
          void (*say_word)(struct scan *, const char *))
{
    size_t n = value_length(s);
    char *word = xmemdup0(s, n);

    if (n && s[n] != '/') {
        say_word(x, word);
    }
    free(word);
}

static void
scan_address(struct scan *x, const char *s)
{
    scan_word(x, s, say_address);
}

static void
scan_port(struct scan *x, const char *s)
{
    scan_word(x, s, say_port);
}

/* What is behind which words. */
static const struct {
    const char *word;
    void (*scan)(struct scan *, const char *);
} keys[] = {
    { "cookie=", scan_cookie },
    { "cookie ", scan_cookie },
    { "conj_id=", scan_rule },
    { "conjunction(", scan_rule },
    { "ct_label=", scan_label },
    { "ct_label(", scan_label },
    { "label=", scan_label },
    { "nw_src=", scan_address },
    { "nw_dst=", scan_address },
    { "ipv6_src=", scan_address },
    { "ipv6_dst=", scan_address },
    { "arp_spa=", scan_address },
    { "arp_tpa=", scan_address },
    { "nd_target=", scan_address },
    { "src=", scan_address },
    { "dst=", scan_address },
    { "sip=", scan_address },
    { "tip=", scan_address },
    { "target=", scan_address },
    { "in_port=", scan_port },
    { "in_port(", scan_port },
};

/* True if a word may begin at 's'. */
static bool
is_start(const char *line, const char *s)
{
    return (s == line || !(isalnum((unsigned char) s[-1]) || s[-1] == '_'));
}

static void
scan_at(struct scan *x, const char *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        size_t n = strlen(keys[i].word);

        if (!strncmp(s, keys[i].word, n)) {
            keys[i].scan(x, s + n);
            return;
        }
    }
    if (!strncmp(s, "reg", 3) && isdigit((unsigned char) s[3])) {
        scan_register(x, s);
    }
}

struct detrace *
detrace_create(const struct annotation *annotation, const struct model *model,
               const struct pipeline_config *pipeline)
{
    struct detrace *t = xmalloc(sizeof *t);

    *t = (struct detrace) { annotation, model, pipeline };
    return t;
}

void
detrace_destroy(struct detrace *t)
{
    free(t);
}

void
detrace_line(struct detrace *t, const char *line, const char *prefix,
             struct ds *s)
{
    struct scan x = {
        .t = t, .line = line, .prefix = prefix, .out = s
    };

    if (strlen(line) > DETRACE_MAX_LINE) {
        return;
    }
    sset_init(&x.said);
    find_table(&x, line);
    for (const char *p = line; *p; p++) {
        if (p[0] == '-' && p[1] == '>') {
            scan_set(&x, line, p);
        } else if (is_start(line, p)) {
            scan_at(&x, p);
        }
    }
    sset_destroy(&x.said);
}
