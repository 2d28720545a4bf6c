/* SPDX-License-Identifier: BSD-3-Clause */
#include "device/pci-way.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"
#include "util/sys.h"

int way_fail(struct way *way, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(way->why, sizeof(way->why), format, arguments);
	va_end(arguments);
	return r;
}

void way_close(const struct way *way)
{
	if (way->device >= 0)
		sys_close(way->device);
	if (way->group >= 0)
		sys_close(way->group);
	if (way->iommu >= 0)
		sys_close(way->iommu);
}

int way_open_node(struct way *way, const char *path)
{
	int fd = sys_open(path, O_RDWR);

	way->try_other =
		fd == -ENOENT || fd == -EACCES || fd == -EPERM || fd == -ENXIO || fd == -ENODEV;
	if (fd == -ENOENT)
		return way_fail(way, fd, "%s does not exist", path);
	if (fd == -EACCES || fd == -EPERM)
		return way_fail(way, fd, "cannot open %s: %s: no permission", path,
				log_error_name(fd));
	if (fd == -EBUSY)
		return way_fail(way, fd, "cannot open %s: EBUSY: in use", path);
	return fd < 0 ? way_fail(way, fd, "cannot open %s: %s", path, log_error_name(fd)) : fd;
}

int way_open_needed(struct way *way, const char *path, const char *module)
{
	int fd = way_open_node(way, path);

	return fd == -ENOENT ? way_fail(way, -ENXIO, "%s does not exist: is module %s loaded?",
					path, module)
			     : fd;
}

int way_ioctl(struct way *way, int fd, unsigned long number, void *argument, const char *name)
{
	int r = sys_ioctl(fd, number, argument);

	return r < 0 ? way_fail(way, r, "%s: %s", name, log_error_name(r)) : r;
}

int way_read_link(const char *address, const char *name, char *out, size_t length)
{
	char path[PATH_LENGTH], target[256];
	int r;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address, name);
	r = sys_readlink(path, target, sizeof(target));
	if (r)
		return r;

	const char *slash = strrchr(target, '/');
	const char *last = slash ? slash + 1 : target;

	if (strlen(last) >= length)
		return -ENAMETOOLONG;
	memcpy(out, last, strlen(last) + 1);
	return 0;
}

bool way_is_enabled(const char *address)
{
	char path[PATH_LENGTH], text[16];
	int fd, n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", address);
	fd = sys_open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = sys_read(fd, text, sizeof(text));
	sys_close(fd);
	return n > 0 && text[0] >= '1' && text[0] <= '9';
}

int way_explain_token(struct way *way, int r, const char *name)
{
	const char *hint = "";

	if (r == -EACCES)
		hint = way->token ? ": the VF token may be wrong"
				  : ": the device may require a VF token";
	else if (r == -EINVAL && way->token)
		hint = ": the device may take no VF token";
	return way_fail(way, r, "%s: %s%s", name, log_error_name(r), hint);
}
