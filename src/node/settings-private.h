/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the settings module share.
 *
 * settings.c        defaults, the command line, what goes together
 * settings-file.c   the configuration file
 * settings-table.c  which settings there are, and what values they take */

#ifndef SETTINGS_PRIVATE_H
#define SETTINGS_PRIVATE_H 1

#include "settings.h"

/* Stores 'value' into the member at 'p'.  Returns NULL, or a message without
 * the setting's name (caller frees). */
typedef char *settings_store_func(void *p, const char *value);

struct setting {
    const char *name;
    const char *argument;       /* For the usage; NULL if true or false. */
    const char *help;
    settings_store_func *store;
    size_t offset;              /* In struct settings. */
};

/* All of them: settings_count(). */
extern const struct setting settings_table[];

/* NULL if there is none. */
const struct setting *settings_find(const char *name);

/* Returns NULL, or a message without the setting's name (caller frees), and
 * then nothing is stored. */
char *settings_store(struct settings *, const struct setting *,
                     const char *value);

/* Nothing but digits. */
bool settings_is_number(const char *);

#endif /* settings-private.h */
