/* plugin_files.c - whether a plugin's file keeps the contract */
#include "cli/plugin_files.h"

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/ground.h"
#include "lib/file.h"
#include "lib/str.h"
#include "scheduler/service/process.h"

enum {
	MAX_PLUGIN_BYTES = 256 << 20,
	MAX_FAULTS = 20,
};

/* Names of libraries that the host has too, and the file a plugin must name to have its own. */
static const struct {
	const char *prefix, *library;
} host_libraries[] = {
	{"json_", "libjansson.so"},    {"sqlite3_", "libsqlite3.so"}, {"curl_", "libcurl.so"},
	{"archive_", "libarchive.so"}, {"uv_", "libuv.so"},           {"h2o_", "libh2o.so"},
	{"SSL_", "libssl.so"},         {"EVP_", "libcrypto.so"},      {"fy_", "libfyaml.so"},
	{"g_", "libglib-2.0.so"},      {"sodium_", "libsodium.so"},
};

/* The parts of an ELF file that say what goes in and out. Everything is checked against `size`. */
struct elf {
	const unsigned char *bytes;
	size_t size;
	const Elf64_Ehdr *head;
	const Elf64_Shdr *sections;
	const Elf64_Shdr *symbols, *dynamic;
};

static void add_fault(json_t *faults, const char *format, ...) PRINTF_LIKE(2, 3);

static void add_fault(json_t *faults, const char *format, ...)
{
	auto_buf struct buf text = {0};
	va_list arguments;

	if (json_array_size(faults) >= MAX_FAULTS)
		return;
	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	json_array_append_new(faults, json_string(buf_string(&text)));
}

static int lies_inside(const struct elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->size && size <= elf->size - offset;
}

static const Elf64_Shdr *find_section(const struct elf *elf, uint32_t type)
{
	for (unsigned i = 0; i < elf->head->e_shnum; i++) {
		const Elf64_Shdr *section = &elf->sections[i];

		if (section->sh_type == type && section->sh_link < elf->head->e_shnum &&
		    lies_inside(elf, section->sh_offset, section->sh_size))
			return section;
	}
	return NULL;
}

static int read_elf(struct elf *elf, const struct buf *file)
{
	elf->bytes = (const unsigned char *)file->data;
	elf->size = file->size;
	if (elf->size < sizeof(Elf64_Ehdr) || memcmp(elf->bytes, ELFMAG, SELFMAG) != 0 ||
	    elf->bytes[EI_CLASS] != ELFCLASS64)
		return -1;
	elf->head = (const void *)elf->bytes;
	if (elf->head->e_type != ET_DYN || elf->head->e_shentsize != sizeof(Elf64_Shdr) ||
	    elf->head->e_shoff % sizeof(uint64_t) ||
	    !lies_inside(elf, elf->head->e_shoff,
	                 (uint64_t)elf->head->e_shnum * sizeof(Elf64_Shdr)))
		return -1;
	elf->sections = (const void *)(elf->bytes + elf->head->e_shoff);
	elf->symbols = find_section(elf, SHT_DYNSYM);
	elf->dynamic = find_section(elf, SHT_DYNAMIC);
	return elf->symbols && elf->dynamic ? 0 : -1;
}

/* A text of the string table that belongs to a section; "" when it is not there. */
static const char *text_at(const struct elf *elf, const Elf64_Shdr *section, uint64_t offset)
{
	const Elf64_Shdr *texts = &elf->sections[section->sh_link];
	const char *start;

	if (!lies_inside(elf, texts->sh_offset, texts->sh_size) || offset >= texts->sh_size)
		return "";
	start = (const char *)elf->bytes + texts->sh_offset + offset;
	return memchr(start, '\0', texts->sh_size - offset) ? start : "";
}

static int names_library(const struct elf *elf, const char *library)
{
	const Elf64_Dyn *entries = (const void *)(elf->bytes + elf->dynamic->sh_offset);
	size_t count = elf->dynamic->sh_size / sizeof(*entries);

	for (size_t i = 0; i < count; i++) {
		if (entries[i].d_tag == DT_NEEDED &&
		    str_starts_with(text_at(elf, elf->dynamic, entries[i].d_un.d_val), library))
			return 1;
	}
	return 0;
}

static void check_import(const struct elf *elf, const char *name, json_t *faults)
{
	for (size_t i = 0; i < countof(host_libraries); i++) {
		if (str_starts_with(name, host_libraries[i].prefix) &&
		    !names_library(elf, host_libraries[i].library))
			add_fault(faults,
			          "needs '%s' and names no library that has it: link it, with "
			          "-Wl,-z,defs",
			          name);
	}
}

static void check_symbols(const struct elf *elf, json_t *faults)
{
	const Elf64_Sym *symbols = (const void *)(elf->bytes + elf->symbols->sh_offset);
	size_t count = elf->symbols->sh_size / sizeof(*symbols);

	for (size_t i = 1; i < count; i++) {
		const char *name = text_at(elf, elf->symbols, symbols[i].st_name);
		int is_local = ELF64_ST_BIND(symbols[i].st_info) == STB_LOCAL;

		if (is_local || !*name)
			continue;
		if (symbols[i].st_shndx == SHN_UNDEF)
			check_import(elf, name, faults);
		else if (!str_equal(name, "mr_plugin_entry") && *name != '_')
			add_fault(faults,
			          "exports '%s': build with -fvisibility=hidden and "
			          "-Wl,--exclude-libs,ALL",
			          name);
	}
}

static void check_file(const char *path, json_t *faults)
{
	auto_buf struct buf contents = {0};
	struct elf elf = {0};
	struct err err;

	if (file_read(path, MAX_PLUGIN_BYTES, &contents, &err) < 0)
		add_fault(faults, "%s", err.text);
	else if (read_elf(&elf, &contents) < 0)
		add_fault(faults, "%s", "not a shared object for this machine");
	else
		check_symbols(&elf, faults);
}

/* What `millrace runner --describe` says of it. */
static int read_description(struct call *call, const char *path, struct buf *text, struct err *err)
{
	enum { CHUNK = 16 * 1024 };
	int fd, status = 0;
	ssize_t got;
	pid_t pid;

	if (process_start_describe(call_program(call), &path, 1, &pid, &fd, err) < 0)
		return -1;
	while ((got = read(fd, buf_reserve(text, CHUNK), CHUNK)) > 0 || (got < 0 && errno == EINTR))
		text->size += got > 0 ? (size_t)got : 0;
	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		return err_set(err, ERR_INVALID, "loading it crashed: %s",
		               sigdescr_np(WTERMSIG(status)) ? sigdescr_np(WTERMSIG(status))
		                                             : "an unknown signal");
	return 0;
}

static void check_description(struct call *call, const char *path, json_t *faults)
{
	auto_buf struct buf text = {0};
	auto_json json_t *list = NULL;
	const char *error;
	struct err err;

	if (read_description(call, path, &text, &err) == 0)
		list = json_parse(buf_string(&text), text.size, &err);
	if (!list) {
		add_fault(faults, "%s", err.text);
		return;
	}
	error = json_get_text(json_array_get(list, 0), "error", NULL);
	if (error)
		add_fault(faults, "%s", error);
}

static const char *find_plugin(struct call *call, struct config *config, const char *name)
{
	const char *folders[GROUND_PLUGIN_FOLDERS];

	if (strchr(name, '/') || str_ends_with(name, ".so"))
		return file_exists(name) ? ground_uri(call, name) + strlen("file://") : NULL;
	ground_plugin_folders(config, folders);
	for (int i = 0; i < GROUND_PLUGIN_FOLDERS; i++) {
		const char *path = file_join(&call->arena, folders[i],
		                             arena_printf(&call->arena, "%s.so", name));

		if (file_exists(path))
			return path;
	}
	return NULL;
}

json_t *plugin_files_check(struct call *call, const char *name, struct err *err)
{
	struct config *config = call_config(call);
	const char *path = config ? find_plugin(call, config, name) : NULL;
	json_t *faults;

	if (!path) {
		err_set(err, ERR_NOT_FOUND, "there is no plugin '%.128s'", name);
		return NULL;
	}
	faults = json_array();
	check_file(path, faults);
	check_description(call, path, faults);
	return json_pack("{s:s, s:b, s:o}", "path", path, "ok", json_array_size(faults) == 0,
	                 "faults", faults);
}
