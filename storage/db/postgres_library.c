/* postgres_library.c - libpq, loaded with the first connection */
#include "storage/db/postgres_library.h"

#include <pthread.h>

#include "lib/compiler.h"
#include "lib/late.h"

static struct {
	pthread_once_t once;
	struct err err;
	struct postgres_library calls;
} library = {.once = PTHREAD_ONCE_INIT};

static void load(void)
{
	static const struct late_symbol symbols[] = {
		{"PQconninfoParse", &library.calls.conninfo_parse},
		{"PQconninfoFree", &library.calls.conninfo_free},
		{"PQfreemem", &library.calls.freemem},
		{"PQconnectStartParams", &library.calls.connect_start_params},
		{"PQconnectPoll", &library.calls.connect_poll},
		{"PQfinish", &library.calls.finish},
		{"PQstatus", &library.calls.status},
		{"PQsocket", &library.calls.socket},
		{"PQerrorMessage", &library.calls.error_message},
		{"PQserverVersion", &library.calls.server_version},
		{"PQtransactionStatus", &library.calls.transaction_status},
		{"PQsetnonblocking", &library.calls.set_nonblocking},
		{"PQsetNoticeReceiver", &library.calls.set_notice_receiver},
		{"PQsendQuery", &library.calls.send_query},
		{"PQsendPrepare", &library.calls.send_prepare},
		{"PQsendDescribePrepared", &library.calls.send_describe_prepared},
		{"PQsendQueryPrepared", &library.calls.send_query_prepared},
		{"PQsetSingleRowMode", &library.calls.set_single_row_mode},
		{"PQflush", &library.calls.flush},
		{"PQisBusy", &library.calls.is_busy},
		{"PQconsumeInput", &library.calls.consume_input},
		{"PQgetResult", &library.calls.get_result},
		{"PQputCopyData", &library.calls.put_copy_data},
		{"PQputCopyEnd", &library.calls.put_copy_end},
		{"PQgetCopyData", &library.calls.get_copy_data},
		{"PQclear", &library.calls.clear},
		{"PQresultStatus", &library.calls.result_status},
		{"PQresultErrorField", &library.calls.result_error_field},
		{"PQcmdTuples", &library.calls.cmd_tuples},
		{"PQnparams", &library.calls.nparams},
		{"PQparamtype", &library.calls.paramtype},
		{"PQntuples", &library.calls.ntuples},
		{"PQnfields", &library.calls.nfields},
		{"PQfname", &library.calls.fname},
		{"PQftype", &library.calls.ftype},
		{"PQgetvalue", &library.calls.getvalue},
		{"PQgetlength", &library.calls.getlength},
		{"PQgetisnull", &library.calls.getisnull},
		{"PQgetCancel", &library.calls.get_cancel},
		{"PQfreeCancel", &library.calls.free_cancel},
		{"PQcancel", &library.calls.cancel},
	};

	if (late_load("libpq.so.5", symbols, countof(symbols), &library.err) == 0)
		library.err.code = ERR_NONE;
}

const struct postgres_library *postgres_library(struct err *err)
{
	pthread_once(&library.once, load);
	if (library.err.code == ERR_NONE)
		return &library.calls;
	*err = library.err;
	return NULL;
}
