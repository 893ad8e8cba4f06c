/* beneath.c - openat2, and a way for kernels without it */
#include "storage/object/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "lib/limits.h"

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* The component at `*path`, which moves behind it; its size, 0 at the end. -1 when it is too long. */
static ssize_t next_component(const char **path, char name[256])
{
	size_t size = strcspn(*path, "/");

	if (size > 255) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, *path, size);
	name[size] = '\0';
	*path += size + ((*path)[size] == '/');
	return (ssize_t)size;
}

int beneath_open_by_component(int folder, const char *path, int flags, mode_t mode)
{
	int fd = openat(folder, ".", FOLDER_FLAGS);
	char name[256];

	if (*path == '\0')
		return fd;
	while (fd >= 0) {
		auto_close int parent = fd;

		if (next_component(&path, name) < 0)
			return -1;
		if (*path == '\0')
			return openat(parent, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
		fd = openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW);
	}
	return -1;
}

int beneath_open(int folder, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: something was renamed meanwhile and the kernel could not be sure */
	do
		fd = syscall(SYS_openat2, folder, *path ? path : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return beneath_open_by_component(folder, path, flags, mode);
	return (int)fd;
}

/* Opens or makes the folder `path`, whose parent is open as `parent`. */
static int make_one(int folder, const char *path, int parent, const char *name)
{
	int fd = beneath_open(folder, path, FOLDER_FLAGS, 0);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(parent, name, 0777) < 0 && errno != EEXIST)
		return -1;
	if (fsync(parent) < 0)
		return -1;
	return beneath_open(folder, path, FOLDER_FLAGS, 0);
}

int beneath_make(int folder, const char *path)
{
	int fd = beneath_open(folder, path, FOLDER_FLAGS, 0);
	char so_far[LIMIT_PATH_BYTES + 1], name[256];
	const char *rest = path;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (strlen(path) > LIMIT_PATH_BYTES) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = openat(folder, ".", FOLDER_FLAGS);
	while (fd >= 0 && *rest) {
		auto_close int parent = fd;
		size_t size;

		if (next_component(&rest, name) < 0)
			return -1;
		size = (size_t)(rest - path) - (rest[-1] == '/');
		memcpy(so_far, path, size);
		so_far[size] = '\0';
		fd = make_one(folder, so_far, parent, name);
	}
	return fd;
}
