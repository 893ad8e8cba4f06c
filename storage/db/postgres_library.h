/* postgres_library.h - libpq, loaded with the first connection
 *
 * libpq brings Kerberos and LDAP along, which no command needs that works on SQLite (lib/late.h).
 * The members are libpq's functions without their prefix PQ. Thread safe.
 */
#ifndef STORAGE_DB_POSTGRES_LIBRARY_H
#define STORAGE_DB_POSTGRES_LIBRARY_H

#include <libpq-fe.h>

#include "lib/err.h"

struct postgres_library {
	__typeof__(PQconninfoParse) *conninfo_parse;
	__typeof__(PQconninfoFree) *conninfo_free;
	__typeof__(PQfreemem) *freemem;
	__typeof__(PQconnectStartParams) *connect_start_params;
	__typeof__(PQconnectPoll) *connect_poll;
	__typeof__(PQfinish) *finish;
	__typeof__(PQstatus) *status;
	__typeof__(PQsocket) *socket;
	__typeof__(PQerrorMessage) *error_message;
	__typeof__(PQserverVersion) *server_version;
	__typeof__(PQtransactionStatus) *transaction_status;
	__typeof__(PQsetnonblocking) *set_nonblocking;
	__typeof__(PQsetNoticeReceiver) *set_notice_receiver;
	__typeof__(PQsendQuery) *send_query;
	__typeof__(PQsendPrepare) *send_prepare;
	__typeof__(PQsendDescribePrepared) *send_describe_prepared;
	__typeof__(PQsendQueryPrepared) *send_query_prepared;
	__typeof__(PQsetSingleRowMode) *set_single_row_mode;
	__typeof__(PQflush) *flush;
	__typeof__(PQisBusy) *is_busy;
	__typeof__(PQconsumeInput) *consume_input;
	__typeof__(PQgetResult) *get_result;
	__typeof__(PQputCopyData) *put_copy_data;
	__typeof__(PQputCopyEnd) *put_copy_end;
	__typeof__(PQgetCopyData) *get_copy_data;
	__typeof__(PQclear) *clear;
	__typeof__(PQresultStatus) *result_status;
	__typeof__(PQresultErrorField) *result_error_field;
	__typeof__(PQcmdTuples) *cmd_tuples;
	__typeof__(PQnparams) *nparams;
	__typeof__(PQparamtype) *paramtype;
	__typeof__(PQntuples) *ntuples;
	__typeof__(PQnfields) *nfields;
	__typeof__(PQfname) *fname;
	__typeof__(PQftype) *ftype;
	__typeof__(PQgetvalue) *getvalue;
	__typeof__(PQgetlength) *getlength;
	__typeof__(PQgetisnull) *getisnull;
	__typeof__(PQgetCancel) *get_cancel;
	__typeof__(PQfreeCancel) *free_cancel;
	__typeof__(PQcancel) *cancel;
};

/* NULL when the machine has no libpq. */
const struct postgres_library *postgres_library(struct err *err);

#endif
