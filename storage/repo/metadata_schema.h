/* metadata_schema.h - the SQL that makes the metadata tables, step by step
 *
 * A step that was released is never changed: its checksum is recorded where it ran. What a database
 * writes differently stands in braces and is replaced by metadata.c: {id} is a 64 bit primary key,
 * {serial} one that the database gives out.
 */
#ifndef STORAGE_REPO_METADATA_SCHEMA_H
#define STORAGE_REPO_METADATA_SCHEMA_H

#include <stddef.h>

struct metadata_schema_step {
	const char *name;
	const char *sql;
};

/* Step i makes version i + 1. */
extern const struct metadata_schema_step metadata_schema_steps[];
extern const size_t metadata_schema_count;

#endif
