/* SPDX-License-Identifier: Apache-2.0
 *
 * objects: what the thinking commands think about.
 *
 * One model, filled from the daemon's "objects", from a directory of
 * manifests, from single files, or from standard input, in YAML or JSON.  What
 * is wrong with objects is printed on standard error, as the daemon would put
 * it into its log, and what could be understood counts.
 *
 * Only what the daemon says, now or in a file that was made by `ovs-netpol
 * objects`, knows about the node. */

#ifndef OBJECTS_H
#define OBJECTS_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"
#include "snapshot.h"

struct client_command;
struct client_options;
struct compile;
struct dir_problem;
struct label_pool;
struct model;
struct policy_name;
struct svec;

struct objects {
    struct label_pool *pool;
    bool shares_pool;           /* It is another's. */
    struct model *model;
    struct snapshot_node node;  /* The daemon's, ... */
    bool has_node;              /* ...or else defaults. */
    size_t n_problems;          /* That were told, without warnings, */
    size_t n_refused;           /* and those of them that are about what could
                                 * not be understood. */

    /* Called with what is wrong in files and directories, unless it is NULL;
     * then nothing is printed, and nothing at all to think about is no error
     * if it is because of that.  Warnings are told to nobody else. */
    void (*on_problem)(const struct dir_problem *, bool is_warning, void *aux);
    /* Called with each text that was read, unless it is NULL. */
    void (*on_text)(const char *name, const char *text, size_t size,
                    void *aux);
    void *aux;
};

void objects_init(struct objects *);
void objects_uninit(struct objects *);
/* The same, with the label pool of 'other', which must live longer: objects of
 * both can be compared. */
void objects_init_beside(struct objects *, const struct objects *other);
/* Fills an empty one with all that 'other' has.  Returns NULL or a message
 * (caller frees). */
char *objects_copy(struct objects *, const struct objects *other)
    OVS_WARN_UNUSED_RESULT;

/* Each adds to the model; what is already there and comes again is replaced.
 * They return NULL, or a message (caller frees).  Of files, "-" is standard
 * input; an object that two of them have counts as in the last. */
char *objects_add_dir(struct objects *, const char *dir)
    OVS_WARN_UNUSED_RESULT;
char *objects_add_files(struct objects *, const struct svec *files)
    OVS_WARN_UNUSED_RESULT;
char *objects_add_daemon(struct objects *, const char *target)
    OVS_WARN_UNUSED_RESULT;

/* Adds from where the options say: --dir and -f, or else the daemon.  It is an
 * error if there is not one object.  On errors complains and returns
 * false. */
bool objects_load(struct objects *, const struct client_command *,
                  const struct client_options *);

/* The policy of that name, or NULL. */
const struct k8s_object *objects_find_policy(const struct objects *,
                                             const struct policy_name *);
/* True if there is a namespace 'ns', or something in it. */
bool objects_know_namespace(const struct objects *, const char *ns);

/* Compiles the objects for the node that the model knows.  The caller destroys
 * it, before the objects. */
struct compile *objects_compile(const struct objects *);

/* Without a node nobody knows which pods are here.  Makes 'name' the node,
 * whose pods are those with that spec.nodeName; or, if that is NULL, makes
 * every pod one of this node, as if the cluster had no other. */
void objects_assume_node(struct objects *, const char *name);

/* A switch does what it does by the ports of pods, which only a daemon knows.
 * Returns NULL if these objects have them, or a message (caller frees). */
char *objects_check_ports(const struct objects *) OVS_WARN_UNUSED_RESULT;

#endif /* objects.h */
