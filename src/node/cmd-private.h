/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the cmd module share. */

#ifndef CMD_PRIVATE_H
#define CMD_PRIVATE_H 1

struct cmd_context;
struct ds;
struct json;

/* cmd-state.c: the file of the last known state; null if there is none. */
void cmd_format_state(const struct cmd_context *, struct ds *);
struct json *cmd_state_to_json(const struct cmd_context *);

/* cmd-audit.c: enforcement, and reports of denied packets. */
void cmd_format_audit(const struct cmd_context *, struct ds *);
struct json *cmd_audit_to_json(const struct cmd_context *);

#endif /* cmd-private.h */
