/* task_list.h - task instances as people read them: `load`, and `load[3]` of a mapped task */
#ifndef CLI_TASK_LIST_H
#define CLI_TASK_LIST_H

#include "lib/json.h"
#include "lib/limits.h"

enum { TASK_LIST_NAME_SIZE = LIMIT_NAME_BYTES + 16 };

void task_list_name(const json_t *task, char name[TASK_LIST_NAME_SIZE]);

/* The tasks in the order of the file, the items of a mapped one together, each with its name as the
 * member `name`: a new list. */
json_t *task_list_named(const json_t *tasks);

#endif
