/* log_place.c - where the log of an attempt is */
#include "scheduler/service/log_place.h"

void log_place_name(const struct instance *instance, uint32_t number, struct buf *name)
{
	const struct run *run = instance->node->run;

	buf_printf(name, "dag=%s/run=%s/task=%s", run->dag->name, run->name,
	           instance->node->task->name);
	if (instance->map_index >= 0)
		buf_printf(name, "/map=%d", (int)instance->map_index);
	buf_printf(name, "/attempt=%u.log", (unsigned)number);
}

void log_place_path(const struct config *config, const char *name, struct buf *path)
{
	buf_printf(path, "%s/logs/%s", config_text(config, CONFIG_STATE_DIR), name);
}
