/* log.h - what the program says about itself
 *
 * One line an event on stderr: `key=value` text on a terminal, JSON otherwise (log_init decides).
 * Only the top of a call chain logs. error = somebody must act; warn = handled; info = life signs;
 * debug = for a developer. Thread safe; a line is written with one write(2).
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "lib/compiler.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

void log_init(enum log_format format, enum log_level level);

/* `area` is the module that speaks ("scheduler", "api"); the text is `what happened key=value …`. */
void log_debug(const char *area, const char *format, ...) PRINTF_LIKE(2, 3);
void log_info(const char *area, const char *format, ...) PRINTF_LIKE(2, 3);
void log_warn(const char *area, const char *format, ...) PRINTF_LIKE(2, 3);
void log_error(const char *area, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
