/* map_info.h - what the service knows of a mapped task beside the engine
 *
 * Its list, what it knows of each item, and the outputs of all of them as one. Belongs to the
 * struct run_info of its run; made when the list is. One thread.
 */
#ifndef SCHEDULER_SERVICE_MAP_INFO_H
#define SCHEDULER_SERVICE_MAP_INFO_H

#include <stdint.h>

#include "lib/json.h"
#include "scheduler/service/run_info.h"

/* Takes the reference of `items`; NULL: there is none, and `fault` says why. */
void map_info_set(struct run_info *info, uint32_t task, json_t *items, const char *fault);
/* Why the task has no list, NULL when that is not known. */
const char *map_info_fault(const struct run_info *info, uint32_t task);

/* What stands at this index of the list; borrowed, NULL when nothing does. */
json_t *map_info_value(const struct run_info *info, uint32_t task, int32_t map_index);

/* Of item `map_index`, at least 1. Moves when there are more than before. */
struct instance_info *map_info_item(struct run_info *info, uint32_t task, int32_t map_index);

/* `{"state", "outputs"}` of all items as expressions see them; a new reference. */
json_t *map_info_result(const struct node *node);
/* Results were put together that a clear or mark has made old. */
void map_info_forget_results(struct run_info *info);

void map_info_free(struct map_info *map);

#endif
