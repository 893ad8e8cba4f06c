/* interrupt.h - Ctrl-C as a question to be asked, for work that cleans up behind itself */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

/* From now on the first SIGINT or SIGTERM is noted, the second ends the program. */
void interrupt_watch(void);
int interrupt_seen(void);

/* From now on the first one ends the program as an interrupted one; for what has nothing to clean up. */
void interrupt_ends(void);

#endif
