/* meter.h - how far work has come, on stderr
 *
 * On a terminal one line a task is drawn over and over:
 *   load   62% ▕████████      ▏ 6.2M/10M rows  412k rows/s  ETA 0:09
 * elsewhere one line per METER_PAUSE_S. Nothing in the first second, and with --quiet nothing at all.
 */
#ifndef CLI_METER_H
#define CLI_METER_H

#include <stdint.h>

#include "lib/buf.h"

enum {
	METER_QUIET = 1 << 0,
	METER_PAUSE_S = 10,
};

struct meter {
	unsigned flags;
	unsigned width; /* of the terminal, 0: none */
	int64_t started_us, drawn_us;
	unsigned lines; /* on the terminal now */
};

struct meter_task {
	const char *name, *unit, *note; /* unit "rows" */
	int64_t done, total;            /* total -1: not known */
	double seconds;                 /* since it began */
};

void meter_init(struct meter *meter, unsigned flags);
/* Whether it is time to draw again. */
int meter_is_due(const struct meter *meter);
void meter_draw(struct meter *meter, const struct meter_task *tasks, size_t count);
/* Takes what was drawn off the terminal. */
void meter_clear(struct meter *meter);

/* One line, without the name. */
void meter_format(const struct meter_task *task, unsigned width, struct buf *line);

#endif
