/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Implements a transport: a device whose region is a file, such as the dump of
 * a BAR. The same functions as for a VFIO device access it. Its first page can
 * be mapped, and the rest needs trapped access.
 *
 *     own-transport [FILE]
 *
 * FILE is opened for reading only. Without it, the program uses a temporary
 * file.
 */
#include <barspan.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct transport {
	int fd;
	uint64_t size;
	struct barspan_range first_page;
};

/* The transport owns the areas, which must stay valid until it is closed. */
static int describe(void *context, unsigned int index, struct barspan_region *out)
{
	struct transport *transport = context;

	if (index)
		return -EINVAL;
	out->size = transport->size;
	out->flags = BARSPAN_REGION_READ | BARSPAN_REGION_MMAP | BARSPAN_REGION_SPARSE;
	out->n_areas = 1;
	out->areas = &transport->first_page;
	return 0;
}

/* MAP_FIXED is safe here: the library owns the addresses, and wants their
 * mapping replaced. */
static int map(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
	       void *address)
{
	struct transport *transport = context;
	void *mapped =
		mmap(address, length, prot, MAP_SHARED | MAP_FIXED, transport->fd, (off_t)offset);

	(void)index;
	return mapped == MAP_FAILED ? -errno : 0;
}

/* All or nothing: a short read is an error. */
static int trapped_read(void *context, unsigned int index, uint64_t offset, void *buffer,
			size_t length)
{
	struct transport *transport = context;
	ssize_t n = pread(transport->fd, buffer, length, (off_t)offset);

	if (index)
		return -ENOENT;
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

static int trapped_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
			 size_t length)
{
	(void)context;
	(void)index;
	(void)offset;
	(void)buffer;
	(void)length;
	return -EACCES; /* the region has no BARSPAN_REGION_WRITE */
}

/* Called when the device is closed and its last span is unmapped. */
static void close_transport(void *context)
{
	struct transport *transport = context;

	close(transport->fd);
	free(transport);
}

static int open_file(const char *path)
{
	FILE *made;
	int fd = -1;

	if (path)
		return open(path, O_RDONLY | O_CLOEXEC);
	made = tmpfile();
	if (!made)
		return -1;
	for (unsigned int i = 0; i < 3 * (unsigned int)sysconf(_SC_PAGESIZE); i++)
		putc((int)(i / 256 & 255), made);
	if (!fflush(made))
		fd = fcntl(fileno(made), F_DUPFD_CLOEXEC, 0);
	fclose(made);
	return fd;
}

static int open_transport(struct barspan_device **out, const char *path)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = describe,
		.map = map,
		.read = trapped_read,
		.write = trapped_write,
		.close = close_transport,
	};
	struct transport *transport = calloc(1, sizeof(*transport));
	struct stat status;
	int r;

	if (!transport)
		return -ENOMEM;
	transport->fd = open_file(path);
	if (transport->fd < 0 || fstat(transport->fd, &status)) {
		r = -errno;
		goto err_close;
	}
	transport->size = (uint64_t)status.st_size;
	transport->first_page.length = (uint64_t)sysconf(_SC_PAGESIZE);
	if (transport->first_page.length > transport->size)
		transport->first_page.length = transport->size;
	r = barspan_device_open_ops(out, &ops, transport);
	if (!r)
		return 0;
err_close: /* a failed open does not call ops.close */
	if (transport->fd >= 0)
		close(transport->fd);
	free(transport);
	return r;
}

int main(int argc, char **argv)
{
	struct barspan_device *device;
	struct barspan_extent extent;
	struct barspan *span;
	uint64_t last;
	uint8_t value;
	int r = open_transport(&device, argc > 1 ? argv[1] : NULL);

	if (!r) {
		r = barspan_map(&span, device, 0, NULL);
		barspan_device_close(device);
	}
	if (r) {
		fprintf(stderr, "own-transport: %s\n", strerror(-r));
		return 1;
	}
	for (size_t i = 0; !barspan_extent_get(span, i, &extent); i++)
		printf("0x%08" PRIx64 " + 0x%" PRIx64 " %s\n", extent.offset, extent.length,
		       extent.kind == BARSPAN_DIRECT ? "direct"
						     : barspan_reason_name(extent.reason));
	last = barspan_length(span) - 1;
	value = barspan_read8(span, last);
	r = barspan_take_error(span, NULL);
	if (!r)
		printf("the last byte, at 0x%" PRIx64 ", is 0x%02x\n", last, value);
	barspan_unmap(span);
	return r ? 1 : 0;
}
