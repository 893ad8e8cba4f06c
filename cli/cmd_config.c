/* cmd_config.c - commands of settings */
#include "cli/cmd_config.h"

#include <stdint.h>

#include "cli/output.h"
#include "lib/str.h"

static json_t *value_of(const struct config *config, enum config_id id)
{
	const struct setting *setting = &setting_table[id];
	const char *text;

	switch (setting->type) {
	case SETTING_MAP:
	case SETTING_PATHS:
		return json_incref((json_t *)(uintptr_t)config_json(config, id));
	case SETTING_BOOL:
		return json_boolean(config_int(config, id));
	case SETTING_INT:
		return json_integer(config_int(config, id));
	case SETTING_TEXT:
	case SETTING_WORD:
	case SETTING_PATH:
	case SETTING_URL:
	case SETTING_DURATION:
	case SETTING_SIZE:
		break;
	}
	text = config_text(config, id);
	/* a URL of a local file has nothing to hide */
	if ((setting->flags & SETTING_IS_SECRET) && *text && !str_starts_with(text, "sqlite:") &&
	    !str_starts_with(text, "dir:"))
		text = "***";
	return json_string(text);
}

int cmd_config_show(struct call *call)
{
	static const struct output_column columns[] = {
		{"SETTING", "setting"}, {"VALUE", "value"}, {"ORIGIN", "origin"}};
	const struct config *config = call_config(call);
	auto_json json_t *list = json_array();
	int with_origin = call_has(call, "origin");

	if (!config)
		return EXIT_BAD;
	for (int id = 0; id < CONFIG_COUNT; id++) {
		json_t *item = json_pack("{s:s, s:o}", "setting", setting_table[id].name, "value",
		                         value_of(config, (enum config_id)id));

		if (with_origin)
			json_object_set_new(item, "origin",
			                    json_string(config_origin(config, (enum config_id)id)));
		json_array_append_new(list, item);
	}
	output_list(call, list, columns, with_origin ? 3 : 2);
	return EXIT_OK;
}

int cmd_config_check(struct call *call)
{
	struct yaml_errors errors;
	const struct config *config;

	yaml_errors_init(&errors);
	config = call_read_config(call, &errors);
	if (call->format != FORMAT_TABLE) {
		auto_json json_t *list = yaml_errors_json(&errors);

		output_list(call, list, output_fault_columns, OUTPUT_FAULT_COLUMNS);
	} else if (config) {
		call_say(call, "the settings are fine");
	} else {
		output_errors(stderr, &errors);
	}
	yaml_errors_release(&errors);
	return config ? EXIT_OK : EXIT_BAD;
}
