/* output.h - results on stdout: as a table, JSON, JSON lines or CSV
 *
 * stdout is data, stderr is talk. Tables fit the terminal; in a pipe they are tab-separated. JSON is
 * one value, indented for a terminal.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdio.h>

#include "cli/call.h"
#include "lib/json.h"
#include "lib/yaml_errors.h"

struct output_column {
	const char *title;
	const char *key; /* `last_run.state`: members of members */
};

/* The columns are what tables and CSV show; JSON shows all. */
void output_list(const struct call *call, const json_t *list, const struct output_column *columns,
                 size_t count);
void output_object(const struct call *call, const json_t *object,
                   const struct output_column *columns, size_t count);

/* Blanks instead of what would break a line or drive the terminal: texts of plugins go through here. */
void output_printable(char *text, size_t size);

/* How faults are shown as a list: file, line, column, text. */
enum { OUTPUT_FAULT_COLUMNS = 4 };
extern const struct output_column output_fault_columns[OUTPUT_FAULT_COLUMNS];
/* Faults of files with source line and caret. */
void output_errors(FILE *stream, const struct yaml_errors *errors);

/* Durations as people read them: `3.2s`, `1m05s`. */
void output_duration(double seconds, char text[16]);
/* 6.2M, 412k */
void output_count(double count, char text[16]);

#endif
