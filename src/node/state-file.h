/* SPDX-License-Identifier: Apache-2.0
 *
 * state-file: the file of the state module. */

#ifndef STATE_FILE_H
#define STATE_FILE_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"

struct label_pool;
struct model;
struct snapshot_node;

/* Reads the file into 'model' and '*node', which is to be uninitialised in any
 * case.  Returns false if it cannot be used, and in '*problem' why not (caller
 * frees), or NULL if there is no file. */
bool state_file_read(const char *path, struct label_pool *, struct model *,
                     struct snapshot_node *node, char **problem);

/* The life of the process that writes the file, just forked.  What goes wrong
 * it writes to 'fd'. */
OVS_NO_RETURN void state_file_child(const char *dir, const char *path,
                                    const struct model *,
                                    const struct snapshot_node *, int fd);

#endif /* state-file.h */
