/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "doc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* A tree as text, in one line: strings in quotes, reals behind a '~'. */
static void
print_node(const struct doc_node *node, struct ds *s)
{
    size_t n = doc_node_count(node);

    switch (doc_node_type(node)) {
    case DOC_NULL:
        ds_put_cstr(s, "null");
        return;
    case DOC_BOOL:
        ds_put_cstr(s, doc_node_bool(node) ? "true" : "false");
        return;
    case DOC_INTEGER:
        ds_put_format(s, "%"PRId64, doc_node_integer(node));
        return;
    case DOC_REAL:
        ds_put_format(s, "~%g", doc_node_real(node));
        return;
    case DOC_STRING:
        ds_put_format(s, "'%s'", doc_node_string(node));
        return;
    case DOC_LIST:
        ds_put_char(s, '[');
        for (size_t i = 0; i < n; i++) {
            ds_put_cstr(s, i ? "," : "");
            print_node(doc_node_at(node, i), s);
        }
        ds_put_char(s, ']');
        return;
    case DOC_MAP:
        ds_put_char(s, '{');
        for (size_t i = 0; i < n; i++) {
            ds_put_format(s, "%s%s:", i ? "," : "", doc_node_key(node, i));
            print_node(doc_node_at(node, i), s);
        }
        ds_put_char(s, '}');
        return;
    }
}

static void
free_docs(struct doc **docs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        doc_destroy(docs[i]);
    }
    free(docs);
}

/* Checks that the documents of 'text' look like 'want', one after the other
 * with blanks between, and that the error is 'want_error'. */
static void
check_yaml_limited(const char *text, size_t size,
                   const struct doc_limits *limits, const char *want,
                   const char *want_error)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct doc **docs;
    size_t n;
    char *error = doc_parse_yaml(text, size, limits, &docs, &n);

    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(&s, i ? " " : "");
        print_node(doc_root(docs[i]), &s);
    }
    if (error && !want_error) {
        fail_msg("%s: unexpected error %s", text, error);
    } else if (want_error) {
        if (!error || strcmp(error, want_error)) {
            fail_msg("%s: error is \"%s\", want \"%s\"", text,
                     error ? error : "none", want_error);
        }
    }
    if (strcmp(ds_cstr(&s), want)) {
        fail_msg("%s: got %s, want %s", text, ds_cstr(&s), want);
    }
    ds_destroy(&s);
    free(error);
    free_docs(docs, n);
}

static void
check_yaml(const char *text, const char *want, const char *want_error)
{
    check_yaml_limited(text, strlen(text), NULL, want, want_error);
}

static void
check_json_limited(const char *text, size_t size,
                   const struct doc_limits *limits, const char *want,
                   const char *want_error)
{
    struct doc *doc = NULL;
    char *error = doc_parse_json(text, size, limits, &doc);

    if (want_error) {
        assert_null(doc);
        assert_non_null(error);
        assert_string_equal(error, want_error);
    } else {
        struct ds s = DS_EMPTY_INITIALIZER;

        if (error) {
            fail_msg("%s: unexpected error %s", text, error);
        }
        print_node(doc_root(doc), &s);
        assert_string_equal(ds_cstr(&s), want);
        ds_destroy(&s);
    }
    free(error);
    doc_destroy(doc);
}

static void
test_yaml_structure(void **state)
{
    static const char *const cases[][2] = {
        {"a: 1\nb: [x, {c: d}]\n", "{a:1,b:['x',{c:'d'}]}"},
        {"- 1\n- - 2\n  - 3\n- {}\n- []\n", "[1,[2,3],{},[]]"},
        {"a:\nb: ~\n", "{a:null,b:null}"},
        {"{\"a\": [true, null, 1.5e3, \"x\\/y\"]}",
         "{a:[true,null,~1500,'x/y']}"},
        {"a: |\n  x\n  y\n", "{a:'x\ny\n'}"},
        {"1: a\ntrue: b\n", "{1:'a',true:'b'}"},
        {"\xef\xbb\xbf" "a: b\n", "{a:'b'}"},
        {"%YAML 1.2\n---\na: b\n", "{a:'b'}"},
        {"word", "'word'"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_yaml(cases[i][0], cases[i][1], NULL);
    }
}

static void
test_yaml_documents(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"# nothing\n", ""},
        {"---\n", ""},
        {"---\n---\nnull\n---\n~\n", ""},
        {"a: 1\n---\nb: 2\n", "{a:1} {b:2}"},
        {"---\na: 1\n...\n---\n---\n# c\n---\nb: 2\n---\n", "{a:1} {b:2}"},
        {"{\"a\":1}\n---\n{\"b\":2}", "{a:1} {b:2}"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_yaml(cases[i][0], cases[i][1], NULL);
    }
    check_yaml_limited(NULL, 0, NULL, "", NULL);
}

static void
test_yaml_scalars(void **state)
{
    static const char *const cases[][2] = {
        {"0", "0"}, {"-0", "0"}, {"12", "12"}, {"+12", "12"}, {"-12", "-12"},
        {"0x1F", "31"}, {"0o17", "15"}, {"0x", "'0x'"}, {"0o8", "'0o8'"},
        {"0xg", "'0xg'"}, {"-0x1", "'-0x1'"},
        {"012", "'012'"}, {"08", "'08'"}, {"-01", "'-01'"},
        {"1_000", "'1_000'"}, {"1:30", "'1:30'"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "~9.22337e+18"},
        {"0xffffffffffffffff", "~1.84467e+19"},
        {"1.5", "~1.5"}, {"-.5", "~-0.5"}, {"1.", "~1"}, {"1e3", "~1000"},
        {"1E-3", "~0.001"}, {"01.5", "~1.5"}, {".", "'.'"}, {"e3", "'e3'"},
        {"1e", "'1e'"}, {"1.2.3", "'1.2.3'"}, {"-", "[null]"}, {"+", "'+'"},
        {".inf", "~inf"}, {"-.INF", "~-inf"}, {".nan", "~nan"},
        {"inf", "'inf'"}, {"nan", "'nan'"},
        {"true", "true"}, {"True", "true"}, {"FALSE", "false"},
        {"tRue", "'tRue'"}, {"yes", "'yes'"}, {"No", "'No'"}, {"on", "'on'"},
        {"y", "'y'"},
        {"[null, Null, NULL, ~]", "[null,null,null,null]"},
        {"nULL", "'nULL'"},
        {"'12'", "'12'"}, {"\"true\"", "'true'"}, {"''", "''"},
        {"\"null\"", "'null'"}, {"|\n 12", "'12'"},
        {"2024-01-02T03:04:05Z", "'2024-01-02T03:04:05Z'"},
        {"10.0.0.0/8", "'10.0.0.0/8'"},
        {"!!str 12", "'12'"}, {"!!int \"12\"", "12"}, {"!!bool true", "true"},
        {"!!float 1.5", "~1.5"}, {"!!null ''", ""}, {"! 12", "'12'"},
        {"! [a]", "['a']"},
        {"!!seq [a]", "['a']"}, {"!!map {a: b}", "{a:'b'}"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_yaml(cases[i][0], cases[i][1], NULL);
    }
}

static void
test_yaml_aliases(void **state)
{
    static const char *const cases[][2] = {
        {"a: &x 1\nb: *x\n", "{a:1,b:1}"},
        {"a: &x {c: [d]}\nb: *x\n", "{a:{c:['d']},b:{c:['d']}}"},
        {"- &x a\n- &x b\n- *x\n", "['a','b','b']"},
        {"- &k key\n- {*k : 1}\n", "['key',{key:1}]"},
        {"- {&k key: 1}\n- *k\n", "[{key:1},'key']"},
        {"- &x {a: 1, b: 2}\n- {b: 3, <<: *x, c: 4}\n",
         "[{a:1,b:2},{b:3,c:4,a:1}]"},
        {"- &x {a: 1}\n- &y {a: 2, b: 2}\n- {<<: [*x, *y]}\n",
         "[{a:1},{a:2,b:2},{a:1,b:2}]"},
        {"- <<: {a: 1}\n", "[{a:1}]"},
        {"- \"<<\": {a: 1}\n", "[{<<:{a:1}}]"},
        {"- <<\n", "['<<']"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_yaml(cases[i][0], cases[i][1], NULL);
    }
}

static void
test_yaml_errors(void **state)
{
    static const struct {
        const char *text, *docs, *error;
    } cases[] = {
        {"a: [1\n", "", "2:1: while parsing a flow sequence: did not find "
         "expected ',' or ']'"},
        {"a: 1\n---\nb: ]\n", "{a:1}", "3:4: while parsing a block node: "
         "did not find expected node content"},
        {"a: b: c\n", "", "1:5: mapping values are not allowed in this "
         "context"},
        {"a: \xff\n", "", "1:4: invalid leading UTF-8 octet"},
        {"x: y\na: \xc3(\n", "", "2:5: invalid trailing UTF-8 octet"},
        {"a: \"x\\0y\"\n", "", "1:4: a string may not contain a NUL "
         "character"},
        {"a: 1\nb: 2\na: 3\n", "", "3:1: duplicate key \"a\""},
        {"b:\n  c: {x: 1, y: 2, x: 3}\n", "", "2:19: duplicate key \"x\""},
        {"a: 1\n\"a\": 2\n", "", "2:1: duplicate key \"a\""},
        {"? [a]\n: b\n", "", "1:3: a map's key must be a scalar"},
        {"- &x [a]\n- {*x : 1}\n", "", "2:4: a map's key must be a scalar"},
        {"a: *x\n", "", "1:4: alias of an unknown anchor \"x\""},
        {"a: &x 1\n---\nb: *x\n", "{a:1}",
         "3:4: alias of an unknown anchor \"x\""},
        {"a: &x [*x]\n", "", "1:8: alias inside of its own anchor \"x\""},
        {"&x a: {b: &y {c: *y}}\n", "",
         "1:18: alias inside of its own anchor \"y\""},
        {"a: !!binary aGk=\n", "", "1:4: unsupported tag "
         "\"tag:yaml.org,2002:binary\""},
        {"a: !foo {b: c}\n", "", "1:4: unsupported tag \"!foo\""},
        {"a: !!set {b, c}\n", "", "1:4: unsupported tag "
         "\"tag:yaml.org,2002:set\""},
        {"a: !!int x\n", "", "1:4: not a YAML integer: \"x\""},
        {"a: !!bool 'yes'\n", "", "1:4: not a YAML bool: \"yes\""},
        {"<<: 1\n", "", "1:1: the merge key \"<<\" needs a map or a list of "
         "maps"},
        {"<<: [{a: 1}, 2]\n", "", "1:1: the merge key \"<<\" needs a map or a "
         "list of maps"},
        {"<<: {a: 1}\n<<: {b: 1}\n", "", "2:1: duplicate key \"<<\""},
        {"\ta: 1\n", "", "1:1: while scanning for the next token: found "
         "character that cannot start any token"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_yaml(cases[i].text, cases[i].docs, cases[i].error);
    }
}

static void
test_yaml_nul_byte(void **state)
{
    static const char text[] = "a: b\0c\n";

    check_yaml_limited(text, sizeof text - 1, NULL, "",
                       "1:5: control characters are not allowed");
}

static void
small_limits(struct doc_limits *limits)
{
    *limits = (struct doc_limits) {
        .max_size = 100,
        .max_documents = 2,
        .max_depth = 3,
        .max_aliases = 2,
        .max_items = 4,
        .max_nodes = 12,
    };
}

/* Each bound: what just fits, and what does not. */
static void
test_yaml_bounds(void **state)
{
    static const struct {
        const char *text, *docs, *error;
    } cases[] = {
        {"--- a\n--- b\n", "'a' 'b'", NULL},
        {"--- a\n--- b\n--- c\n", "'a' 'b'", "3:1: more than 2 documents"},
        {"---\n---\n---\n", "", "3:1: more than 2 documents"},
        {"[[[]]]", "[[[]]]", NULL},
        {"[[[[]]]]", "", "1:4: nested deeper than 3 levels"},
        {"{a: {b: {c: {}}}}", "", "1:13: nested deeper than 3 levels"},
        {"[&x [[]], *x]", "[[[]],[[]]]", NULL},
        {"[&x [[]], [*x]]", "", "1:12: nested deeper than 3 levels"},
        {"[&x a, *x, *x]", "['a','a','a']", NULL},
        {"[&x a, *x, *x, *x]", "", "1:16: more than 2 aliases in one "
         "document"},
        {"[1,2,3,4]", "[1,2,3,4]", NULL},
        {"[1,2,3,4,5]", "", "1:10: more than 4 items in one list"},
        {"{a: 1,b: 2,c: 3,d: 4}", "{a:1,b:2,c:3,d:4}", NULL},
        {"{a: 1,b: 2,c: 3,d: 4,e: 5}", "",
         "1:22: more than 4 members in one map"},
        {"{a: &x {b: 1,c: 2,d: 3},e: {<<: *x,f: 5}}",
         "{a:{b:1,c:2,d:3},e:{f:5,b:1,c:2,d:3}}", NULL},
        {"{a: &x {b: 1,c: 2,d: 3},e: {<<: *x,f: 5,g: 6}}", "",
         "1:28: more than 4 members in one map"},
        {"[[1,2,3],[1,2,3],[1,2]]", "[[1,2,3],[1,2,3],[1,2]]", NULL},
        {"[[1,2,3],[1,2,3],[1,2,3]]", "",
         "1:23: more than 12 values, aliases expanded"},
        {"[&x [1,2,3],*x,*x]", "",
         "1:16: more than 12 values, aliases expanded"},
        {"[1,2,3]\n---\n[[1,2,3],[1,2]]", "[1,2,3] [[1,2,3],[1,2]]", NULL},
        {"[1,2,3]\n---\n[[1,2,3],[1,2,3]]", "[1,2,3]",
         "3:15: more than 12 values, aliases expanded"},
    };
    struct doc_limits limits;

    small_limits(&limits);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_yaml_limited(cases[i].text, strlen(cases[i].text), &limits,
                           cases[i].docs, cases[i].error);
    }

    char *big = xmalloc(101);
    memset(big, '#', 101);
    check_yaml_limited(big, 100, &limits, "", NULL);
    check_yaml_limited(big, 101, &limits, "", "1:1: more than 100 bytes");
    free(big);
}

static void
test_yaml_alias_bomb(void **state)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&s, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 20; i++) {
        ds_put_format(&s, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++) {
            ds_put_format(&s, "%s*a%d", j ? "," : "", i - 1);
        }
        ds_put_cstr(&s, "]\n");
    }
    check_yaml_limited(s.string, s.length, NULL, "",
                       "8:10: more than 20000000 values, aliases expanded");
    ds_destroy(&s);
}

/* Big maps and lists are no trouble: with anything quadratic this would take
 * minutes. */
static void
test_yaml_big_map(void **state)
{
    enum { N = 100000 };
    struct ds s = DS_EMPTY_INITIALIZER;
    struct doc **docs;
    size_t n;

    for (int i = 0; i < N; i++) {
        ds_put_format(&s, "key%d: %d\n", i, i);
    }
    assert_null(doc_parse_yaml(s.string, s.length, NULL, &docs, &n));
    assert_int_equal(n, 1);
    assert_int_equal(doc_node_count(doc_root(docs[0])), N);
    assert_string_equal(doc_node_key(doc_root(docs[0]), N - 1), "key99999");
    assert_int_equal(doc_node_integer(doc_node_at(doc_root(docs[0]), N - 1)),
                     N - 1);
    free_docs(docs, n);
    ds_destroy(&s);
}

static void
test_json_values(void **state)
{
    static const char *const cases[][2] = {
        {"{}", "{}"}, {"[]", "[]"}, {" [ ] ", "[]"}, {"null", "null"},
        {"{\"a\":[1,-2,1.5,true,false,null,\"x\",[],{}]}",
         "{a:[1,-2,~1.5,true,false,null,'x',[],{}]}"},
        {"{\"z\":1,\"a\":2}", "{z:1,a:2}"},
        {"\"\\u00e9\\\"[{,\"", "'\xc3\xa9\"[{,'"},
        {"9223372036854775807", "9223372036854775807"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_json_limited(cases[i][0], strlen(cases[i][0]), NULL,
                           cases[i][1], NULL);
    }
}

static void
test_json_errors(void **state)
{
    static const char *const cases[][2] = {
        {"", "1:1: unexpected token near end of file"},
        {"{\"a\":1}\n x", "2:2: end of file expected near 'x'"},
        {"{\"a\":1,\n\"a\":2}", "2:3: duplicate object key near '\"a\"'"},
        {"[1,]", "1:4: unexpected token near ']'"},
        {"]", "1:1: unexpected token near ']'"},
        {"\"\xff\"", "1:1: unable to decode byte 0xff near '\"'"},
        {"\"abc", "1:4: premature end of input near '\"abc'"},
        {"\"abc\\", "1:5: invalid escape near '\"abc\\'"},
        {"[\"\\u0000\"]", NULL},
        {"9223372036854775808", NULL},
        {"1e999", NULL},
        {"'a'", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct doc *doc = NULL;
        char *error = doc_parse_json(cases[i][0], strlen(cases[i][0]), NULL,
                                     &doc);

        assert_null(doc);
        assert_non_null(error);
        if (cases[i][1]) {
            assert_string_equal(error, cases[i][1]);
        } else {
            assert_memory_equal(error, "1:", 2);
        }
        free(error);
    }
}

static void
test_json_bounds(void **state)
{
    static const struct {
        const char *text, *doc, *error;
    } cases[] = {
        {"[[[]]]", "[[[]]]", NULL},
        {"[[[\"[[\"]]]", "[[['[[']]]", NULL},
        {"[\n[[[]]]]", "", "2:3: nested too deep, the limit is 3"},
        {"{\"a\":[{\"b\":[]}]}", "", "1:12: nested too deep, the limit is 3"},
        {"[1,2,3,4]", "[1,2,3,4]", NULL},
        {"[1,2,3,4,5]", "",
         "1:9: too many items or members, the limit is 4"},
        {"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1}", "",
         "1:25: too many items or members, the limit is 4"},
        {"[[1,2,3],[1,2,3],[1,2]]", "[[1,2,3],[1,2,3],[1,2]]", NULL},
        {"[[1,2,3],[1,2,3],[1,2,3]]", "",
         "1:22: too many values, the limit is 12"},
    };
    struct doc_limits limits;

    small_limits(&limits);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_json_limited(cases[i].text, strlen(cases[i].text), &limits,
                           cases[i].doc, cases[i].error);
    }

    char *big = xmalloc(101);
    memset(big, ' ', 101);
    big[0] = '1';
    check_json_limited(big, 100, &limits, "1", NULL);
    check_json_limited(big, 101, &limits, "",
                       "1:1: too many bytes, the limit is 100");
    free(big);
}

static void
test_text(void **state)
{
    static const char text[] = "[0x1F, 1.50, True, ~, 'a b', [], {}]";
    static const char *const want[] = {
        "0x1F", "1.50", "True", "~", "a b", "", "",
    };
    struct doc **docs;
    size_t n;

    assert_null(doc_parse_yaml(text, strlen(text), NULL, &docs, &n));
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        const struct doc_node *node = doc_node_at(doc_root(docs[0]), i);

        assert_string_equal(doc_node_text(node), want[i]);
    }
    free_docs(docs, n);

    struct doc *doc;
    assert_null(doc_parse_json("[31, true, null]", 16, NULL, &doc));
    assert_string_equal(doc_node_text(doc_node_at(doc_root(doc), 0)), "31");
    assert_string_equal(doc_node_text(doc_node_at(doc_root(doc), 1)), "true");
    assert_string_equal(doc_node_text(doc_node_at(doc_root(doc), 2)), "null");
    doc_destroy(doc);
}

static void
check_place(const struct doc_node *root, const char *path, unsigned int line,
            unsigned int column)
{
    unsigned int l, c;

    doc_node_place(doc_node_find(root, path), &l, &c);
    if (l != line || c != column) {
        fail_msg("%s: at %u:%u, want %u:%u", path, l, c, line, column);
    }
}

static void
test_find_and_place(void **state)
{
    static const char text[] =
        "kind: List\n"
        "items:\n"
        "- metadata:\n"
        "    labels:\n"
        "      app.kubernetes.io/name: web\n"
        "- spec: &s\n"
        "    ports: [80, 443]\n"
        "- spec: *s\n";
    struct doc **docs;
    size_t n;

    assert_null(doc_parse_yaml(text, strlen(text), NULL, &docs, &n));

    const struct doc_node *root = doc_root(docs[0]);

    check_place(root, "", 1, 1);
    check_place(root, "kind", 1, 7);
    check_place(root, "items", 3, 1);
    check_place(root, "items[1].spec.ports[1]", 7, 17);
    check_place(root, "items[2].spec", 8, 9);
    check_place(root, "items[0].metadata.labels[app.kubernetes.io/name]",
                5, 31);
    /* The deepest node on the way. */
    check_place(root, "items[1].spec.ports[2]", 7, 12);
    check_place(root, "items[1].spec.egress[0].to", 6, 9);
    check_place(root, "items[x]", 3, 1);
    check_place(root, "items[99999999999999999999]", 3, 1);
    check_place(root, "items[", 3, 1);
    check_place(root, "kind[0]", 1, 7);
    check_place(root, "..", 1, 1);
    free_docs(docs, n);

    struct doc *doc;
    assert_null(doc_parse_json("{\"a\":[1]}", 9, NULL, &doc));
    check_place(doc_root(doc), "a[0]", 0, 0);
    assert_int_equal(doc_node_integer(doc_node_find(doc_root(doc), "a[0]")),
                     1);
    doc_destroy(doc);
}

static void
test_get(void **state)
{
    static const char text[] = "{ab: 1, a: null, abc: 3}";
    struct doc **docs;
    size_t n;

    assert_null(doc_parse_yaml(text, strlen(text), NULL, &docs, &n));

    const struct doc_node *root = doc_root(docs[0]);

    assert_int_equal(doc_node_integer(doc_node_get(root, "ab")), 1);
    assert_int_equal(doc_node_type(doc_node_get(root, "a")), DOC_NULL);
    assert_null(doc_node_get(root, "b"));
    assert_null(doc_node_get(root, ""));
    assert_null(doc_node_get(NULL, "a"));
    assert_null(doc_node_get(doc_node_get(root, "ab"), "a"));
    free_docs(docs, n);
    doc_destroy(NULL);
}

static void
test_format_quoted(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a\"b\\c\n\x7f", "\"a\\\"b\\\\c\\x0a\\x7f\""},
        {"\xc3\xa9", "\"\xc3\xa9\""},
        {"0123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789",
         "\"0123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789\""},
        {"0123456789012345678901234567890123456789"
         "012345678901234567890123456789012345678\xc3\xa9",
         "\"0123456789012345678901234567890123456789"
         "012345678901234567890123456789012345678...\""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        doc_format_quoted(cases[i].in, &s);
        assert_string_equal(ds_cstr(&s), cases[i].out);
        ds_destroy(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml_structure),
        cmocka_unit_test(test_yaml_documents),
        cmocka_unit_test(test_yaml_scalars),
        cmocka_unit_test(test_yaml_aliases),
        cmocka_unit_test(test_yaml_errors),
        cmocka_unit_test(test_yaml_nul_byte),
        cmocka_unit_test(test_yaml_bounds),
        cmocka_unit_test(test_yaml_alias_bomb),
        cmocka_unit_test(test_yaml_big_map),
        cmocka_unit_test(test_json_values),
        cmocka_unit_test(test_json_errors),
        cmocka_unit_test(test_json_bounds),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_find_and_place),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_format_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
