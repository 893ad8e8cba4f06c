/* meter.c - how far work has come, on stderr */
#include "cli/meter.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"
#include "lib/clock.h"
#include "lib/str.h"

enum {
	REDRAW_US = 100000,
	SILENT_US = 1000000,
	BAR_WIDTH = 20,
	NAME_WIDTH = 12,
	MAX_LINES = 10,
	WIDE = 70, /* a narrower terminal gets no bar */
};

void meter_init(struct meter *meter, unsigned flags)
{
	*meter = (struct meter){
		.flags = flags,
		.width = terminal_width(STDERR_FILENO),
		.started_us = clock_monotonic_us(),
	};
}

int meter_is_due(const struct meter *meter)
{
	int64_t now_us = clock_monotonic_us();
	int64_t pause_us = meter->width ? REDRAW_US : (int64_t)METER_PAUSE_S * 1000000;

	if ((meter->flags & METER_QUIET) || now_us - meter->started_us < SILENT_US)
		return 0;
	return now_us - (meter->drawn_us ? meter->drawn_us : meter->started_us) >= pause_us ||
	       (meter->width && !meter->drawn_us);
}

static void append_bar(struct buf *line, double part)
{
	int full = (int)(part * BAR_WIDTH);

	buf_text(line, " ▕");
	for (int i = 0; i < BAR_WIDTH; i++)
		buf_text(line, i < full ? "█" : " ");
	buf_text(line, "▏");
}

static void append_eta(struct buf *line, double seconds)
{
	long left = (long)(seconds + 0.5);

	if (left >= 3600)
		buf_printf(line, "  ETA %ld:%02ld:%02ld", left / 3600, left / 60 % 60, left % 60);
	else
		buf_printf(line, "  ETA %ld:%02ld", left / 60, left % 60);
}

void meter_format(const struct meter_task *task, unsigned width, struct buf *line)
{
	char done[16], total[16], rate[16];
	int has_total = task->total > 0;
	double part = has_total ? (double)task->done / (double)task->total : 0;
	double per_second = task->seconds > 0 ? (double)task->done / task->seconds : 0;

	part = part > 1 ? 1 : part;
	output_count((double)task->done, done);
	output_count((double)task->total, total);
	output_count(per_second, rate);
	if (has_total) {
		buf_printf(line, "%3d%%", (int)(part * 100));
		if (width >= WIDE)
			append_bar(line, part);
		buf_char(line, ' ');
	}
	buf_printf(line, "%s%s%s %s", done, has_total ? "/" : "", has_total ? total : "",
	           task->unit);
	if (per_second > 0)
		buf_printf(line, "  %s %s/s", rate, task->unit);
	if (has_total && task->done > 0 && task->done < task->total)
		append_eta(line, (double)(task->total - task->done) / per_second);
	if (*task->note)
		buf_printf(line, "  %s", task->note);
}

void meter_clear(struct meter *meter)
{
	for (; meter->lines; meter->lines--)
		(void)fputs("\033[1A\033[2K", stderr);
}

void meter_draw(struct meter *meter, const struct meter_task *tasks, size_t count)
{
	auto_buf struct buf text = {0};

	meter->drawn_us = clock_monotonic_us();
	meter_clear(meter);
	for (size_t i = 0; i < count && i < MAX_LINES; i++) {
		size_t start = text.size;

		buf_printf(&text, "%-*s ", NAME_WIDTH, tasks[i].name);
		meter_format(&tasks[i], meter->width, &text);
		output_printable(text.data + start, text.size - start);
		buf_char(&text, '\n');
	}
	(void)fputs(buf_string(&text), stderr);
	if (meter->width)
		meter->lines = (unsigned)(count < MAX_LINES ? count : MAX_LINES);
}
