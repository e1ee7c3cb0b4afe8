/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML to documents: libyaml's events become calls of doc-build.h. */

#include <config.h>

#include "doc.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "util.h"

#include "doc-build.h"

#define YAML_ORG "tag:yaml.org,2002:"

struct reader {
    struct doc_build build;
    yaml_parser_t parser;
    const char *text;
    size_t size;
};

static struct doc_place
place_of(const yaml_mark_t *mark)
{
    return (struct doc_place) {
        .line = MIN(mark->line + 1, UINT32_MAX),
        .column = MIN(mark->column + 1, UINT32_MAX),
    };
}

/* Gives 'node' the type that the core schema says.  'text' belongs to the
 * document. */
static void
resolve_plain(struct reader *r, struct doc_node *node, const char *text)
{
    struct doc_scalar scalar;

    doc_scalar_resolve(text, &scalar);
    if (scalar.type == DOC_INTEGER) {
        doc_node_set_integer(r->build.doc, node, scalar.integer, text,
                             strlen(text));
    } else if (scalar.type == DOC_REAL) {
        doc_node_set_real(r->build.doc, node, scalar.real, text,
                          strlen(text));
    } else {
        node->type = scalar.type;
        node->boolean = scalar.type == DOC_BOOL && scalar.boolean;
        node->text = text;
    }
}

static void
resolve_string(struct doc_node *node, const char *text)
{
    node->type = DOC_STRING;
    node->text = text;
}

/* A scalar with a tag, which must agree with the text. */
static bool
resolve_tagged(struct reader *r, struct doc_node *node, const char *text,
               const char *tag, struct doc_place place)
{
    static const struct {
        const char *tag;
        enum doc_type type;
        const char *problem;
    } tags[] = {
        {YAML_ORG "null", DOC_NULL, "not a YAML null:"},
        {YAML_ORG "bool", DOC_BOOL, "not a YAML bool:"},
        {YAML_ORG "int", DOC_INTEGER, "not a YAML integer:"},
        {YAML_ORG "float", DOC_REAL, "not a YAML float:"},
    };

    if (!strcmp(tag, "!") || !strcmp(tag, YAML_ORG "str")) {
        resolve_string(node, text);
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        if (!strcmp(tag, tags[i].tag)) {
            resolve_plain(r, node, text);
            return (node->type == tags[i].type
                    || doc_build_fail_quoted(&r->build, place,
                                             tags[i].problem, text));
        }
    }
    return doc_build_fail_quoted(&r->build, place, "unsupported tag", tag);
}

static bool
read_scalar(struct reader *r, const yaml_event_t *event)
{
    struct doc_place place = place_of(&event->start_mark);
    const char *value = (const char *) event->data.scalar.value;
    const char *anchor = (const char *) event->data.scalar.anchor;
    const char *tag = (const char *) event->data.scalar.tag;
    size_t n = event->data.scalar.length;
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct doc_node node = { .line = place.line, .column = place.column };

    if (memchr(value, '\0', n)) {
        return doc_build_fail(&r->build, place,
                              "a string may not contain a NUL character");
    }

    const char *text = doc_copy(r->build.doc, value, n);

    if (tag) {
        if (!resolve_tagged(r, &node, text, tag, place)) {
            return false;
        }
    } else if (is_plain) {
        resolve_plain(r, &node, text);
    } else {
        resolve_string(&node, text);
    }
    return doc_build_scalar(&r->build, &node, anchor,
                            is_plain && !strcmp(text, "<<"));
}

static bool
open_node(struct reader *r, enum doc_type type, const yaml_char_t *anchor,
          const yaml_char_t *tag_, const yaml_mark_t *mark)
{
    const char *tag = (const char *) tag_;
    const char *core = type == DOC_MAP ? YAML_ORG "map" : YAML_ORG "seq";

    if (tag && strcmp(tag, "!") && strcmp(tag, core)) {
        return doc_build_fail_quoted(&r->build, place_of(mark),
                                     "unsupported tag", tag);
    }
    return doc_build_open(&r->build, type, (const char *) anchor,
                          place_of(mark));
}

static bool
handle_event(struct reader *r, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return doc_build_begin(&r->build, place_of(mark));
    case YAML_DOCUMENT_END_EVENT:
        doc_build_end(&r->build);
        return true;
    case YAML_ALIAS_EVENT:
        return doc_build_alias(&r->build,
                               (const char *) event->data.alias.anchor,
                               place_of(mark));
    case YAML_SCALAR_EVENT:
        return read_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(r, DOC_LIST, event->data.sequence_start.anchor,
                         event->data.sequence_start.tag, mark);
    case YAML_MAPPING_START_EVENT:
        return open_node(r, DOC_MAP, event->data.mapping_start.anchor,
                         event->data.mapping_start.tag, mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return doc_build_close(&r->build);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return true;
    }
    OVS_NOT_REACHED();
}

/* Finds the place of byte 'offset'. */
static struct doc_place
locate(const struct reader *r, size_t offset)
{
    struct doc_place place = {1, 1};

    for (size_t i = 0; i < MIN(offset, r->size); i++) {
        if (r->text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else {
            place.column++;
        }
    }
    return place;
}

static bool
fail_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "cannot be read";

    if (p->error == YAML_READER_ERROR) {
        /* libyaml knows no line here. */
        return doc_build_fail(&r->build, locate(r, p->problem_offset), "%s",
                              problem);
    }
    return doc_build_fail(&r->build, place_of(&p->problem_mark), "%s%s%s",
                          p->context ? p->context : "",
                          p->context ? ": " : "", problem);
}

static bool
read_stream(struct reader *r)
{
    for (;;) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event)) {
            return fail_syntax(r);
        }

        bool ok = handle_event(r, &event);
        bool end = event.type == YAML_STREAM_END_EVENT;

        yaml_event_delete(&event);
        if (!ok || end) {
            return ok;
        }
    }
}

char *
doc_parse_yaml(const char *text, size_t size, const struct doc_limits *limits,
               struct doc ***docs, size_t *n)
{
    struct reader r = { .text = text, .size = size };

    doc_build_init(&r.build, limits);
    if (size > r.build.limits.max_size) {
        doc_build_fail(&r.build, locate(&r, 0), "more than %"PRIuSIZE" bytes",
                       r.build.limits.max_size);
    } else {
        if (!yaml_parser_initialize(&r.parser)) {
            out_of_memory();
        }
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)
                                     (size ? text : ""), size);
        read_stream(&r);
        yaml_parser_delete(&r.parser);
    }
    doc_build_uninit(&r.build);

    *docs = r.build.docs;
    *n = r.build.n_docs;
    return r.build.error;
}
