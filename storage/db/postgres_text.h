/* postgres_text.h - what a text of SQL holds, as far as the driver must know before it is sent
 *
 * PostgreSQL splits a script itself, so a COMMIT in it would end a transaction that is not its own,
 * and it does not tell before it runs a statement whether that writes. This reads the lexical rules
 * of PostgreSQL ("SQL Syntax" of its manual): quotes, escape and dollar quotes, both comments. Pure.
 */
#ifndef STORAGE_DB_POSTGRES_TEXT_H
#define STORAGE_DB_POSTGRES_TEXT_H

enum postgres_text_flags {
	POSTGRES_TEXT_WRITES = 1 << 0,      /* one of them may change something */
	POSTGRES_TEXT_TRANSACTION = 1 << 1, /* one of them begins or ends a transaction */
	POSTGRES_TEXT_OTHER_MARKS = 1 << 2, /* a parameter is not written $1, $2, … */
};

struct postgres_text {
	int statements;
	unsigned flags;
};

struct postgres_text postgres_text_scan(const char *sql);

#endif
