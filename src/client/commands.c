/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of commands. */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <string.h>

#include "util.h"

#define TARGET &client_option_target
#define OUTPUT &client_option_output
/* Where a command that thinks has its objects from. */
#define SOURCES TARGET, &client_option_dir, &client_option_file

static const struct client_command commands[] = {
    { CLIENT_ABOUT_NODE, "status", "", "how the daemon is doing",
      0, 0, client_forward, CLIENT_TEXT_OR_JSON, { TARGET, OUTPUT } },
    { CLIENT_ABOUT_NODE, "wait", "",
      "until all that is known now is in the switch",
      0, 0, client_wait, 0, { TARGET, &client_option_timeout } },
    { CLIENT_ABOUT_NODE, "pods", "",
      "the pods of this node and what isolates them",
      0, 0, client_forward, CLIENT_TEXT_OR_JSON, { TARGET, OUTPUT } },
    { CLIENT_ABOUT_NODE, "policies", "",
      "the policies, whom they select, what is wrong",
      0, 0, client_forward, CLIENT_TEXT_OR_JSON, { TARGET, OUTPUT } },
    { CLIENT_ABOUT_NODE, "pod", "NAMESPACE/POD", "everything about one pod",
      1, 1, client_pod, CLIENT_TEXT_OR_JSON,
      { SOURCES, OUTPUT, &client_option_node } },
    { CLIENT_ABOUT_NODE, "policy", "NAMESPACE/POLICY",
      "everything about one policy",
      1, 1, client_policy, CLIENT_TEXT_OR_JSON,
      { SOURCES, OUTPUT, &client_option_node } },
    { CLIENT_ABOUT_NODE, "flows", "", "the flows, each with the reason for it",
      0, 0, client_forward, 0, { TARGET } },
    { CLIENT_ABOUT_NODE, "objects", "",
      "all that the daemon believes in, as a list of objects",
      0, 0, client_forward, 0, { TARGET } },
    { CLIENT_ABOUT_POLICY, "explain", "SRC DST[:PORT[/PROTOCOL]]",
      "whether SRC may talk to DST, and why",
      2, 2, client_explain, CLIENT_TEXT_OR_JSON,
      { SOURCES, OUTPUT, &client_option_path, &client_option_live,
        &client_option_bridge, &client_option_node } },
    { CLIENT_ABOUT_POLICY, "matrix", "", "who reaches whom, and with what",
      0, 0, client_matrix, CLIENT_TEXT_OR_JSON | 1 << CLIENT_HTML,
      { SOURCES, &client_option_namespace, &client_option_port,
        &client_option_by, OUTPUT } },
    { CLIENT_ABOUT_POLICY, "verify", "",
      "whether the flows do what the policies say, all of it",
      0, 0, client_verify, CLIENT_TEXT_OR_JSON,
      { SOURCES, OUTPUT, &client_option_bridge, &client_option_node,
        &client_option_max_cells } },
    { CLIENT_ABOUT_POLICY, "report", "",
      "who reaches whom and why, as a page for a browser",
      0, 0, client_report, 1 << CLIENT_HTML,
      { SOURCES, &client_option_by, OUTPUT } },
    { CLIENT_ABOUT_POLICY, "graph", "", "allowed paths as a picture",
      0, 0, client_graph, 1 << CLIENT_SVG | 1 << CLIENT_DOT,
      { SOURCES, &client_option_namespace, &client_option_port,
        &client_option_by, OUTPUT } },
    { CLIENT_ABOUT_TRAFFIC, "drops", "",
      "packets that policies denied, with names",
      0, 0, client_drops, CLIENT_TEXT_OR_JSON,
      { TARGET, &client_option_follow, &client_option_pod,
        &client_option_policy, &client_option_audit, OUTPUT } },
    { CLIENT_ABOUT_CHANGE, "diff", "",
      "what a change would do to access, flows and running connections",
      0, 0, client_diff, CLIENT_TEXT_OR_JSON,
      { TARGET, &client_option_dir, &client_option_base,
        &client_option_change, &client_option_delete, &client_option_flows,
        OUTPUT } },
    { CLIENT_ABOUT_CHANGE, "lint", "",
      "policies that say something else than they seem to",
      0, 0, client_lint, CLIENT_TEXT_OR_JSON,
      { SOURCES, &client_option_namespace, &client_option_fail_on, OUTPUT } },
    { CLIENT_ABOUT_TRAFFIC, "detrace", "",
      "filter: names for the numbers in what Open vSwitch prints",
      0, 0, client_detrace, 0,
      { SOURCES, &client_option_node } },
    { CLIENT_ABOUT_DAEMON, "doctor", "", "whether the installation is right",
      0, 0, client_doctor, CLIENT_TEXT_OR_JSON,
      { TARGET, OUTPUT, &client_option_bridge } },
    { CLIENT_ABOUT_TRAFFIC, "top", "", "the busiest rules and drops",
      0, 0, client_top, CLIENT_TEXT_OR_JSON,
      { TARGET, OUTPUT, &client_option_namespace, &client_option_once,
        &client_option_interval } },
    { CLIENT_ABOUT_DAEMON, "bundle", "[FILE]",
      "what somebody who is to help needs, in one archive",
      0, 1, client_bundle, 0, { TARGET, &client_option_bridge } },
    { CLIENT_ABOUT_DAEMON, "flush", "",
      "remove our flows from the switch and stop the daemon",
      0, 0, client_forward, 0, { TARGET } },
    { CLIENT_ABOUT_TOOL, "completion", "bash|zsh",
      "print a script that completes command lines",
      1, 1, client_completion, 0, { NULL } },
    { CLIENT_ABOUT_TOOL, "version", "", "print the version",
      0, 0, client_version, 0, { NULL } },
    { CLIENT_ABOUT_TOOL, "help", "[COMMAND]",
      "print this, or how COMMAND is used",
      0, 1, client_help, 0, { NULL } },
};

const struct client_command *
client_commands(size_t *n)
{
    *n = ARRAY_SIZE(commands);
    return commands;
}

const struct client_command *
client_find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            return &commands[i];
        }
    }
    return NULL;
}
