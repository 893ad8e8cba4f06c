/* host_other.c - the group "other" of the host table */
#include "scheduler/runner/host_other.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/runner/host.h"

mr_status host_other_secret(struct mr_task *task, const char *name, const char **value)
{
	struct attempt *attempt = host_enter(task, "secret");
	auto_buf struct buf secret = {0};
	size_t size;

	host_need(attempt, name, "secret", "the name");
	host_need(attempt, value, "secret", "the value");
	size = strlen(name);
	if (size > LIMIT_NAME_BYTES || str_utf8_valid(name, size) < size)
		return host_refuse(attempt, "'%.60s' is no name of a secret", name);
	if (channel_request(attempt->channel, "secret", name, NULL, &secret, &attempt->err) < 0)
		return host_failed(attempt);
	if (secret.size)
		attempt_log_add_secret(attempt->log, secret.data);
	*value = arena_strdup(&attempt->arena, buf_string(&secret));
	return MR_OK;
}

static int make_temp_dir(struct attempt *attempt)
{
	const char *state = host_session_text(attempt->session, "state_dir", &attempt->err);
	const char *parent;
	char *path;

	if (!state)
		return -1;
	parent = arena_printf(&attempt->arena, "%s/tmp", state);
	if (file_make_folder(parent, &attempt->err) < 0)
		return -1;
	path = arena_printf(&attempt->arena, "%s/attempt-%lld-XXXXXX", parent,
	                    (long long)attempt->start->attempt);
	if (!mkdtemp(path))
		return err_errno(&attempt->err, errno, "could not make a folder in '%s'", parent);
	attempt->temp_dir = path;
	return 0;
}

mr_status host_other_temp_dir(struct mr_task *task, const char **path)
{
	struct attempt *attempt = host_enter(task, "temp_dir");

	host_need(attempt, path, "temp_dir", "the path");
	if (!attempt->temp_dir && make_temp_dir(attempt) < 0)
		return host_failed(attempt);
	*path = attempt->temp_dir;
	return MR_OK;
}
