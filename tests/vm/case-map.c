/* SPDX-License-Identifier: BSD-3-Clause */
/* Compares the library's extents with the mappings that the kernel reports. */
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "sysfs.h"

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t round_up(uint64_t length)
{
	return (length + page_size() - 1) / page_size() * page_size();
}

/* The region's offset in the device's file. The kernel reports it: the
 * library's own value is under test. */
static uint64_t file_offset(struct barspan_device *device, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	NEED(!ioctl(barspan_device_fd(device), VFIO_DEVICE_GET_REGION_INFO, &info),
	     "GET_REGION_INFO: %s", strerror(errno));
	return info.offset;
}

/* The two numbers that /proc/self/maps can show for a region's first byte: its
 * offset in the device's file, or, before Linux 6.10, its bus address. */
struct origin {
	uint64_t in_file;
	uint64_t on_bus;
};

/* Compares a line of /proc/self/maps with the extent at its start. The line is
 * cut to the span. */
static void compare_line(const struct barspan *span, uint64_t from, uint64_t to, const char *rights,
			 uint64_t place, const struct origin *origin)
{
	struct barspan_extent extent = need_extent(span, from);

	if (extent.kind == BARSPAN_HOLE) {
		EXPECT(!strncmp(rights, "---p", 4), "the hole at 0x%" PRIx64 " is %s", from,
		       rights);
		return;
	}
	EXPECT(!strncmp(rights, "rw-s", 4), "the direct extent at 0x%" PRIx64 " is %s", from,
	       rights);
	EXPECT(from == extent.offset && to >= extent.offset + extent.length &&
		       to - from < extent.length + page_size(),
	       "0x%" PRIx64 " to 0x%" PRIx64 " is mapped, not 0x%" PRIx64 " + 0x%" PRIx64, from, to,
	       extent.offset, extent.length);
	EXPECT(place == origin->in_file + from || place == origin->on_bus + from,
	       "0x%" PRIx64 " is 0x%" PRIx64 " of the device", from, place);
}

/* Lines must follow each other without a gap from the base to the end of the
 * span's last page. */
static void compare_with_maps(const struct barspan *span, const struct origin *origin)
{
	uint64_t base = (uintptr_t)barspan_base(span), length = round_up(barspan_length(span));
	uint64_t done = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	NEED(maps, "/proc/self/maps: %s", strerror(errno));
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start, end, place;
		char rights[8];

		NEED(sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64, &start, &end, rights,
			    &place) == 4,
		     "maps: %s", line);
		if (end <= base || start >= base + length)
			continue;
		/* the kernel merges a reservation with a neighbour of the same
		 * kind */
		if (start < base)
			start = base;
		if (end > base + length)
			end = base + length;
		EXPECT(start == base + done, "nothing is mapped at 0x%" PRIx64 " of the span",
		       done);
		compare_line(span, start - base, end - base, rights, place, origin);
		done = end - base;
	}
	fclose(maps);
	EXPECT_EQUAL(done, length);
}

/* Loads the first and the last byte of each hole. */
static void expect_holes_fault(const struct barspan *span)
{
	const volatile uint8_t *base = barspan_base(span);
	struct barspan_extent extent;

	for (size_t i = 0; !barspan_extent_get(span, i, &extent); i++) {
		uint64_t first = round_up(extent.offset), last = extent.offset + extent.length - 1;

		if (extent.kind == BARSPAN_DIRECT || extent.reason == BARSPAN_REASON_PAGE)
			continue;
		EXPECT_EQUAL((uint64_t)fault_of_load(base + first), SIGSEGV);
		EXPECT_EQUAL((uint64_t)fault_of_load(base + last), SIGSEGV);
	}
}

void case_extents(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	unsigned int index = parse_number(argv[2]);
	struct barspan *span = map_region(device, index, NULL);
	struct sysfs_bar bars[SYSFS_BARS];
	struct origin origin;
	char text[1024];

	describe_extents(span, text, sizeof(text));
	EXPECT(!strcmp(text, argv[3]), "extents are \"%s\", not \"%s\"", text, argv[3]);
	sysfs_bars(argv[1], bars);
	origin = (struct origin){ file_offset(device, index), bars[index].start };
	compare_with_maps(span, &origin);
	if (!under_memcheck)
		expect_holes_fault(span);
	barspan_unmap(span);
	barspan_device_close(device);
}

void case_strict_fails(char **argv)
{
	struct barspan_options strict = { .size = sizeof(strict), .flags = BARSPAN_STRICT };
	struct barspan_device *device = open_device(argv[1]);
	struct barspan *span = NULL;

	EXPECT_ERROR(barspan_map(&span, device, parse_number(argv[2]), &strict), argv[3]);
	EXPECT(!span, "a span is handed out");
	barspan_unmap(span);
	strict.flags |= BARSPAN_INDEPENDENT;
	EXPECT_ERROR(barspan_map(&span, device, parse_number(argv[2]), &strict), argv[3]);
	EXPECT(!span, "a span is handed out");
	barspan_unmap(span);
	barspan_device_close(device);
}

/* The baseline: a program that ignores areas and maps the region as a whole. */
void case_plain_mmap(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	unsigned int index = parse_number(argv[2]);
	struct barspan_region region;
	void *bar;

	EXPECT_ERROR(barspan_device_region(device, index, &region), "0");
	bar = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED, barspan_device_fd(device),
		   (off_t)file_offset(device, index));
	EXPECT(bar == MAP_FAILED, "the kernel maps the sparse region as a whole");
	EXPECT_EQUAL((uint64_t)errno, EINVAL);
	barspan_device_close(device);
}
