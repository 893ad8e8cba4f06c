/* verbs.h - the table of all commands */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/verb.h"

/* In the order of help. */
const struct verb *verbs_all(size_t *count);
const struct verb_group *verbs_groups(size_t *count);
const struct verb_option *verbs_global_options(size_t *count);

/* By whole name, NULL when there is none. */
const struct verb *verbs_find(const char *name);
const struct verb_group *verbs_group(const char *name);
/* For "did you mean": a name like this one, of a group's verbs when `group` is not NULL. */
const char *verbs_nearest(const char *group, const char *name);

#endif
