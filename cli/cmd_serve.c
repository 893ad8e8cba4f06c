/* cmd_serve.c - `millrace serve` */
#include "cli/cmd_serve.h"

#include "cli/serve.h"
#include "lib/log.h"
#include "lib/str.h"

static void start_log(const struct config *config)
{
	static const char *const formats[] = {"auto", "text", "json"};
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	int format = 0, level = 0;

	for (int i = 0; i < (int)countof(formats); i++)
		format = str_equal(config_text(config, CONFIG_LOG_FORMAT), formats[i]) ? i : format;
	for (int i = 0; i < (int)countof(levels); i++)
		level = str_equal(config_text(config, CONFIG_LOG_LEVEL), levels[i]) ? i : level;
	log_init((enum log_format)format, (enum log_level)level);
}

int cmd_serve(struct call *call)
{
	struct config *config = call_config(call);
	struct err err;

	if (!config)
		return EXIT_BAD;
	start_log(config);
	return serve_run(config, &err) < 0 ? call_fail(&err) : EXIT_OK;
}
