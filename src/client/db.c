/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "db.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "dirs.h"
#include "jsonrpc.h"
#include "socket-util.h"
#include "stream.h"
#include "util.h"

#define TIMEOUT_MSEC 5000

static const char select_bridges[] =
    "[\"Open_vSwitch\", {\"op\": \"select\", \"table\": \"Bridge\", "
    "\"where\": [], \"columns\": [\"name\", \"fail_mode\", "
    "\"datapath_type\"]}]";

static void
read_bridge(const struct json *row, const char *bridge, struct db_facts *facts)
{
    const char *name = answer_string(row, "name");
    const char *type = answer_string(row, "datapath_type");
    /* An empty set if it is not there. */
    const char *mode = answer_string(row, "fail_mode");

    svec_add(&facts->bridges, name);
    if (bridge && !strcmp(name, bridge)) {
        facts->found = true;
        facts->fail_mode = mode[0] ? xstrdup(mode) : NULL;
        facts->datapath_type = xstrdup(type[0] ? type : "system");
    }
}

/* Asks one question.  Returns the rows of the answer (caller frees), or
 * NULL. */
static struct json *
select_rows(struct jsonrpc *rpc, const char *params, char **error)
{
    struct jsonrpc_msg *reply;
    struct json *rows = NULL;
    int errnum = jsonrpc_transact_block(
        rpc, jsonrpc_create_request("transact", json_from_string(params),
                                    NULL), &reply);

    if (errnum) {
        *error = xasprintf("%s: %s", jsonrpc_get_name(rpc),
                           ovs_retval_to_string(errnum));
        return NULL;
    }
    if (answer_count(reply->result)) {
        const struct json *found = answer_get(answer_at(reply->result, 0),
                                              "rows");

        rows = found ? json_clone(found) : NULL;
    }
    jsonrpc_msg_destroy(reply);
    if (!rows) {
        *error = xasprintf("%s: not the database of Open vSwitch",
                           jsonrpc_get_name(rpc));
    }
    return rows;
}

static char *
connect_block(const char *name, struct jsonrpc **rpc)
{
    struct stream *stream;
    int errnum = jsonrpc_stream_open(name, &stream, DSCP_DEFAULT);

    errnum = stream_open_block(errnum, TIMEOUT_MSEC, &stream);
    if (errnum) {
        return xasprintf("%s: %s", name, ovs_retval_to_string(errnum));
    }
    *rpc = jsonrpc_open(stream);
    return NULL;
}

char *
db_read(const char *remote, const char *bridge, struct db_facts *facts)
{
    char *name = (remote && remote[0] ? xstrdup(remote)
                  : xasprintf("unix:%s/db.sock", ovs_rundir()));
    struct json *rows = NULL;
    struct jsonrpc *rpc = NULL;

    memset(facts, 0, sizeof *facts);
    svec_init(&facts->bridges);
    char *error = connect_block(name, &rpc);
    if (!error) {
        rows = select_rows(rpc, select_bridges, &error);
        jsonrpc_close(rpc);
    }
    for (size_t i = 0; i < answer_count(rows); i++) {
        read_bridge(answer_at(rows, i), bridge, facts);
    }
    svec_sort(&facts->bridges);
    json_destroy(rows);
    free(name);
    return error;
}

void
db_facts_uninit(struct db_facts *facts)
{
    svec_destroy(&facts->bridges);
    free(facts->fail_mode);
    free(facts->datapath_type);
}
