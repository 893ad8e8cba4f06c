/* log.c - what the program says about itself */
#include "lib/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json_writer.h"
#include "lib/timestamp.h"

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

/* Set once by log_init() before there are threads. */
static struct {
	enum log_format format;
	enum log_level level;
} sink = {LOG_FORMAT_TEXT, LOG_LEVEL_INFO};

void log_init(enum log_format format, enum log_level level)
{
	if (format == LOG_FORMAT_AUTO)
		format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
	sink.format = format;
	sink.level = level;
}

static void format_json(struct buf *line, enum log_level level, const char *area, const char *text)
{
	char now[TIMESTAMP_SIZE];
	struct json_writer w;

	timestamp_format(clock_now_us(), now);
	json_writer_init(&w, line);
	json_writer_object(&w);
	json_writer_key(&w, "time");
	json_writer_text(&w, now);
	json_writer_key(&w, "level");
	json_writer_text(&w, level_names[level]);
	json_writer_key(&w, "area");
	json_writer_text(&w, area);
	json_writer_key(&w, "text");
	json_writer_text(&w, text);
	json_writer_object_end(&w);
}

PRINTF_LIKE(3, 0)
static void write_line(enum log_level level, const char *area, const char *format,
                       va_list arguments)
{
	auto_buf struct buf text = {0};
	auto_buf struct buf line = {0};

	if (level < sink.level)
		return;
	buf_vprintf(&text, format, arguments);
	/* an event is one line, whatever a name in it holds; JSON escapes by itself */
	for (char *at = text.data; sink.format == LOG_FORMAT_TEXT && *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = ' ';
	}
	if (sink.format == LOG_FORMAT_JSON)
		format_json(&line, level, area, text.data);
	else
		buf_printf(&line, "millrace: %s: %s: %s", level_names[level], area, text.data);
	buf_char(&line, '\n');
	/* a log that cannot be written has nobody to tell */
	(void)!write(STDERR_FILENO, line.data, line.size);
}

/* One function per level keeps the compiler's format check on every call. */
#define LEVEL_FUNCTION(name, level)                                                                \
	void name(const char *area, const char *format, ...)                                       \
	{                                                                                          \
		va_list arguments;                                                                 \
                                                                                                   \
		va_start(arguments, format);                                                       \
		write_line(level, area, format, arguments);                                        \
		va_end(arguments);                                                                 \
	}

LEVEL_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
LEVEL_FUNCTION(log_info, LOG_LEVEL_INFO)
LEVEL_FUNCTION(log_warn, LOG_LEVEL_WARN)
LEVEL_FUNCTION(log_error, LOG_LEVEL_ERROR)
