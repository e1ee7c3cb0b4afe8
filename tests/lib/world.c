/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include "doc.h"
#include "flowset.h"
#include "flowtext.h"
#include "label.h"
#include "model.h"

void
world_init(struct world *w, const struct compile_config *config)
{
    const struct compile_config defaults = {
        .pipeline = { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false },
    };
    struct in6_addr addr;

    w->pool = label_pool_create();
    w->model = model_create(w->pool);
    w->compile = compile_create(config ? config : &defaults, w->pool,
                                w->model);
    w->fs = compile_flowset(w->compile);
    assert_true(address_parse(WORLD_NODE_ADDRESS, &addr));
    model_set_node_name(w->model, WORLD_NODE);
    model_set_node_addresses(w->model, &addr, 1);
    world_run(w);
}

void
world_uninit(struct world *w)
{
    compile_destroy(w->compile);
    model_destroy(w->model);
    label_pool_destroy(w->pool);
}

static void
put_node(struct world *w, const struct doc_node *node)
{
    struct k8s_report report;
    struct k8s_object *object;
    enum k8s_kind kind;
    char *key;

    assert_true(k8s_identify(node, NULL, &kind));
    object = k8s_parse(kind, node, w->pool, NULL, &report, &key);
    if (report.error) {
        fail_msg("%s: %s", key, report.error);
    }
    assert_non_null(object);
    model_put(w->model, object);
    k8s_report_uninit(&report);
    free(key);
}

void
world_put(struct world *w, const char *yaml)
{
    struct doc **docs;
    size_t n;
    char *error = doc_parse_yaml(yaml, strlen(yaml), NULL, &docs, &n);

    if (error) {
        fail_msg("%s in:\n%s", error, yaml);
    }
    for (size_t i = 0; i < n; i++) {
        put_node(w, doc_root(docs[i]));
        doc_destroy(docs[i]);
    }
    free(docs);
}

void
world_delete(struct world *w, const char *kind_name, const char *ns,
             const char *name)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        if (!strcmp(kind_name, k8s_kind_name(kind))) {
            assert_true(model_delete(w->model, kind, ns, name));
            return;
        }
    }
    fail_msg("unknown kind %s", kind_name);
}

size_t
world_run(struct world *w)
{
    compile_run(w->compile);
    return flowtext_settle(w->fs);
}

size_t
world_apply(struct world *w, const char *yaml)
{
    world_put(w, yaml);
    return world_run(w);
}

static uint8_t
table_number(const struct world *w, enum pipeline_table table)
{
    return pipeline_table(&compile_config(w->compile)->pipeline, table);
}

char *
world_flows(const struct world *w, enum pipeline_table table)
{
    return flowtext_table(w->fs, table_number(w, table));
}

size_t
world_count(const struct world *w, enum pipeline_table table)
{
    return flowtext_count(w->fs, table_number(w, table));
}

uint32_t
world_class(const struct world *w, enum pipeline_table table,
            const char *match)
{
    char *flows = world_flows(w, table);
    char *pattern = xasprintf(",%s actions=set_field:", match);
    const char *found = strstr(flows, pattern);
    uint32_t class = found ? strtoul(found + strlen(pattern), NULL, 0) : 0;

    free(pattern);
    free(flows);
    return class;
}
