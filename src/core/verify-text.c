/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include "flow.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/match.h"
#include "packets.h"
#include "util.h"

static const char *
describe_outcome(const struct replica_outcome *o)
{
    return (o->strange ? "do what ours never do"
            : !o->passed ? "drop it"
            : !o->guarded ? "never see it"
            : "let it through");
}

void
verify_mismatch_summary(const struct verify_mismatch *m, struct ds *s)
{
    ds_put_format(s, "%s: ", m->what);
    verdict_format_query(&m->query, s);
    ds_put_format(s, ": the policies say %s, the flows %s",
                  m->expected ? "allowed" : "denied",
                  describe_outcome(&m->outcome));
}

void
verify_mismatch_trace(const struct verify_mismatch *m, struct ds *s)
{
    bool is_new = m->ct_state & CS_NEW;
    bool is_reply = m->ct_state & CS_REPLY_DIR;
    struct flow packet = m->packet;
    struct match match;

    packet.nw_ttl = 64;
    match_wc_init(&match, &packet);
    match.wc.masks.nw_frag = 0;
    match.wc.masks.ct_state = 0;
    ds_put_char(s, '\'');
    match_format(&match, NULL, s, OFP_DEFAULT_PRIORITY);
    ds_put_format(s, "' --ct-next 'trk,%s%s'", is_new ? "new" : "est",
                  is_reply ? ",rpl" : "");
}

void
verify_mismatch_flows(const struct verify *v, const struct verify_mismatch *m,
                      struct ds *s)
{
    struct replica_outcome outcome;

    replica_send(v->replica, &m->packet, m->ct_state, &outcome, s);
}

void
verify_mismatch_format(const struct verify *v, const struct verify_mismatch *m,
                       struct ds *s)
{
    struct verdict verdict;

    verify_mismatch_summary(m, s);
    ds_put_cstr(s, "\npacket: ");
    verify_mismatch_trace(m, s);
    ds_put_cstr(s, "\nflows:\n");
    verify_mismatch_flows(v, m, s);
    ds_put_format(s, "%u commits%s\n", m->outcome.n_commits,
                  m->outcome.marked ? ", marked" : "");
    verdict_evaluate(v->model, &m->query, &verdict);
    verdict_format(&m->query, &verdict, s);
    verdict_uninit(&verdict);
}
