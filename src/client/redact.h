/* SPDX-License-Identifier: Apache-2.0
 *
 * redact: takes out of a text what might be a secret.
 *
 * We neither keep nor log secrets; this is for what others print, and for
 * mistakes.  What goes: JSON web tokens, what follows "Bearer" or "Basic", and
 * the values of words such as token, password or secret, in any of the ways in
 * which they are written. */

#ifndef REDACT_H
#define REDACT_H 1

#include <stddef.h>

struct ds;

/* Appends 'text' without secrets.  Returns how many were taken out. */
size_t redact(const char *text, struct ds *);

#endif /* redact.h */
