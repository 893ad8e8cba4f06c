/* describe.h - what plugins declare, as JSON
 *
 * `millrace runner --describe FILE…`: one array with an object per file, in their order:
 *   {plugin, version, help, path, abi: {major, minor},
 *    operators: [{name, help, flags: ["warm"], params: [{name, type, required, default, help}],
 *                 outputs: [{name, type, help}]}]}
 * A file that cannot be used has `error` and no operators; one that crashes takes the process with
 * it, so the caller asks again file by file.
 */
#ifndef SCHEDULER_RUNNER_DESCRIBE_H
#define SCHEDULER_RUNNER_DESCRIBE_H

#include "lib/buf.h"

void describe_files(char *const *paths, size_t count, struct buf *json);

#endif
