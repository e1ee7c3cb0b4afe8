/* SPDX-License-Identifier: Apache-2.0
 *
 * Closing a YAML map: keys are unique, and merge keys bring in the members of
 * other maps, https://yaml.org/type/merge.html: what the map says itself
 * counts, then the first of the merged ones. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "doc-private.h"

/* Something that may become a member. */
struct candidate {
    const char *key;
    const struct doc_node *value;
    const struct doc_entry *entry;      /* NULL if merged. */
    bool dropped;
};

struct candidates {
    struct candidate *array;
    size_t n, allocated;
};

static void
add(struct candidates *c, const char *key, const struct doc_node *value,
    const struct doc_entry *entry)
{
    if (c->n >= c->allocated) {
        c->array = x2nrealloc(c->array, &c->allocated, sizeof *c->array);
    }
    c->array[c->n++] = (struct candidate) {
        .key = key,
        .value = value,
        .entry = entry,
    };
}

static char *
message(const struct doc_entry *entry, const char *text, const char *key)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "%"PRIu32":%"PRIu32": %s", entry->line, entry->column,
                  text);
    if (key) {
        ds_put_char(&s, ' ');
        doc_format_quoted(key, &s);
    }
    return ds_steal_cstr(&s);
}

static bool
add_members(struct candidates *c, const struct doc_node *map)
{
    if (map->type != DOC_MAP) {
        return false;
    }
    for (size_t i = 0; i < map->n; i++) {
        add(c, map->members[i].key, &map->members[i].value, NULL);
    }
    return true;
}

static bool
add_merged(struct candidates *c, const struct doc_node *value)
{
    if (value->type != DOC_LIST) {
        return add_members(c, value);
    }
    for (size_t i = 0; i < value->n; i++) {
        if (!add_members(c, &value->items[i])) {
            return false;
        }
    }
    return true;
}

/* Collects the map's own members and then the merged ones. */
static char *
collect(struct candidates *c, const struct doc_entry entries[], size_t n)
{
    const struct doc_entry *merge = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct doc_entry *e = &entries[i];

        if (!e->is_merge) {
            add(c, e->key, &e->value, e);
        } else if (merge) {
            return message(e, "duplicate key", e->key);
        } else {
            merge = e;
        }
    }
    if (merge && !add_merged(c, &merge->value)) {
        return message(merge, "the merge key \"<<\" needs a map or a list of "
                       "maps", NULL);
    }
    return NULL;
}

static int
compare_candidates(const void *a_, const void *b_)
{
    const struct candidate *const *a = a_;
    const struct candidate *const *b = b_;
    int cmp = strcmp((*a)->key, (*b)->key);

    return cmp ? cmp : *a < *b ? -1 : *a > *b;
}

/* Drops all but the first of several candidates with one key.  Of the map's
 * own members there may be only one.  Sorting, and not hashing: no choice of
 * keys can make it slow. */
static char *
drop_duplicates(struct candidates *c)
{
    struct candidate **sorted = xmalloc(c->n * sizeof *sorted);
    const struct doc_entry *duplicate = NULL;

    for (size_t i = 0; i < c->n; i++) {
        sorted[i] = &c->array[i];
    }
    qsort(sorted, c->n, sizeof *sorted, compare_candidates);
    for (size_t i = 1; i < c->n; i++) {
        if (!strcmp(sorted[i]->key, sorted[i - 1]->key)) {
            sorted[i]->dropped = true;
            if (sorted[i]->entry
                && (!duplicate || sorted[i]->entry < duplicate)) {
                duplicate = sorted[i]->entry;
            }
        }
    }
    free(sorted);
    return (duplicate
            ? message(duplicate, "duplicate key", duplicate->key) : NULL);
}

static void
set_members(struct doc *doc, struct doc_node *map, const struct candidates *c)
{
    struct doc_member *members = doc_alloc(doc, c->n * sizeof *members);
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++) {
        if (!c->array[i].dropped) {
            members[n].key = c->array[i].key;
            members[n++].value = *c->array[i].value;
        }
    }
    map->type = DOC_MAP;
    map->members = members;
    map->n = n;
}

char *
doc_node_set_map(struct doc *doc, struct doc_node *map,
                 const struct doc_entry entries[], size_t n, size_t max_items)
{
    struct candidates c = {NULL, 0, 0};
    char *error = collect(&c, entries, n);

    if (!error && c.n > 1) {
        error = drop_duplicates(&c);
    }
    if (!error) {
        set_members(doc, map, &c);
        if (map->n > max_items) {
            error = xasprintf("%"PRIu32":%"PRIu32": more than %"PRIuSIZE
                              " members in one map", map->line, map->column,
                              max_items);
        }
    }
    free(c.array);
    return error;
}
