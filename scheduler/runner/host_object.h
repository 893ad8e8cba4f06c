/* host_object.h - the group "objects" of the host table: contracts in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_OBJECT_H
#define SCHEDULER_RUNNER_HOST_OBJECT_H

#include "plugins/plugin.h"

mr_status host_object_open(struct mr_task *task, const char *uri, int32_t mode,
                           struct mr_object **object);
mr_status host_object_read(struct mr_task *task, struct mr_object *object, void *bytes, size_t size,
                           size_t *got);
mr_status host_object_write(struct mr_task *task, struct mr_object *object, const void *bytes,
                            size_t size);
mr_status host_object_commit(struct mr_task *task, struct mr_object *object,
                             struct mr_object_stat *stat);
void host_object_close(struct mr_task *task, struct mr_object *object);
mr_status host_object_stat(struct mr_task *task, const char *uri, struct mr_object_stat *stat);
mr_status host_object_list(struct mr_task *task, const char *uri, const char *after,
                           const struct mr_object_stat *const **items, size_t *count);
mr_status host_object_delete(struct mr_task *task, const char *uri);
mr_status host_object_copy(struct mr_task *task, const char *from, const char *to,
                           struct mr_object_stat *stat);
mr_status host_object_presign(struct mr_task *task, const char *uri, const char *method,
                              int64_t seconds, const char **url);

#endif
