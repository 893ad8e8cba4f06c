/* host_table.c - the host table as plugins see it */
#include "scheduler/runner/host_table.h"

#include "scheduler/runner/host_dump.h"
#include "scheduler/runner/host_later.h"
#include "scheduler/runner/host_load.h"
#include "scheduler/runner/host_object.h"
#include "scheduler/runner/host_other.h"
#include "scheduler/runner/host_params.h"
#include "scheduler/runner/host_runs.h"
#include "scheduler/runner/host_scan.h"
#include "scheduler/runner/host_sql.h"
#include "scheduler/runner/host_talk.h"
#include "scheduler/runner/host_watermark.h"

const struct mr_host host_table = {
	.size = sizeof(struct mr_host),
	.log = host_talk_log,
	.progress = host_talk_progress,
	.is_cancelled = host_talk_is_cancelled,
	.cancel_fd = host_talk_cancel_fd,
	.error = host_talk_error,
	.set_reason = host_talk_set_reason,
	.again_after = host_talk_again_after,
	.resume_text = host_talk_resume_text,
	.set_resume = host_talk_set_resume,
	.param_text = host_params_text,
	.param_int = host_params_int,
	.param_float = host_params_float,
	.param_bool = host_params_bool,
	.param_json = host_params_json,
	.output = host_params_output,
	.object_open = host_object_open,
	.object_read = host_object_read,
	.object_write = host_object_write,
	.object_commit = host_object_commit,
	.object_close = host_object_close,
	.object_stat = host_object_stat,
	.object_list = host_object_list,
	.object_delete = host_object_delete,
	.object_copy = host_object_copy,
	.object_presign = host_object_presign,
	.load_open = host_load_open,
	.load_file = host_load_file,
	.load_rows = host_load_rows,
	.load_resume = host_load_resume,
	.load_commit = host_load_commit,
	.load_result = host_load_result,
	.load_close = host_load_close,
	.dump_file = host_dump_file,
	.table_describe = host_scan_describe,
	.scan_open = host_scan_open,
	.scan_next = host_scan_next,
	.scan_close = host_scan_close,
	.restore_open = host_later_restore_open,
	.restore_rows = host_later_restore_rows,
	.restore_commit = host_later_restore_commit,
	.restore_close = host_later_restore_close,
	.db_open = host_sql_open,
	.db_exec = host_sql_exec,
	.db_query = host_sql_query,
	.db_next = host_sql_next,
	.db_commit = host_sql_commit,
	.db_close = host_sql_close,
	.run_start = host_runs_start,
	.run_state = host_runs_state,
	.secret = host_other_secret,
	.temp_dir = host_other_temp_dir,
	.watermark_get = host_watermark_get,
	.watermark_set = host_watermark_set,
};
