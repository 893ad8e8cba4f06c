/* terminal.c - what the other side of stdout and stderr is */
#include "cli/terminal.h"

#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "lib/config.h"
#include "lib/str.h"

static enum { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER } color_when; /* set once, by the parser */

unsigned terminal_width(int fd)
{
	enum { USUAL = 80 };
	struct winsize size;

	if (!isatty(fd))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : USUAL;
}

void terminal_set_color(const char *when)
{
	if (when && str_equal(when, "always"))
		color_when = WHEN_ALWAYS;
	else if (when && str_equal(when, "never"))
		color_when = WHEN_NEVER;
}

static int has_color(int fd)
{
	const char *no_color = config_environment("NO_COLOR");
	const char *term = config_environment("TERM");

	if (color_when != WHEN_AUTO)
		return color_when == WHEN_ALWAYS;
	return isatty(fd) && !(no_color && *no_color) && !(term && str_equal(term, "dumb"));
}

const char *terminal_color(int fd, enum terminal_color color)
{
	static const char *const sequences[] = {
		[COLOR_NONE] = "\033[0m",    [COLOR_RED] = "\033[31m",  [COLOR_GREEN] = "\033[32m",
		[COLOR_YELLOW] = "\033[33m", [COLOR_BLUE] = "\033[34m", [COLOR_GREY] = "\033[90m",
	};

	return has_color(fd) ? sequences[color] : "";
}

enum terminal_color terminal_state_color(const char *state)
{
	static const struct {
		const char *state;
		enum terminal_color color;
	} colors[] = {
		{"success", COLOR_GREEN},
		{"failed", COLOR_RED},
		{"upstream_failed", COLOR_RED},
		{"cancelled", COLOR_RED},
		{"running", COLOR_BLUE},
		{"queued", COLOR_GREY},
		{"scheduled", COLOR_GREY},
		{"none", COLOR_GREY},
		{"skipped", COLOR_YELLOW},
		{"up_for_retry", COLOR_YELLOW},
		{"up_for_reschedule", COLOR_YELLOW},
	};

	for (size_t i = 0; i < countof(colors); i++) {
		if (str_equal(colors[i].state, state))
			return colors[i].color;
	}
	return COLOR_NONE;
}
