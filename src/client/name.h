/* SPDX-License-Identifier: Apache-2.0
 *
 * name: what objects are called on the command line. */

#ifndef NAME_H
#define NAME_H 1

#include <stdbool.h>
#include <stddef.h>

#include "k8s.h"

/* The kind that the first 'length' letters of 'word' name, in any case, in
 * singular or plural or as kubectl shortens it ("netpol", "cnp"); or
 * K8S_N_KINDS. */
enum k8s_kind name_parse_kind(const char *word, size_t length);

/* A policy: "NAMESPACE/NAME", "KIND/NAMESPACE/NAME", "KIND/NAME" of a cluster
 * policy, or "NAME" of one of any kind. */
struct policy_name {
    enum k8s_kind kind;         /* K8S_N_KINDS: of any cluster policy. */
    char *ns;                   /* NULL for cluster policies. */
    const char *name;           /* In the word that was parsed. */
};
/* Returns false, with nothing to free, if 'word' is none of these. */
bool policy_name_parse(const char *word, struct policy_name *);
void policy_name_uninit(struct policy_name *);
/* True if 'word' can be parsed. */
bool policy_name_is(const char *word);

#endif /* name.h */
