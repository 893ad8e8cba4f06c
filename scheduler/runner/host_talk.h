/* host_talk.h - the group "talk" of the host table: contracts in plugins/plugin.h */
#ifndef SCHEDULER_RUNNER_HOST_TALK_H
#define SCHEDULER_RUNNER_HOST_TALK_H

#include "plugins/plugin.h"

void host_talk_log(struct mr_task *task, int32_t level, const char *text);
void host_talk_progress(struct mr_task *task, int64_t done, int64_t total, const char *unit,
                        const char *note);
int32_t host_talk_is_cancelled(struct mr_task *task);
int host_talk_cancel_fd(struct mr_task *task);
const char *host_talk_error(struct mr_task *task);
void host_talk_set_reason(struct mr_task *task, const char *text);
void host_talk_again_after(struct mr_task *task, double seconds);
const char *host_talk_resume_text(struct mr_task *task);
mr_status host_talk_set_resume(struct mr_task *task, const char *json);

#endif
