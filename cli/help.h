/* help.h - help on stdout, made from the table of commands */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/verb.h"

void help_all(void);
void help_group(const struct verb_group *group);
void help_verb(const struct verb *verb);

#endif
