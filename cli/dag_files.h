/* dag_files.h - DAG files of the project, read without a server */
#ifndef CLI_DAG_FILES_H
#define CLI_DAG_FILES_H

#include "cli/ground.h"
#include "lib/yaml_errors.h"
#include "scheduler/core/dag.h"

/* Reads the files or DAGs that the call names, all of the project when it names none, and holds them
 * against the operators there are. Faults go to `errors`; EXIT_OK, or why nothing could be read. */
int dag_files_validate(struct call *call, struct yaml_errors *errors, size_t *files);

/* The DAG of a name or file; NULL after saying what is wrong, with the exit status. `ground` gives the
 * operators that it is held against; NULL: whatever it uses. */
struct dag *dag_files_read(struct call *call, const char *name, struct ground *ground, int *status);

#endif
