/* config_test.c - settings and where they come from */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/file.h"
#include "lib/yaml_errors.h"
#include "tests/suite.h"

static char folder[64];
static struct yaml_errors errors;
static struct err err;

static void open_project(void)
{
	snprintf(folder, sizeof(folder), "/tmp/millrace-config-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	clearenv();
	yaml_errors_init(&errors);
}

static void close_project(void)
{
	yaml_errors_release(&errors);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(file_remove_tree(folder, &err), 0);
}

static void write_text(const char *name, const char *text)
{
	ck_assert_msg(file_write_atomic(name, text, strlen(text), &err) == 0, "%s", err.text);
}

static struct config *load(void)
{
	struct config *config = config_load(&(struct config_sources){0}, &errors);
	auto_buf struct buf text = {0};

	yaml_errors_format(&errors, &text);
	ck_assert_msg(config != NULL, "%s", buf_string(&text));
	return config;
}

/* Paths are compared without the name of the temporary folder. */
static const char *below(const char *path)
{
	const char *at = strstr(path, folder);

	ck_assert_msg(at != NULL, "%s", path);
	return at + strlen(folder);
}

START_TEST(an_empty_project_has_defaults)
{
	struct config *config = load();

	ck_assert_str_eq(config_text(config, CONFIG_LISTEN), "127.0.0.1:8000");
	ck_assert_str_eq(config_origin(config, CONFIG_LISTEN), "default");
	ck_assert_str_eq(below(config_text(config, CONFIG_STATE_DIR)), "/state");
	ck_assert_str_eq(below(config_text(config, CONFIG_DATABASE_URL)), "/state/data.db");
	ck_assert_str_eq(below(config_text(config, CONFIG_METADATA_URL)), "/state/millrace.db");
	ck_assert_str_eq(below(config_text(config, CONFIG_OBJECTS_URL)), "/state/objects");
	ck_assert_str_eq(below(config_text(config, CONFIG_DAGS_DIR)), "/dags");
	ck_assert_str_eq(below(config_project_dir(config)), "");
	ck_assert_int_eq(config_int(config, CONFIG_WORKER_CANCEL_GRACE), 10000);
	ck_assert_int_eq(config_int(config, CONFIG_LOGS_MAX_SIZE), 64 << 20);
	ck_assert_int_eq(config_int(config, CONFIG_OBJECTS_CREATE_BUCKETS), 1);
	ck_assert_uint_eq(json_object_size(config_json(config, CONFIG_VARS)), 0);
	config_free(config);
}
END_TEST

START_TEST(the_nearer_origin_wins)
{
	struct config_flag flag = {"log.level", "error"};
	struct config_sources sources = {.flags = &flag, .flag_count = 1};
	struct config *config;

	write_text("millrace.yaml", "listen: 127.0.0.1:1\nlog:\n  level: warn\n  format: json\n"
	                            "state_dir: s\nworker: {runners: 3}\nshutdown_grace: 1m\n");
	write_text(".env", "# a comment\n\nMILLRACE_LISTEN=127.0.0.1:2\n"
	                   "export MILLRACE_LOG_LEVEL='debug'\r\nMILLRACE_WORKER_RUNNERS=\"4\"\n"
	                   "OTHER=1\n");
	setenv("MILLRACE_LISTEN", "127.0.0.1:3", 1);
	config = config_load(&sources, &errors);
	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(config_text(config, CONFIG_LISTEN), "127.0.0.1:3");
	ck_assert_str_eq(config_origin(config, CONFIG_LISTEN), "environment MILLRACE_LISTEN");
	ck_assert_str_eq(config_text(config, CONFIG_LOG_LEVEL), "error");
	ck_assert_str_eq(config_origin(config, CONFIG_LOG_LEVEL), "command line");
	ck_assert_str_eq(config_text(config, CONFIG_LOG_FORMAT), "json");
	ck_assert_str_eq(config_origin(config, CONFIG_LOG_FORMAT), "millrace.yaml:4");
	ck_assert_int_eq(config_int(config, CONFIG_WORKER_RUNNERS), 4);
	ck_assert_str_eq(config_origin(config, CONFIG_WORKER_RUNNERS), ".env:5");
	ck_assert_int_eq(config_int(config, CONFIG_SHUTDOWN_GRACE), 60000);
	/* what follows from another setting follows it */
	ck_assert_str_eq(below(config_text(config, CONFIG_DATABASE_URL)), "/s/data.db");
	config_free(config);
}
END_TEST

START_TEST(older_names_still_work)
{
	struct config *config;

	setenv("DB_DSN", "sqlite:other.db", 1);
	setenv("APIKEY", "k", 1);
	config = load();
	ck_assert_str_eq(below(config_text(config, CONFIG_DATABASE_URL)), "/other.db");
	ck_assert_str_eq(config_text(config, CONFIG_API_KEY), "k");
	config_free(config);
}
END_TEST

START_TEST(maps_and_lists_are_kept)
{
	struct config *config;
	const json_t *roots;

	write_text("millrace.yaml", "vars: {region: north, n: 7}\npools: {database: 3}\n"
	                            "files: {roots: [in, /abs]}\n");
	config = load();
	ck_assert_str_eq(json_get_text(config_json(config, CONFIG_VARS), "region", ""), "north");
	ck_assert_int_eq(json_get_int(config_json(config, CONFIG_VARS), "n", 0), 7);
	ck_assert_int_eq(json_get_int(config_json(config, CONFIG_POOLS), "database", 0), 3);
	roots = config_json(config, CONFIG_FILES_ROOTS);
	ck_assert_uint_eq(json_array_size(roots), 2);
	ck_assert_str_eq(below(json_string_value(json_array_get(roots, 0))), "/in");
	ck_assert_str_eq(json_string_value(json_array_get(roots, 1)), "/abs");
	config_free(config);
}
END_TEST

START_TEST(a_project_elsewhere_has_its_own_paths)
{
	struct config_sources sources = {.file = "sub/other.yaml"};
	struct config *config;

	ck_assert_int_eq(file_make_folder("sub", &err), 0);
	write_text("sub/other.yaml", "catalog_dir: tables\n");
	config = config_load(&sources, &errors);
	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(below(config_text(config, CONFIG_CATALOG_DIR)), "/sub/tables");
	ck_assert_str_eq(below(config_text(config, CONFIG_STATE_DIR)), "/sub/state");
	config_free(config);
}
END_TEST

static const struct bad_case {
	const char *yaml;
	const char *place, *text; /* `line:column`, and what the text holds */
} bad_cases[] = {
	{"listn: x\n", "1:1", "unknown setting 'listn', did you mean 'listen'?"},
	{"\nlog:\n  levl: x\n", "3:3", "unknown setting 'log.levl', did you mean 'log.level'?"},
	{"log: {level: loud}\n", "1:14", "'loud' is none of debug|info|warn|error"},
	{"log: 7\n", "1:1", "unknown setting 'log'"},
	{"shutdown_grace: soon\n", "1:17", "'soon' is not a duration"},
	{"logs: {max_size: big}\n", "1:18", "'big' is not a size"},
	{"worker: {runners: 5000}\n", "1:19", "'worker.runners' must be from 0 to 1024"},
	{"worker: {runners: many}\n", "1:19", "'many' is not a whole number"},
	{"objects: {create_buckets: perhaps}\n", "1:27", "'perhaps' is not true or false"},
	{"database: {url: data.db}\n", "1:17", "'data.db' is not a URL"},
	{"vars: 7\n", "1:7", "a map is expected"},
	{"listen: [a]\n", "1:9", "one value is expected"},
	{"- a\n", "1:1", "settings are a map"},
};

START_TEST(a_bad_setting_points_at_its_place)
{
	const struct bad_case *c = &bad_cases[_i];
	const struct yaml_error *error;
	char place[32];

	write_text("millrace.yaml", c->yaml);
	ck_assert_ptr_null(config_load(&(struct config_sources){0}, &errors));
	ck_assert_uint_eq(errors.count, 1);
	error = &errors.items[0];
	snprintf(place, sizeof(place), "%u:%u", (unsigned)error->line, (unsigned)error->column);
	ck_assert_msg(strstr(error->text, c->text) != NULL, "%s", error->text);
	ck_assert_str_eq(place, c->place);
}
END_TEST

START_TEST(all_faults_are_told_at_once)
{
	struct config_flag flag = {"listn", "x"};
	struct config_sources sources = {.flags = &flag, .flag_count = 1};

	write_text("millrace.yaml", "a: 1\nb: 2\n");
	write_text(".env", "MILLRACE_LOG_LEVEL=loud\n");
	setenv("MILLRACE_LISTN", "x", 1);
	setenv("MILLRACE_SECRET_X", "is no setting", 1);
	ck_assert_ptr_null(config_load(&sources, &errors));
	ck_assert_uint_eq(errors.count, 5);
}
END_TEST

START_TEST(a_file_that_is_named_must_exist)
{
	struct config_sources sources = {.file = "none.yaml"};

	ck_assert_ptr_null(config_load(&sources, &errors));
	ck_assert_uint_eq(errors.count, 1);
}
END_TEST

START_TEST(a_secret_is_a_file_or_a_variable)
{
	struct config *config = load();
	auto_buf struct buf secret = {0};

	ck_assert_int_eq(file_make_folder("secrets", &err), 0);
	write_text("secrets/token", "s3cr3t\r\n");
	setenv("MILLRACE_SECRET_token", "not this one", 1);
	setenv("MILLRACE_SECRET_other", "by variable", 1);
	ck_assert_int_eq(config_secret(config, "token", &secret, &err), 0);
	ck_assert_str_eq(buf_string(&secret), "s3cr3t");
	buf_clear(&secret);
	ck_assert_int_eq(config_secret(config, "other", &secret, &err), 0);
	ck_assert_str_eq(buf_string(&secret), "by variable");
	ck_assert_int_eq(config_secret(config, "none", &secret, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(config_secret(config, "../millrace.yaml", &secret, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_int_eq(config_secret(config, "", &secret, &err), -1);
	config_free(config);
}
END_TEST

START_TEST(a_secret_that_could_not_be_hidden_is_refused)
{
	static const struct {
		const char *contents;
		size_t size;
		const char *text;
	} cases[] = {
		{"abc\n", 4, "secret 'odd' has fewer than 4 bytes and could not be hidden in logs"},
		{"ab\0cd", 5, "secret 'odd' is not text in UTF-8"},
		{"ab\xff"
	         "cd",
	         5, "secret 'odd' is not text in UTF-8"},
	};
	struct config *config = load();

	ck_assert_int_eq(file_make_folder("secrets", &err), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		auto_buf struct buf secret = {0};

		ck_assert_int_eq(
			file_write_atomic("secrets/odd", cases[i].contents, cases[i].size, &err),
			0);
		ck_assert_int_eq(config_secret(config, "odd", &secret, &err), -1);
		ck_assert_str_eq(err.text, cases[i].text);
	}
	config_free(config);
}
END_TEST

START_TEST(the_table_of_settings_is_sound)
{
	for (size_t id = 0; id < CONFIG_COUNT; id++) {
		char variable[64];

		setting_variable(setting_table[id].name, variable);
		ck_assert_uint_eq(setting_find(setting_table[id].name), id);
		ck_assert_uint_eq(setting_of_variable(variable), id);
		ck_assert_uint_gt(strlen(setting_table[id].help), 0);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config");

	tcase_add_checked_fixture(tests, open_project, close_project);
	tcase_add_test(tests, an_empty_project_has_defaults);
	tcase_add_test(tests, the_nearer_origin_wins);
	tcase_add_test(tests, older_names_still_work);
	tcase_add_test(tests, maps_and_lists_are_kept);
	tcase_add_test(tests, a_project_elsewhere_has_its_own_paths);
	tcase_add_loop_test(tests, a_bad_setting_points_at_its_place, 0, (int)countof(bad_cases));
	tcase_add_test(tests, all_faults_are_told_at_once);
	tcase_add_test(tests, a_file_that_is_named_must_exist);
	tcase_add_test(tests, a_secret_is_a_file_or_a_variable);
	tcase_add_test(tests, a_secret_that_could_not_be_hidden_is_refused);
	tcase_add_test(tests, the_table_of_settings_is_sound);
	return suite_run("config", tests);
}
