/* lead.c - how a scheduler comes to lead on its metadata database */
#include "scheduler/service/lead.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/crypto.h"
#include "lib/file.h"
#include "lib/str.h"

enum {
	HOME_BYTES = 16,
	HOST_SIZE = 65,
	/* A server that has stopped to answer must not hold the journal for ever. */
	SHARED_TIMEOUT_MS = 5000,
};

int lead_is_shared(const struct config *config)
{
	return !str_starts_with(config_text(config, CONFIG_METADATA_URL), "sqlite:");
}

static int make_home(const char *path, char home[LEASE_REPO_HOME_SIZE], struct err *err)
{
	uint8_t bytes[HOME_BYTES];

	crypto_random(bytes, sizeof(bytes));
	crypto_hex(bytes, sizeof(bytes), home);
	return file_write_atomic(path, home, HOME_BYTES * 2, err);
}

int lead_home(const struct config *config, char home[LEASE_REPO_HOME_SIZE], struct err *err)
{
	auto_buf struct buf path = {0}, text = {0};

	buf_printf(&path, "%s/identity", config_text(config, CONFIG_STATE_DIR));
	if (!file_exists(path.data))
		return make_home(path.data, home, err);
	if (file_read(path.data, LEASE_REPO_HOME_SIZE, &text, err) < 0)
		return -1;
	if (text.size != HOME_BYTES * 2)
		return err_set(err, ERR_DAMAGED, "'%s' is damaged, remove it", path.data);
	str_copy(home, LEASE_REPO_HOME_SIZE, text.data);
	return 0;
}

static int take(const struct config *config, struct db *writer, int64_t epoch,
                struct lease_repo_lease *lease, struct err *err)
{
	char host[HOST_SIZE] = "", holder[LEASE_REPO_HOLDER_SIZE], home[LEASE_REPO_HOME_SIZE];
	struct lease_repo_claim claim = {holder, home, epoch, clock_now_us()};

	(void)gethostname(host, sizeof(host) - 1);
	snprintf(holder, sizeof(holder), "pid %d on %s", (int)getpid(), host);
	if (lead_home(config, home, err) < 0)
		return -1;
	return lease_repo_take(writer, &claim, lease, err);
}

int lead_take(const struct config *config, int64_t epoch, struct db **writer,
              struct lease_repo_lease *lease, struct err *err)
{
	int is_normal = str_equal(config_text(config, CONFIG_DATABASE_DURABILITY), "normal");
	struct db_options options = {
		.flags = DB_CREATE | (is_normal ? DB_NORMAL_DURABILITY : 0),
		.timeout_ms = lead_is_shared(config) ? SHARED_TIMEOUT_MS : 0,
	};

	*writer = db_open(config_text(config, CONFIG_METADATA_URL), &options, err);
	if (!*writer)
		return -1;
	if (metadata_migrate(*writer, clock_now_us(), err) < 0) {
		err_prefix(err, "metadata database");
	} else if (take(config, *writer, epoch, lease, err) < 0) {
		err_prefix(err, "could not take the lead");
	} else {
		return 0;
	}
	db_close(*writer);
	*writer = NULL;
	return -1;
}
