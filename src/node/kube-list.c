/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists.  All pages of one are of one moment, that of the first.  Objects come
 * into the model with their page; what vanished goes when the last page was
 * read. */

#include <config.h>

#include "kube.h"

#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "model.h"
#include "openvswitch/vlog.h"
#include "util.h"

#include "kube-private.h"

VLOG_DEFINE_THIS_MODULE(kube_list);

/* Objects of the first page.  Grows when the server forgets the moment of a
 * list before we have read all of its pages. */
#define MIN_PAGE 500
#define MAX_PAGE 64000

/* Data that was received and not looked at yet. */
#define MAX_DATA (64 * 1024 * 1024)

/* A list that stalls this long is given up. */
#define STALL_SECONDS 30

/* What a page says of itself is never longer. */
#define MAX_TOKEN (16 * 1024)

static void
start_page(struct kube_kind *k)
{
    struct ds path = DS_EMPTY_INITIALIZER;

    ds_put_format(&path, "%s?limit=%u", kube_kind_path(k), k->page_size);
    if (k->next) {
        ds_put_cstr(&path, "&continue=");
        kube_put_escaped(&path, k->next);
    }

    struct kube_get get = {
        .path = ds_cstr(&path),
        .max_data = MAX_DATA,
        .stall = STALL_SECONDS,
        .quiet = k->missing,
    };
    kube_request_destroy(k->request);
    k->request = kube_get(k->kube, &get);
    ds_destroy(&path);

    split_uninit(&k->split);
    split_init(&k->split);
}

void
kube_list_start(struct kube_kind *k)
{
    if (!k->page_size) {
        k->page_size = MIN_PAGE;
    }
    k->state = KUBE_LISTING;
    k->ticket = k->kube->ticket;
    k->has_unreadable = false;
    k->retains = !kube_store_is_empty(&k->kube->store, k->kind);
    k->n_lists++;
    start_page(k);
}

/* Takes 'error', which keeps an object from being read. */
static void
complain(struct kube_kind *k, char *error)
{
    k->has_unreadable = true;
    kube_store_complain(&k->kube->store, k->kind, error);
    free(error);
}

static void
handle_item(const char *text, size_t size, void *k_)
{
    struct kube_kind *k = k_;
    struct doc *doc = NULL;

    char *error = kube_parse(text, size, &doc);
    if (!error) {
        error = kube_store_put(&k->kube->store, k->kind, doc_root(doc),
                               k->retains ? &k->seen : NULL);
    }
    if (error) {
        complain(k, error);
    }
    doc_destroy(doc);
}

static void
complete(struct kube_kind *k, const char *version)
{
    size_t n_gone = (k->has_unreadable || !k->retains ? 0
                     : kube_store_retain(&k->kube->store, k->kind, &k->seen));

    VLOG_DBG("%s: %"PRIuSIZE" there, %"PRIuSIZE" gone, version %.64s",
             kube_kind_name(k), model_count(k->kube->store.model, k->kind),
             n_gone, version);
    kube_optional_found(k);
    free(k->version);
    k->version = xstrdup(version);
    k->done_ticket = k->ticket;
    k->synced = true;
    k->must_list = false;
    k->page_size = MIN_PAGE;
    kube_kind_cancel(k);
}

/* A page was read.  Goes on to the next, if there is one. */
static void
end_page(struct kube_kind *k, const struct doc_node *list)
{
    const struct doc_node *metadata = doc_node_get(list, "metadata");
    const char *version = kube_get_string(metadata, "resourceVersion");
    const char *next = kube_get_string(metadata, "continue");

    if (!version || strlen(version) > MAX_TOKEN || (next && strlen(next)
                                                    > MAX_TOKEN)) {
        kube_kind_fail(k, xstrdup("the reply is not a list"));
    } else if (next && next[0]) {
        free(k->next);
        k->next = xstrdup(next);
        start_page(k);
    } else {
        complete(k, version);
    }
}

static void
parse_page(struct kube_kind *k)
{
    struct doc *doc = NULL;
    char *error = (split_is_complete(&k->split)
                   ? kube_parse(ds_cstr(&k->split.rest), k->split.rest.length,
                                &doc)
                   : xstrdup("the reply is not complete"));

    if (error) {
        kube_kind_fail(k, error);
    } else {
        end_page(k, doc_root(doc));
    }
    doc_destroy(doc);
}

/* The server has forgotten the moment of the list: again, with larger
 * pages. */
static void
expire(struct kube_kind *k)
{
    k->page_size = MIN(k->page_size * 4, MAX_PAGE);
    VLOG_INFO("%s: the list expired between its pages, trying again with %u "
              "a page", kube_kind_name(k), k->page_size);
    kube_kind_fail(k, NULL);
}

void
kube_list_run(struct kube_kind *k)
{
    struct kube_request *r = k->request;
    char *error = NULL;
    size_t size;

    if (kube_request_status(r) == 200) {
        const char *text = kube_request_data(r, &size);

        error = split_feed(&k->split, text, size, handle_item, k);
        kube_request_consume(r, size);
    }
    if (!error) {
        error = kube_request_problem(r);
    }

    if (error && k->next && kube_request_status(r) == 410) {
        free(error);
        expire(k);
    } else if (error && !kube_optional_refused(k, kube_request_status(r),
                                               error)) {
        kube_kind_fail(k, error);
    } else if (!error && kube_request_is_done(r)) {
        parse_page(k);
    }
}
