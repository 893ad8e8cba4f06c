/* host_later.c - host calls of the ABI that this version of the host refuses */
#include "scheduler/runner/host_later.h"

#include "scheduler/runner/host.h"

static mr_status refuse(struct mr_task *task, const char *call)
{
	return host_refuse(host_enter(task, call),
	                   "%s() is not available in this version of Millrace", call);
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
