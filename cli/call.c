/* call.c - one call of a command */
#include "cli/call.h"

#include <linux/limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/output.h"
#include "lib/buf.h"
#include "lib/str.h"
#include "lib/vec.h"

void call_init(struct call *call)
{
	*call = (struct call){.format = FORMAT_TABLE};
	arena_init(&call->arena);
}

void call_release(struct call *call)
{
	vec_release(&call->arguments);
	vec_release(&call->options);
	config_free(call->config);
	arena_release(&call->arena);
}

const char *call_next_option(const struct call *call, const char *name, size_t *position)
{
	while (*position < call->options.count) {
		const struct call_option *given = &call->options.items[(*position)++];

		if (str_equal(given->option->name, name))
			return given->value;
	}
	return NULL;
}

const char *call_option(const struct call *call, const char *name)
{
	const char *value, *last = NULL;
	size_t position = 0;

	while ((value = call_next_option(call, name, &position)))
		last = value;
	return last;
}

int call_has(const struct call *call, const char *name)
{
	return call_option(call, name) != NULL;
}

const char *call_argument(const struct call *call, size_t index)
{
	return index < call->arguments.count ? call->arguments.items[index] : NULL;
}

struct config *call_read_config(struct call *call, struct yaml_errors *errors)
{
	const struct config_flag listen = {"listen", call_option(call, "listen")};
	const struct config_sources sources = {
		.file = call_option(call, "config"),
		.flags = &listen,
		.flag_count = listen.value ? 1 : 0,
	};

	if (!call->config)
		call->config = config_load(&sources, errors);
	return call->config;
}

struct config *call_config(struct call *call)
{
	struct yaml_errors errors;

	yaml_errors_init(&errors);
	if (!call_read_config(call, &errors))
		output_errors(stderr, &errors);
	yaml_errors_release(&errors);
	return call->config;
}

const char *call_program(struct call *call)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return size > 0 ? arena_strndup(&call->arena, path, (size_t)size) : "millrace";
}

/* The third table that maps a code, beside HTTP status and retry. */
static int exit_status(enum err_code code)
{
	static const int statuses[ERR_COUNT] = {
		[ERR_NONE] = EXIT_OK,
		[ERR_FAILED] = EXIT_FAILED,
		[ERR_INTERNAL] = EXIT_FAILED,
		[ERR_USAGE] = EXIT_USAGE,
		[ERR_INVALID] = EXIT_BAD,
		[ERR_DENIED] = EXIT_DENIED,
		[ERR_NOT_FOUND] = EXIT_NOT_FOUND,
		[ERR_GONE] = EXIT_NOT_FOUND,
		[ERR_CONFLICT] = EXIT_CONFLICT,
		[ERR_DUPLICATE] = EXIT_CONFLICT,
		[ERR_FOREIGN_KEY] = EXIT_CONFLICT,
		[ERR_LIMIT] = EXIT_BAD,
		[ERR_STALE] = EXIT_CONFLICT,
		[ERR_BUSY] = EXIT_UNAVAILABLE,
		[ERR_UNAVAILABLE] = EXIT_UNAVAILABLE,
		[ERR_STOPPING] = EXIT_UNAVAILABLE,
		[ERR_OUTCOME_UNKNOWN] = EXIT_UNAVAILABLE,
		[ERR_NO_SPACE] = EXIT_FAILED,
		[ERR_DAMAGED] = EXIT_BAD,
		[ERR_TIMEOUT] = EXIT_TIMEOUT,
		[ERR_CANCELLED] = EXIT_INTERRUPTED,
	};

	return statuses[code];
}

int call_fail(const struct err *err)
{
	(void)fprintf(stderr, "millrace: %s\n", err->text);
	return exit_status(err->code);
}

int call_usage(const char *format, ...)
{
	auto_buf struct buf text = {0};
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "millrace: %s\n", buf_string(&text));
	return EXIT_USAGE;
}

void call_say(const struct call *call, const char *format, ...)
{
	auto_buf struct buf text = {0};
	va_list arguments;

	if (call_has(call, "quiet"))
		return;
	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "%s\n", buf_string(&text));
}

int call_confirm(const struct call *call, const char *format, ...)
{
	auto_buf struct buf text = {0};
	char answer[16];
	va_list arguments;

	if (call_has(call, "yes"))
		return 1;
	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		(void)fprintf(stderr, "millrace: %s needs --yes\n", buf_string(&text));
		return -1;
	}
	(void)fprintf(stderr, "%s? [y/N] ", buf_string(&text));
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}
