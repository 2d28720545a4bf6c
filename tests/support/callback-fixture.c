/* SPDX-License-Identifier: BSD-3-Clause */
#include "callback-fixture.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

size_t page;
int memory = -1;
struct barspan_device *device;
char *before;
void (*inside_map)(void), (*inside_close)(void);
bool is_refusing;
struct barspan *span, *other;

static int ops_region(void *context, unsigned int index, struct barspan_region *out)
{
	(void)context;
	*out = (struct barspan_region){ .size = PAGES * page, .flags = RW | BARSPAN_REGION_MMAP };
	errno = ERANGE;
	return index < 2 ? 0 : -EINVAL;
}

static int ops_map(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		   void *address)
{
	(void)context;
	(void)index;
	if (inside_map)
		inside_map();
	errno = EILSEQ;
	if (is_refusing)
		return -EIO;
	if (mmap(address, length, prot, MAP_SHARED | MAP_FIXED, memory, (off_t)offset) ==
	    MAP_FAILED)
		return -errno;
	return 0;
}

static int ops_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	(void)index;
	errno = EDOM;
	return pread(memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0 : -EIO;
}

static int ops_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		     size_t length)
{
	(void)context;
	(void)index;
	errno = EDOM;
	return pwrite(memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0 : -EIO;
}

static void ops_close(void *context)
{
	(void)context;
	if (inside_close)
		inside_close();
	errno = ENFILE;
}

const struct barspan_device_ops ops = {
	.size = sizeof(ops),
	.region = ops_region,
	.map = ops_map,
	.read = ops_read,
	.write = ops_write,
	.close = ops_close,
};

void set_up(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	inside_map = NULL;
	fake_reset();
	harness_listen();
	before = harness_snapshot();
	memory = memfd_create("callbacks", MFD_CLOEXEC);
	ck_assert_zero(ftruncate(memory, (off_t)(PAGES * page)));
	ck_assert_zero(barspan_device_open_ops(&device, &ops, NULL));
}

void tear_down(void)
{
	barspan_device_close(device);
	close(memory);
	harness_expect_unchanged(&before);
}

int results[8];
sem_t entered, go;
