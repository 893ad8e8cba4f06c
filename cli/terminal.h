/* terminal.h - what the other side of stdout and stderr is */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

/* Columns of the terminal at this descriptor, 0 when it is none. */
unsigned terminal_width(int fd);

/* `auto`, `always` or `never`, as --color says; NULL: auto. NO_COLOR and no terminal mean none. */
void terminal_set_color(const char *when);

enum terminal_color { COLOR_NONE, COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE, COLOR_GREY };

/* The sequence that switches to it at this descriptor, "" where colors are off. */
const char *terminal_color(int fd, enum terminal_color color);
/* The color of a state of a run or task. */
enum terminal_color terminal_state_color(const char *state);

#endif
