/* SPDX-License-Identifier: Apache-2.0
 *
 * dir-parse: the text of one manifest file becomes claims and problems.
 *
 * Part of the dir module; dir-file.c says when.  Knows about documents, lists
 * and places in the file, nothing about directories. */

#ifndef DIR_PARSE_H
#define DIR_PARSE_H 1

#include <stddef.h>

struct dir_file;
struct label_pool;

enum dir_parse_result {
    DIR_PARSE_OK,               /* Each object of the file is a claim. */
    DIR_PARSE_NAMELESS,         /* Some document's name is not readable. */
    DIR_PARSE_FAILED,           /* Only what stands before an error. */
};

/* Parses 'text' and adds what it says to 'file'. */
enum dir_parse_result dir_parse(struct dir_file *file, const char *text,
                                size_t size, struct label_pool *);

#endif /* dir-parse.h */
