/* host_later.c - host calls of the ABI that this version of the host refuses */
#include "scheduler/runner/host_later.h"

#include "scheduler/runner/host.h"

static mr_status refuse(struct mr_task *task, const char *call)
{
	return host_refuse(host_enter(task, call),
	                   "%s() is not available in this version of Millrace", call);
}

mr_status host_later_table_describe(struct mr_task *task, const char *table, const char **json)
{
	(void)table;
	(void)json;
	return refuse(task, "table_describe");
}

mr_status host_later_scan_open(struct mr_task *task, const char *const *tables, size_t count,
                               const struct mr_scan_options *options, struct mr_scan **scan)
{
	(void)tables;
	(void)count;
	(void)options;
	(void)scan;
	return refuse(task, "scan_open");
}

mr_status host_later_scan_next(struct mr_task *task, struct mr_scan *scan,
                               const struct mr_rows **rows)
{
	(void)scan;
	(void)rows;
	return refuse(task, "scan_next");
}

void host_later_scan_close(struct mr_task *task, struct mr_scan *scan)
{
	(void)task;
	(void)scan;
}

mr_status host_later_restore_open(struct mr_task *task, const char *const *tables, size_t count,
                                  const struct mr_restore_options *options,
                                  struct mr_restore **restore)
{
	(void)tables;
	(void)count;
	(void)options;
	(void)restore;
	return refuse(task, "restore_open");
}

mr_status host_later_restore_rows(struct mr_task *task, struct mr_restore *restore,
                                  const struct mr_rows *rows)
{
	(void)restore;
	(void)rows;
	return refuse(task, "restore_rows");
}

mr_status host_later_restore_commit(struct mr_task *task, struct mr_restore *restore,
                                    struct mr_counts *counts)
{
	(void)restore;
	(void)counts;
	return refuse(task, "restore_commit");
}

void host_later_restore_close(struct mr_task *task, struct mr_restore *restore)
{
	(void)task;
	(void)restore;
}

mr_status host_later_run_start(struct mr_task *task, const char *dag, const char *params,
                               const char **run_id)
{
	(void)dag;
	(void)params;
	(void)run_id;
	return refuse(task, "run_start");
}

mr_status host_later_run_state(struct mr_task *task, const char *run_id, const char **json)
{
	(void)run_id;
	(void)json;
	return refuse(task, "run_state");
}

mr_status host_later_watermark_get(struct mr_task *task, const char *name, const char **json)
{
	(void)name;
	(void)json;
	return refuse(task, "watermark_get");
}

mr_status host_later_watermark_set(struct mr_task *task, struct mr_db *db, const char *name,
                                   const char *json)
{
	(void)db;
	(void)name;
	(void)json;
	return refuse(task, "watermark_set");
}
