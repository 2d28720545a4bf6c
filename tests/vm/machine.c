/* SPDX-License-Identifier: BSD-3-Clause */
/* Helpers of the cases: devices, faults, and snapshots of the process's
 * mappings and descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

struct barspan_device *open_device(const char *address)
{
	struct barspan_device *device;
	int r = barspan_device_open_pci(&device, address, NULL);

	NEED(!r, "%s cannot be opened: %s", address, strerrorname_np(-r));
	return device;
}

struct barspan *map_region(struct barspan_device *device, unsigned int index,
			   const struct barspan_options *options)
{
	struct barspan *span;
	int r = barspan_map(&span, device, index, options);

	NEED(!r, "%s region %u cannot be mapped: %s", barspan_device_name(device), index,
	     strerrorname_np(-r));
	return span;
}

struct barspan_extent need_extent(const struct barspan *span, uint64_t offset)
{
	struct barspan_extent extent = { 0 };
	int r = barspan_extent_at(span, offset, &extent);

	NEED(!r, "no extent at 0x%" PRIx64 ": %s", offset, strerrorname_np(-r));
	return extent;
}

unsigned int parse_number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	NEED(*text && !*end && value <= UINT_MAX, "\"%s\" is not a number", text);
	return (unsigned int)value;
}

const struct plan *need_plan(const char *name)
{
	const struct plan *plan = plan_find(name);

	NEED(plan, "\"%s\" is not a plan", name);
	return plan;
}

void *need_memory(size_t length)
{
	void *memory = calloc(1, length);

	NEED(memory, "no memory for 0x%zx bytes", length);
	return memory;
}

void describe_extents(const struct barspan *span, char *out, size_t length)
{
	struct barspan_extent extent;
	size_t used = 0;

	*out = '\0';
	for (size_t i = 0; !barspan_extent_get(span, i, &extent) && used < length; i++) {
		const char *kind = extent.kind == BARSPAN_DIRECT
					   ? "direct"
					   : barspan_reason_name(extent.reason);

		used += (size_t)snprintf(out + used, length - used, "%s0x%" PRIx64 " %s",
					 i ? ", " : "", extent.length, kind);
	}
}

static sigjmp_buf after_fault;

static void on_fault(int number)
{
	siglongjmp(after_fault, number);
}

int fault_of_load(const volatile void *address)
{
	struct sigaction action = { .sa_handler = on_fault }, old_segv, old_bus;
	int number;

	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	number = sigsetjmp(after_fault, 1);
	if (!number)
		(void)*(const volatile uint8_t *)address;
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return number;
}

/* Snapshots are in static memory: memory from the heap would change
 * /proc/self/maps. */
static char before[256 << 10], after[256 << 10];

static size_t append_line(char *out, size_t used, const char *line)
{
	size_t length = strlen(line);

	NEED(used + length + 2 < sizeof(before), "a snapshot is larger than expected");
	memcpy(out + used, line, length);
	out[used + length] = '\n';
	out[used + length + 1] = '\0';
	return used + length + 1;
}

/* Heap and stack may grow. memcheck maps memory of its own at any time: under it
 * only the devices' mappings count. */
static bool is_counted(const char *line)
{
	if (under_memcheck)
		return strstr(line, "vfio") != NULL;
	return !strstr(line, "[heap]") && !strstr(line, "[stack]");
}

static size_t append_maps(char *out, size_t used)
{
	static char text[256 << 10];
	char *rest = text, *line;
	size_t length = 0;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	NEED(fd >= 0, "/proc/self/maps: %s", strerror(errno));
	while ((n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(fd);
	while ((line = strsep(&rest, "\n")))
		if (*line && is_counted(line))
			used = append_line(out, used, line);
	return used;
}

static size_t append_descriptors(char *out, size_t used)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	NEED(directory, "/proc/self/fd: %s", strerror(errno));
	while ((entry = readdir(directory))) {
		char target[256], line[600];
		ssize_t n = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		if (n < 0 || atoi(entry->d_name) == dirfd(directory))
			continue;
		target[n] = '\0';
		snprintf(line, sizeof(line), "fd %s %s", entry->d_name, target);
		used = append_line(out, used, line);
	}
	closedir(directory);
	return used;
}

void snapshot_take(void)
{
	*before = '\0';
	append_descriptors(before, append_maps(before, 0));
}

void snapshot_compare(void)
{
	*after = '\0';
	append_descriptors(after, append_maps(after, 0));
	EXPECT(!strcmp(before, after), "/proc/self/maps or /proc/self/fd have changed");
	if (strcmp(before, after))
		printf("before:\n%safter:\n%s", before, after);
}
