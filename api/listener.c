/* listener.c - sockets that wait for clients */
#include "api/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/str.h"

enum { BACKLOG = 1024 };

static int resolve(const char *host, uint16_t port, struct addrinfo **address, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                               .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	char service[8];
	int failed;

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	failed = getaddrinfo(host, service, &hints, address);
	if (failed)
		return err_set(err, ERR_USAGE, "cannot listen on '%s': %s", host,
		               gai_strerror(failed));
	return 0;
}

/* A bound socket with one more option, or -1 with errno. */
static int bind_to(const struct addrinfo *address, int option)
{
	int one = 1, saved;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    (!option || setsockopt(fd, SOL_SOCKET, option, &one, sizeof(one)) == 0) &&
	    bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int open_on(const char *host, uint16_t port, int option, struct err *err)
{
	struct addrinfo *address;
	int fd;

	if (resolve(host, port, &address, err) < 0)
		return -1;
	fd = bind_to(address, option);
	if (fd < 0)
		err_errno(err, errno, "could not listen on '%s' port %u", host, (unsigned)port);
	freeaddrinfo(address);
	return fd;
}

int listener_probe(const char *host, uint16_t port, struct err *err)
{
	int fd = port ? open_on(host, port, 0, err) : 0;

	if (fd > 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

int listener_tcp(const char *host, uint16_t *port, struct err *err)
{
	int fd = open_on(host, *port, SO_REUSEPORT, err);
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name = {.any = {.sa_family = AF_UNSPEC}};
	socklen_t size = sizeof(name);

	if (fd < 0)
		return -1;
	if (*port == 0 && getsockname(fd, &name.any, &size) == 0)
		*port = ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port
		                                             : name.v4.sin_port);
	return fd;
}

/* Whether somebody answers on a socket file. */
static int is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int alive = fd >= 0 && (connect(fd, (const struct sockaddr *)(const void *)address,
	                                sizeof(*address)) == 0 ||
	                        errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return alive;
}

static int bind_unix(int fd, const struct sockaddr_un *address)
{
	/* nobody may open it between bind and chmod */
	mode_t mask = umask(0177);
	int failed = bind(fd, (const struct sockaddr *)(const void *)address, sizeof(*address));
	int saved = errno;

	umask(mask);
	errno = saved;
	return failed;
}

int listener_unix(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (str_copy(address.sun_path, sizeof(address.sun_path), path) < 0)
		return err_set(err, ERR_USAGE, "socket path '%s' is over %zu bytes", path,
		               sizeof(address.sun_path) - 1);
	if (is_alive(&address))
		return err_set(err, ERR_BUSY, "another server listens on '%s'", path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind_unix(fd, &address) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err_errno(err, errno, "could not listen on '%s'", path);
	if (fd >= 0)
		close(fd);
	return -1;
}
