/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "doc.h"
#include "flowset.h"
#include "flowtext.h"
#include "label.h"
#include "model.h"

void
scene_init(struct scene *s, const struct compile_config *config)
{
    const struct compile_config defaults = {
        .pipeline = { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false },
    };
    struct in6_addr addr;

    s->pool = label_pool_create();
    s->model = model_create(s->pool);
    s->compile = compile_create(config ? config : &defaults, s->pool,
                                s->model);
    s->fs = compile_flowset(s->compile);
    assert_true(address_parse(SCENE_NODE_ADDRESS, &addr));
    model_set_node_name(s->model, SCENE_NODE);
    model_set_node_addresses(s->model, &addr, 1);
    scene_run(s);
}

void
scene_uninit(struct scene *s)
{
    compile_destroy(s->compile);
    model_destroy(s->model);
    label_pool_destroy(s->pool);
}

static void
note_report(const struct k8s_report *report, const char *key,
            struct ds *notes)
{
    if (report->error) {
        ds_put_format(notes, "error: %s: %s\n", key, report->error);
    }
    for (size_t i = 0; i < report->n_warnings; i++) {
        ds_put_format(notes, "warning: %s: %s\n", key,
                      report->warnings[i].text);
    }
}

/* 'notes' NULL: an error fails the test. */
static void
put_node(struct scene *s, const struct doc_node *node, struct ds *notes)
{
    struct k8s_report report;
    struct k8s_object *object;
    enum k8s_kind kind;
    char *key;

    if (!k8s_identify(node, NULL, &kind)) {
        assert_non_null(notes);
        ds_put_cstr(notes, "skipped: an object of another kind\n");
        return;
    }
    object = k8s_parse(kind, node, s->pool, NULL, &report, &key);
    if (report.error && !notes) {
        fail_msg("%s: %s", key, report.error);
    }
    if (notes) {
        note_report(&report, key, notes);
    }
    if (object) {
        model_put(s->model, object);
    }
    k8s_report_uninit(&report);
    free(key);
}

void
scene_put_tolerant(struct scene *s, const char *yaml, struct ds *notes)
{
    struct doc **docs;
    size_t n;
    char *error = doc_parse_yaml(yaml, strlen(yaml), NULL, &docs, &n);

    if (error) {
        fail_msg("%s in:\n%s", error, yaml);
    }
    for (size_t i = 0; i < n; i++) {
        put_node(s, doc_root(docs[i]), notes);
        doc_destroy(docs[i]);
    }
    free(docs);
}

void
scene_put(struct scene *s, const char *yaml)
{
    scene_put_tolerant(s, yaml, NULL);
}

void
scene_delete(struct scene *s, const char *kind_name, const char *ns,
             const char *name)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        if (!strcmp(kind_name, k8s_kind_name(kind))) {
            assert_true(model_delete(s->model, kind, ns, name));
            return;
        }
    }
    fail_msg("unknown kind %s", kind_name);
}

size_t
scene_run(struct scene *s)
{
    compile_run(s->compile);
    return flowtext_settle(s->fs);
}

size_t
scene_apply(struct scene *s, const char *yaml)
{
    scene_put(s, yaml);
    return scene_run(s);
}

static uint8_t
table_number(const struct scene *s, enum pipeline_table table)
{
    return pipeline_table(&compile_config(s->compile)->pipeline, table);
}

char *
scene_flows(const struct scene *s, enum pipeline_table table)
{
    return flowtext_table(s->fs, table_number(s, table));
}

size_t
scene_count(const struct scene *s, enum pipeline_table table)
{
    return flowtext_count(s->fs, table_number(s, table));
}

uint32_t
scene_class(const struct scene *s, enum pipeline_table table,
            const char *match)
{
    char *flows = scene_flows(s, table);
    char *pattern = xasprintf(",%s actions=set_field:", match);
    const char *found = strstr(flows, pattern);
    uint32_t class = found ? strtoul(found + strlen(pattern), NULL, 0) : 0;

    free(pattern);
    free(flows);
    return class;
}
