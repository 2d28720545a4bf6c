/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver that uses sparse regions, as DPDK does since 23.07. It asks for a
 * region's description with little room, asks again with the room that the
 * kernel wants, and maps each area by its own call. If there are no areas, it
 * maps the whole region. tests/tool/fake-vfio.c simulates its device.
 *
 * It prints the capabilities that it finds, and makes all its register accesses
 * at base + offset. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "refuse.h"

enum { BAR = 0x100000, SIZE = 0x4000, HOLE = 0x1000, MAX_INFO = 4096 };

static int fail_test(const char *what)
{
	printf("not ok: %s\n", what);
	exit(EXIT_FAILURE);
}

/* Asks until the answer fits. Returns the number of calls. */
static int ask_info(int device, struct vfio_region_info *info, uint32_t capacity)
{
	int times = 1;

	for (;; times++) {
		memset(info, 0, capacity);
		info->argsz = capacity;
		if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info))
			fail_test("cannot get the description");
		if (info->argsz == capacity || times == 5)
			return times;
		capacity = info->argsz;
		if (capacity > MAX_INFO)
			fail_test("the description is too long");
	}
}

/* Prints the chain. Returns the sparse capability. */
static const struct vfio_region_info_cap_sparse_mmap *walk_chain(
	const struct vfio_region_info *info)
{
	const struct vfio_info_cap_header *header;
	const void *sparse = NULL;

	if (!!(info->flags & VFIO_REGION_INFO_FLAG_CAPS) != !!info->cap_offset)
		fail_test("the flag and the chain differ");
	for (uint32_t at = info->cap_offset; at; at = header->next) {
		header = (const void *)((const uint8_t *)info + at);
		if (at + sizeof(*header) > info->argsz)
			fail_test("the chain points outside the answer");
		printf(" %u", header->id);
		if (header->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			sparse = header;
	}
	return sparse;
}

static volatile uint8_t *map_range(int device, size_t length, uint64_t offset, void *address,
				   int flags)
{
	void *mapped = mmap(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | flags, device,
			    (off_t)offset);

	if (mapped == MAP_FAILED)
		fail_test("mmap");
	return mapped;
}

static volatile uint8_t *place_areas(int device,
				     const struct vfio_region_info_cap_sparse_mmap *sparse)
{
	uint8_t *base = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		fail_test("cannot reserve addresses");
	for (uint32_t i = 0; i < sparse->nr_areas; i++)
		map_range(device, sparse->areas[i].size, BAR + sparse->areas[i].offset,
			  base + sparse->areas[i].offset, MAP_FIXED);
	return base;
}

int main(int argc, char **argv)
{
	static uint64_t answer[MAX_INFO / sizeof(uint64_t)];
	struct vfio_region_info *info = (void *)answer;
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	uint32_t capacity = argc > 2 ? (uint32_t)atoi(argv[2]) : sizeof(*info), value = 0;
	int device = memfd_create(argc > 1 ? argv[1] : "vfio", MFD_CLOEXEC);
	volatile uint8_t *base;

	if (device < 0 || ftruncate(device, BAR + SIZE))
		fail_test("cannot make the device");
	/* The preloaded object cannot read the program's memory by a system
	 * call. */
	if (argc > 3 && refuse_call(SYS_process_vm_readv, EPERM))
		fail_test("seccomp");
	errno = 0;
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, NULL) != -1 || errno != EFAULT)
		fail_test("an inaccessible argument was accepted");
	printf("asked %d:", ask_info(device, info, capacity));
	sparse = walk_chain(info);
	printf("\n");
	fflush(stdout);
	base = sparse ? place_areas(device, sparse)
		      : map_range(device, info->size, info->offset, NULL, 0);
	for (uint32_t offset = 0; offset < SIZE; offset += 0x404) {
		*(volatile uint32_t *)(base + offset) = offset + 1;
		if (pread(device, &value, sizeof(value), BAR + offset) != sizeof(value) ||
		    value != offset + 1)
			fail_test("a store did not reach the device");
	}
	printf("ok\n");
	return EXIT_SUCCESS;
}
