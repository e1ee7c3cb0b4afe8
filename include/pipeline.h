/* SPDX-License-Identifier: Apache-2.0
 *
 * pipeline: the tables, registers, priorities and cookies, and the flows that
 * are there whatever the policies.
 *
 * flows/README.md draws the map.  flows/tables.def names the tables, the
 * static flows are flows/?*.flows in ovs-ofctl syntax, built into the program
 * and parsed with libopenvswitch. */

#ifndef PIPELINE_H
#define PIPELINE_H 1

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct flow;
struct flowset;
struct ofpbuf;
struct ofputil_table_map;

/* Tables as offsets from the base. */
enum pipeline_table {
#define TABLE(ID, NAME, PURPOSE) TABLE_##ID,
#include "../flows/tables.def"
#undef TABLE
    N_TABLES
};
extern const char *const pipeline_table_names[N_TABLES];
extern const char *const pipeline_table_purposes[N_TABLES];

/* Table 254 is Open vSwitch's own. */
#define PIPELINE_MAX_TABLE 253
#define PIPELINE_MAX_BASE (PIPELINE_MAX_TABLE - N_TABLES)
#define PIPELINE_DEFAULT_BASE 40
#define PIPELINE_DEFAULT_ZONE 40

/* Registers.  Direction d (enum k8s_direction) has its three from
 * REG_CLASSES(d) on, and its rule in REG_RULE(d). */
#define REG_FLAGS 0
#define REG_FLAG_GUARD (1u << 0)
#define REG_FLAG_FROM_POD (1u << 1)
#define REG_FLAG_AUDIT(DIRECTION) (1u << (3 + (DIRECTION)))
#define REG_TARGET(DIRECTION) (1 + 3 * (DIRECTION))
#define REG_PEER(DIRECTION) (2 + 3 * (DIRECTION))
#define REG_NET(DIRECTION) (3 + 3 * (DIRECTION))
#define REG_RULE(DIRECTION) (7 + (DIRECTION))
#define N_REGISTERS 9

/* Cookies: magic 16 | kind 8 | reserved 8 | id 32. */
#define COOKIE_MAGIC UINT64_C(0x6e70000000000000)
#define COOKIE_MAGIC_MASK UINT64_C(0xffff000000000000)
enum cookie_kind {
    COOKIE_STATIC = 1,          /* id: 0. */
    COOKIE_GUARD,               /* id: OpenFlow port, 0 for strangers. */
    COOKIE_TARGET,              /* id: target class; address -> class. */
    COOKIE_PEER,                /* id: peer class; address -> class. */
    COOKIE_NET,                 /* id: net class; prefix -> class. */
    COOKIE_EXEMPT,              /* id: 0 self and own node, 1 Service,
                                 * 2 tunnel port. */
    COOKIE_CLAUSE,              /* id: 0; shared by many rules. */
    COOKIE_RULE,                /* id: rule; it decides. */
    COOKIE_DROP,                /* id: target class. */
    COOKIE_AUDIT,               /* id: target class; denied, let through. */
    COOKIE_REPORT,              /* id: direction, plus 2 if let through. */
    COOKIE_DENY,                /* id: rule; what it denies ends here. */
    COOKIE_FREE,                /* id: target class; nobody isolates it. */
};

/* Where the switch sends copies of what is reported: the OpenFlow connection
 * with this controller id, at the rate of these meters, so many bytes of
 * each. */
#define PIPELINE_CONTROLLER_ID 0x6e70
#define PIPELINE_METER(AUDIT) (0x6e70 + (AUDIT))
#define PIPELINE_N_METERS 2
#define PIPELINE_REPORT_SIZE 192

static inline uint64_t
cookie_make(enum cookie_kind kind, uint32_t id)
{
    return COOKIE_MAGIC | (uint64_t) kind << 40 | id;
}

static inline enum cookie_kind
cookie_kind(uint64_t cookie)
{
    return (cookie >> 40) & 0xff;
}

static inline uint32_t
cookie_id(uint64_t cookie)
{
    return cookie;
}

/* Priorities. */
#define PRIORITY_HOOK 65500     /* Table 0, flows/hook.flows. */
#define PRIORITY_TUNNEL 400     /* Conntrack: among what a pod never sends. */
#define PRIORITY_EXEMPT 200     /* Target tables: never asked. */
#define PRIORITY_TARGET_CLOSED 300      /* IngressTarget: no address yet. */
#define PRIORITY_CLASS 100      /* Address tables. */
#define PRIORITY_PREFIX 100     /* Net tables: plus the prefix length. */
#define PRIORITY_FREE 30000     /* Rule tables: nobody isolates the target. */
#define PRIORITY_ALLOW 20000    /* Rule tables: no conjunction needed. */
#define PRIORITY_CONJ 10000     /* Rule tables: minus the band. */
#define PRIORITY_DENY 110       /* Drop table: what a rule denies. */
#define PRIORITY_DROP 100       /* Drop table: the rest. */
#define PRIORITY_AUDIT 2000     /* Drop table: above recheck's marking. */
#define PRIORITY_REPORT 100     /* Report table: plus bands, see emit.c. */
#define PRIORITY_GUARD_UNKNOWN 1        /* SpoofGuard: ports not known yet. */
#define PRIORITY_GUARD_KNOWN 10         /* SpoofGuard: no pod's. */
#define PRIORITY_GUARD_STRANGER 50      /* SpoofGuard: uplinks. */
#define PRIORITY_GUARD_GATEWAY 60       /* SpoofGuard: the host. */
#define PRIORITY_GUARD_CLOSED 100       /* SpoofGuard: the rest of a port. */
#define PRIORITY_GUARD_OPEN 200         /* SpoofGuard: one's own addresses. */
#define PRIORITY_GUARD_NEVER 300        /* SpoofGuard: not even with those. */

/* How packets come to our tables, and where to those go that are allowed. */
enum pipeline_attach {
    ATTACH_HOOK,                /* From table 0, and back to it. */
    ATTACH_CHAIN,               /* By others' flows, and on to 'next_table'. */
    ATTACH_NORMAL,              /* From table 0, and out by NORMAL. */
};
const char *pipeline_attach_name(enum pipeline_attach);         /* "hook" */
/* Returns false and leaves '*attach' alone if 's' is no such name. */
bool pipeline_attach_parse(const char *s, enum pipeline_attach *attach);

struct pipeline_config {
    uint8_t base;               /* 1..PIPELINE_MAX_BASE. */
    uint16_t zone;              /* Conntrack zone. */
    bool recheck;               /* established: recheck. */
    enum pipeline_attach attach;
    uint8_t next_table;         /* With ATTACH_CHAIN: who gets what is
                                 * allowed; 0 while that is not known. */
};

static inline uint8_t
pipeline_table(const struct pipeline_config *config, enum pipeline_table t)
{
    return config->base + t;
}

/* What a packet that comes to the Report table is about, read off its
 * registers. */
struct pipeline_report {
    uint8_t direction;          /* enum k8s_direction. */
    bool audit;                 /* Let through, or dropped? */
    uint32_t target;            /* The class of the target that denied it. */
    uint32_t rule;              /* The rule of a cluster policy that denied it;
                                 * 0: that no rule allowed it. */
};
void pipeline_get_report(const struct flow *, struct pipeline_report *);

/* True if a flow in 'table' with 'cookie' is one by which a NetworkPolicy
 * allows something, or a part of one, or just reports what is denied: without
 * it nothing more passes than with it. */
bool pipeline_only_allows(const struct pipeline_config *, uint8_t table,
                          uint64_t cookie);

/* Our names for the tables; free with pipeline_table_map_destroy(). */
struct ofputil_table_map *pipeline_table_map(const struct pipeline_config *);
void pipeline_table_map_destroy(struct ofputil_table_map *);

/* True if 'table' is one of ours. */
static inline bool
pipeline_has_table(const struct pipeline_config *config, unsigned int table)
{
    return table >= config->base && table < config->base + N_TABLES;
}

/* Adds the static flows to 'fs'.  They are part of the program: that they
 * parse is a test, and it asserts. */
void pipeline_install(const struct pipeline_config *, struct flowset *fs);
/* The same for just those that depend on 'next_table'. */
void pipeline_install_next(const struct pipeline_config *,
                           struct flowset *fs);

/* Action "goto_table:T". */
void pipeline_put_goto(const struct pipeline_config *, enum pipeline_table,
                       struct ofpbuf *ofpacts);
/* Action "resubmit(,T)": the actions behind it follow. */
void pipeline_put_resubmit(const struct pipeline_config *,
                           enum pipeline_table, struct ofpbuf *ofpacts);
/* Action "set_field:FLAG/FLAG->reg0". */
void pipeline_put_set_flag(uint32_t flag, struct ofpbuf *ofpacts);
/* Action "set_field:VALUE->regREG". */
void pipeline_put_set_reg(int reg, uint32_t value, struct ofpbuf *ofpacts);

#endif /* pipeline.h */
