/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_selector: a selector and the labels of a pod, word by word.
 *
 * Each line of the input is a letter and words separated by blanks: "i KEY
 * VALUE..." and "n KEY VALUE..." for operators In and NotIn, "e KEY" and
 * "d KEY" for Exists and DoesNotExist, "m KEY VALUE" for matchLabels, "l KEY
 * VALUE" for a label of the pod.
 *
 * They become a NetworkPolicy and a Pod in JSON.  A selector that is accepted
 * matches as the words say, one by one, and has one canonical form. */

#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "openvswitch/dynamic-string.h"
#include "ovs-json.h"
#include "svec.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MAX_LINES 24

/* A line: words[0] is the key, values follow. */
struct line {
    char letter;
    struct svec words;
};

struct input {
    struct line lines[MAX_LINES];
    size_t n;
};

/* Takes one line; what is no line of ours is passed over. */
static void
add_line(struct input *input, const char *text)
{
    if (input->n < MAX_LINES && text[0] && strchr("inedml", text[0])
        && text[1] == ' ') {
        struct line *line = &input->lines[input->n++];
        char *copy = xstrdup(text + 2), *rest = copy, *word;

        line->letter = text[0];
        svec_init(&line->words);
        while ((word = strsep(&rest, " "))) {
            svec_add(&line->words, word);
        }
        free(copy);
    }
}

static void
input_init(struct input *input, const uint8_t *data, size_t size)
{
    char *copy = xmemdup0((const char *) data, size), *rest = copy, *text;

    input->n = 0;
    while ((text = strsep(&rest, "\n"))) {
        add_line(input, text);
    }
    free(copy);
}

static void
input_uninit(struct input *input)
{
    for (size_t i = 0; i < input->n; i++) {
        svec_destroy(&input->lines[i].words);
    }
}

/* To JSON. */

/* The map of all lines with 'letter'; of a key that comes again the last one
 * counts. */
static struct json *
make_map(const struct input *input, char letter)
{
    struct json *map = json_object_create();

    for (size_t i = 0; i < input->n; i++) {
        const struct svec *words = &input->lines[i].words;

        if (input->lines[i].letter == letter) {
            json_object_put_string(map, words->names[0],
                                   words->n > 1 ? words->names[1] : "");
        }
    }
    return map;
}

static const char *
operator_name(char letter)
{
    return (letter == 'i' ? "In" : letter == 'n' ? "NotIn"
            : letter == 'e' ? "Exists" : "DoesNotExist");
}

static struct json *
make_expressions(const struct input *input)
{
    struct json *list = json_array_create_empty();

    for (size_t i = 0; i < input->n; i++) {
        const struct line *line = &input->lines[i];

        if (strchr("ined", line->letter)) {
            struct json *values = json_array_create_empty();
            struct json *item = json_object_create();

            for (size_t j = 1; j < line->words.n; j++) {
                json_array_add(values,
                               json_string_create(line->words.names[j]));
            }
            json_object_put_string(item, "key", line->words.names[0]);
            json_object_put_string(item, "operator",
                                   operator_name(line->letter));
            json_object_put(item, "values", values);
            json_array_add(list, item);
        }
    }
    return list;
}

static struct json *
make_object(const char *version, const char *kind, struct json *labels)
{
    struct json *metadata = json_object_create();
    struct json *object = json_object_create();

    json_object_put_string(metadata, "namespace", "n");
    json_object_put_string(metadata, "name", "o");
    json_object_put(metadata, "labels", labels);
    json_object_put_string(object, "apiVersion", version);
    json_object_put_string(object, "kind", kind);
    json_object_put(object, "metadata", metadata);
    return object;
}

/* Parses and destroys 'json'.  Returns NULL if it is not understood. */
static struct k8s_object *
parse(struct json *json, enum k8s_kind want, struct label_pool *pool)
{
    char *text = json_to_string(json, 0);
    struct k8s_object *object = NULL;
    struct doc *doc = NULL;

    char *error = doc_parse_json(text, strlen(text), NULL, &doc);
    ovs_assert(!error == (doc != NULL));
    if (doc) {
        struct k8s_report report;
        enum k8s_kind kind;
        char *key;

        ovs_assert(k8s_identify(doc_root(doc), NULL, &kind) && kind == want);
        object = k8s_parse(kind, doc_root(doc), pool, NULL, &report, &key);
        ovs_assert(object || report.error);
        if (report.error) {
            k8s_object_destroy(object);
            object = NULL;
        }
        k8s_report_uninit(&report);
        free(key);
    }
    doc_destroy(doc);
    free(error);
    free(text);
    json_destroy(json);
    return object;
}

static struct k8s_policy *
make_policy(const struct input *input, struct label_pool *pool)
{
    struct json *policy = make_object("networking.k8s.io/v1", "NetworkPolicy",
                                      json_object_create());
    struct json *selector = json_object_create();
    struct json *spec = json_object_create();

    json_object_put(selector, "matchLabels", make_map(input, 'm'));
    json_object_put(selector, "matchExpressions", make_expressions(input));
    json_object_put(spec, "podSelector", selector);
    json_object_put(policy, "spec", spec);
    return (struct k8s_policy *) parse(policy, K8S_POLICY, pool);
}

/* What the words say, without any of the modules that are tried. */

/* The last line with 'letter' and 'key', or NULL. */
static const struct svec *
find_last(const struct input *input, char letter, const char *key)
{
    const struct svec *last = NULL;

    for (size_t i = 0; i < input->n; i++) {
        if (input->lines[i].letter == letter
            && !strcmp(input->lines[i].words.names[0], key)) {
            last = &input->lines[i].words;
        }
    }
    return last;
}

static bool
has_value(const struct svec *words, const char *value)
{
    for (size_t i = 1; i < words->n; i++) {
        if (!strcmp(words->names[i], value)) {
            return true;
        }
    }
    return false;
}

static bool
line_matches(const struct input *input, const struct line *line)
{
    const struct svec *words = &line->words;
    const struct svec *label = find_last(input, 'l', words->names[0]);
    const char *value = !label ? NULL : label->n > 1 ? label->names[1] : "";

    switch (line->letter) {
    case 'i':
        return value && has_value(words, value);
    case 'n':
        return !value || !has_value(words, value);
    case 'e':
        return value;
    case 'd':
        return !value;
    case 'm':
        words = find_last(input, 'm', words->names[0]);
        return value && !strcmp(value, words->n > 1 ? words->names[1] : "");
    default:
        return true;
    }
}

static bool
should_match(const struct input *input)
{
    for (size_t i = 0; i < input->n; i++) {
        if (!line_matches(input, &input->lines[i])) {
            return false;
        }
    }
    return true;
}

/* What it gives is what made it. */
static void
check_canonical(const struct selector *selector, struct label_pool *pool)
{
    size_t n = selector_count(selector);
    struct selector_requirement *reqs = xcalloc(n + 1, sizeof *reqs);

    for (size_t i = 0; i < n; i++) {
        selector_get(selector, i, &reqs[n - 1 - i]);
    }
    struct selector *again = selector_create(pool, reqs, n);
    ovs_assert(again == selector);
    ovs_assert(selector_is_empty(selector) == !selector_text(selector)[0]);
    selector_unref(again);
    free(reqs);
}

static void
check_match(const struct input *input, const struct selector *selector,
            const struct label_set *labels)
{
    const struct label *required = selector_required_label(selector);
    char *why_not = selector_why_not(selector, labels);

    ovs_assert(selector_matches(selector, labels) == should_match(input));
    ovs_assert(!why_not == should_match(input));
    if (!why_not && required) {
        const char *value = label_set_get(labels, label_key(required));

        ovs_assert(value && !strcmp(value, label_value(required)));
    }
    free(why_not);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct label_pool *pool = label_pool_create();
    struct input input;

    input_init(&input, data, size);
    struct k8s_policy *policy = make_policy(&input, pool);
    struct k8s_pod *pod = (struct k8s_pod *) parse(
        make_object("v1", "Pod", make_map(&input, 'l')), K8S_POD, pool);

    if (policy) {
        check_canonical(policy->pods, pool);
    }
    if (policy && pod) {
        check_match(&input, policy->pods, pod->labels);
    }
    k8s_object_destroy(policy ? &policy->up : NULL);
    k8s_object_destroy(pod ? &pod->up : NULL);
    input_uninit(&input);
    label_pool_destroy(pool);
    return 0;
}
