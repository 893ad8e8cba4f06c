/* report_sql.c - named parameters of a report become numbered ones */
#include "storage/catalog/report_sql.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct scan {
	const char *text, *at;
	const struct report *report;
	struct report_sql *result;
};

static int PRINTF_LIKE(3, 4)
	fail(const struct scan *scan, const char *place, const char *format, ...)
{
	va_list arguments;

	scan->result->offset = (size_t)(place - scan->text);
	va_start(arguments, format);
	vsnprintf(scan->result->fault, sizeof(scan->result->fault), format, arguments);
	va_end(arguments);
	return -1;
}

static int is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static int is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void copy_to(struct scan *scan, const char *end)
{
	buf_append(&scan->result->sql, scan->at, (size_t)(end - scan->at));
	scan->at = end;
}

static int copy_quoted(struct scan *scan)
{
	const char *end = strchr(scan->at + 1, *scan->at);

	if (!end)
		return fail(scan, scan->at, "this quote does not end");
	copy_to(scan, end + 1);
	return 0;
}

static void copy_line_comment(struct scan *scan)
{
	copy_to(scan, scan->at + strcspn(scan->at, "\n"));
}

static int copy_block_comment(struct scan *scan)
{
	const char *end = strstr(scan->at + 2, "*/");

	if (!end)
		return fail(scan, scan->at, "this comment does not end");
	copy_to(scan, end + 2);
	return 0;
}

static int number_parameter(struct scan *scan)
{
	const char *name = scan->at + 1;
	size_t size = 0;

	while (is_name(name[size]))
		size++;
	for (size_t i = 0; i < scan->report->param_count; i++) {
		const char *param = scan->report->params[i].name;

		if (strlen(param) == size && memcmp(param, name, size) == 0) {
			scan->result->used[i] = 1;
			buf_printf(&scan->result->sql, "$%zu", i + 1);
			scan->at = name + size;
			return 0;
		}
	}
	return fail(scan, scan->at, "the report declares no parameter '%.*s'",
	            (int)(size < 64 ? size : 64), name);
}

/* A semicolon may end the text; it is left out. */
static int end_statement(struct scan *scan)
{
	const char *rest = scan->at + 1;

	rest += strspn(rest, " \t\r\n");
	if (*rest)
		return fail(scan, rest, "a report is one statement");
	scan->at = rest;
	return 0;
}

static int is_foreign_parameter(const char *at)
{
	return *at == '?' || (*at == '$' && (isdigit((unsigned char)at[1]) || at[1] == '$'));
}

static void copy_plain(struct scan *scan)
{
	int is_cast = scan->at[0] == ':' && scan->at[1] == ':';

	if (scan->at[0] == '-' && scan->at[1] == '-')
		copy_line_comment(scan);
	else
		copy_to(scan, scan->at + (is_cast ? 2 : 1));
}

static int copy_next(struct scan *scan)
{
	char c = scan->at[0], next = scan->at[1];

	if (strchr("'\"`", c))
		return copy_quoted(scan);
	if (c == '/' && next == '*')
		return copy_block_comment(scan);
	if (c == ';')
		return end_statement(scan);
	if (is_foreign_parameter(scan->at))
		return fail(scan, scan->at, "parameters are written by name, like ':year'");
	if (c == ':' && is_name_start(next))
		return number_parameter(scan);
	copy_plain(scan);
	return 0;
}

int report_sql_number(const char *text, const struct report *report, struct report_sql *result)
{
	struct scan scan = {text, text, report, result};
	const char *first = text + strspn(text, " \t\r\n");

	if (strncasecmp(first, "select", 6) != 0 && strncasecmp(first, "with", 4) != 0)
		return fail(&scan, first, "a report begins with SELECT or WITH");
	while (*scan.at) {
		if (copy_next(&scan) < 0)
			return -1;
	}
	return 0;
}
