/* dump.h - a table, a query or a report as CSV
 *
 * Used by report.render, csv.dump, `millrace report` and the reports of the API. UTF-8, CRLF, a header
 * line, fields quoted where needed; NULL is empty and the empty text is `""`, so that the loader reads
 * back what was there. Rows stream: memory does not grow with their number. One consistent snapshot.
 */
#ifndef STORAGE_LOAD_DUMP_H
#define STORAGE_LOAD_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/json.h"
#include "storage/catalog/catalog.h"

struct db;
struct object_writer;

/* Exactly one of table, query and report. */
struct dump_request {
	const char *table;
	const char *query; /* one SELECT; `params` bind by position */
	const char *report;
	const json_t *params; /* of a report: an object by name; of a query: an array; or NULL */
	int64_t now_us;       /* what `{current: …}` defaults of parameters mean */
};

/* Where the text goes. Non-zero from `write` ends the dump with the error it set. */
struct dump_output {
	int (*write)(void *data, const void *bytes, size_t size, struct err *err);
	void *data;
};

struct dump_result {
	int64_t rows, bytes;
};

/* ERR_NOT_FOUND: no such table or report; ERR_INVALID: a parameter is wrong. */
MUST_CHECK int dump_run(struct db *db, const struct catalog *catalog,
                        const struct dump_request *request, const struct dump_output *output,
                        struct dump_result *result, struct err *err);

/* Outputs: an object being written, or a descriptor (`*fd` stays the caller's). */
struct dump_output dump_to_object(struct object_writer *writer);
struct dump_output dump_to_fd(int *fd);

#endif
