/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd: what the daemon answers on its control socket.
 *
 * The commands "status", "pods", "policies", "objects" and "explain", for
 * ovs-netpol(1) and ovs-appctl(8) alike.  An observer: it only reads what it
 * is shown, and answers at once.  "-o json" after a command gives JSON; the
 * fields are described in ovs-netpol(1). */

#ifndef CMD_H
#define CMD_H 1

#include <stdbool.h>
#include <stddef.h>

#include "dir.h"

struct audit;
struct basis;
struct bridge;
struct ds;
struct flowset;
struct health;
struct http;
struct json;
struct kube;
struct model;
struct pipeline_config;
struct policies;
struct ports;
struct settings;
struct sset;
struct state;
struct survey;

/* What there is to see; all borrowed. */
struct cmd_context {
    const struct settings *settings;
    const struct model *model;
    const struct dir *dir;      /* Or NULL, */
    struct kube *kube;          /* and then this is not NULL. */
    const struct ports *ports;
    const struct flowset *flowset;
    const struct pipeline_config *pipeline;
    const struct bridge *bridge;
    const struct policies *policies;    /* Or NULL. */
    const struct sset *refused; /* "NS/NAME" of policies with flows that the
                                 * switch does not take; or NULL. */
    const struct survey *survey;        /* The last one; or NULL. */
    const struct health *health;
    const struct http *http;    /* NULL if metrics are not served. */
    const struct audit *audit;  /* NULL if denied packets are not reported. */
    const struct state *state;  /* NULL if nothing is kept on disk. */
    const struct basis *basis;
};

/* Registers the commands.  'context' and what it points to must outlive the
 * unixctl server. */
void cmd_register(const struct cmd_context *context);

/* A command, without the socket. */
struct cmd_command {
    const char *name;
    const char *usage;          /* Of its words. */
    int min_args, max_args;     /* How many there may be. */
    /* Of 'argc' words in 'argv', the first is the name.  Returns NULL and
     * stores the answer in '*answer' (caller frees), or returns a message
     * (caller frees). */
    char *(*answer)(const struct cmd_context *, int argc, const char *argv[],
                    char **answer);
};
/* All of them: array of '*n'. */
const struct cmd_command *cmd_commands(size_t *n);

/* The answers (caller frees). */
char *cmd_status(const struct cmd_context *, bool json);
char *cmd_pods(const struct cmd_context *, bool json);
char *cmd_policies(const struct cmd_context *, bool json);
char *cmd_objects(const struct cmd_context *);
/* As query_answer(), and what is wrong with the objects that have a part in
 * it. */
char *cmd_explain(const struct cmd_context *, const char *src,
                  const char *dst, bool json, char **answer);

/* Fills '*node', whose strings are borrowed, with what is known now. */
struct snapshot_node;
void cmd_describe_node(const struct cmd_context *, struct snapshot_node *);

/* What is wrong with an object, or with what it came from. */
struct cmd_problem {
    const char *place;          /* "FILE:LINE:COL", or NULL. */
    const char *object;         /* "NetworkPolicy NS/NAME", or NULL. */
    const char *message;
    bool kept;                  /* The last good version is in force. */
    bool owned;                 /* 'object' and 'message' are ours to free. */
};
/* The problems of whichever source there is, and of policies beyond their
 * budget or with flows that the switch does not take: an array of '*n', to be
 * freed with cmd_problems_free().  Stores how many there are in all in
 * '*n_all'. */
struct cmd_problem *cmd_problems(const struct cmd_context *, size_t *n,
                                 size_t *n_all);
void cmd_problems_free(struct cmd_problem *, size_t n);

/* The same for remarks of the directory of one kind, if there is one. */
struct cmd_problem *cmd_remarks(const struct cmd_context *,
                                enum dir_remark kind, size_t *n);

/* What on the bridge gets in our way, for cmd_status(). */
void cmd_clashes_format(const struct survey *, struct ds *);
struct json *cmd_clashes_to_json(const struct survey *);

/* Takes "-o json" off the end of a command's words.  Returns NULL, or a
 * message (caller frees). */
char *cmd_parse_output(int *argc, const char *argv[], bool *json);

#endif /* cmd.h */
