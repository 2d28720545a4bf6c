/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * barspan demo: the example of the DPDK RFC "Support VFIO sparse mmap in PCI
 * bus", on a software device. A BAR can be mapped in two areas, with a hole
 * between them, and a driver keeps using base + offset. The demo measures and
 * checks everything that it prints.
 */
#include <argp.h>
#include <dirent.h>
#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <barspan.h>

#include "arguments.h"
#include "command.h"
#include "maps.h"
#include "report.h"
#include "terminal.h"
#include "tool.h"

/* In pages: two areas of one page each, and a hole of two. */
enum { PAGES = 4, SECOND_AREA = 3, MAX_LINES = 16 };

#define FIRST_VALUE UINT32_C(0xba500000)

struct demo {
	struct barspan_device *device;
	struct barspan *span;
	uintptr_t base;
	uint64_t page;
	unsigned int checks, wrong;
	unsigned int descriptors; /* open at the start */
};

struct counts {
	uint64_t reads, writes;
};

__attribute__((format(printf, 3, 4))) static void report_check(struct demo *demo, bool good,
							       const char *format, ...)
{
	va_list arguments;

	printf("  [%s] ", good ? "ok" : "WRONG");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	demo->checks++;
	demo->wrong += !good;
}

static void print_title(const char *text)
{
	printf("\n%s\n", text);
}

static struct counts count_trapped(const struct demo *demo)
{
	struct counts counts = { 0, 0 };

	barspan_soft_trapped(demo->device, 0, &counts.reads, &counts.writes);
	return counts;
}

static bool same_counts(struct counts a, struct counts b)
{
	return a.reads == b.reads && a.writes == b.writes;
}

/* The number of descriptors of the process, without the one that this function
 * opens. */
static unsigned int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int n = 0;

	if (!directory)
		return 0;
	for (const struct dirent *entry; (entry = readdir(directory));)
		n += entry->d_name[0] != '.';
	closedir(directory);
	return n - 1;
}

/*
 * A driver that does not know libbarspan: it has the address of a BAR, and adds
 * offsets to it.
 */

struct legacy_driver {
	volatile uint8_t *bar;
};

static void legacy_write32(const struct legacy_driver *driver, uint64_t offset, uint32_t value)
{
	*(volatile uint32_t *)(driver->bar + offset) = htole32(value);
}

static uint32_t legacy_read32(const struct legacy_driver *driver, uint64_t offset)
{
	return le32toh(*(volatile uint32_t *)(driver->bar + offset));
}

/*
 * The parts of the demo.
 */

static int open_device(struct demo *demo)
{
	const struct barspan_range areas[] = { { 0, demo->page },
					       { SECOND_AREA * demo->page, demo->page } };
	const struct barspan_soft_region region = {
		.size = PAGES * demo->page,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP |
			 BARSPAN_REGION_SPARSE,
		.areas = areas,
		.n_areas = 2,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);
	int r = barspan_device_open_soft(&demo->device, &options);

	return r ? tool_fail(r, "software device: cannot open") : EXIT_SUCCESS;
}

static void check_extents(struct demo *demo, const struct survey *survey)
{
	const struct barspan_extent expected[] = {
		{ 0, demo->page, BARSPAN_DIRECT, BARSPAN_REASON_NONE },
		{ demo->page, (SECOND_AREA - 1) * demo->page, BARSPAN_HOLE, BARSPAN_REASON_SPARSE },
		{ SECOND_AREA * demo->page, demo->page, BARSPAN_DIRECT, BARSPAN_REASON_NONE },
	};
	bool good = survey->n_extents == sizeof(expected) / sizeof(expected[0]);

	for (size_t i = 0; good && i < survey->n_extents; i++) {
		const struct barspan_extent *extent = &survey->extents[i];

		good = extent->offset == expected[i].offset &&
		       extent->length == expected[i].length && extent->kind == expected[i].kind &&
		       extent->reason == expected[i].reason;
	}
	report_check(demo, good, "%zu extents: an area, a hole, an area", survey->n_extents);
}

static int map_region(struct demo *demo)
{
	struct picture_style style = { terminal_width(), terminal_unicode() };
	struct counts before = count_trapped(demo), after;
	/* Strict: if an area became a hole, the driver's loads and stores would
	 * fault. */
	const struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_STRICT };
	struct survey survey;
	int r = barspan_map(&demo->span, demo->device, 0, &options);

	if (r)
		return tool_fail(r, "software device region 0: cannot map");
	demo->base = (uintptr_t)barspan_base(demo->span);
	r = survey_span(&survey, demo->span);
	if (!r) {
		print_title(
			"1. The device lets two areas of a BAR be mapped; the BAR is one span.");
		r = report_region(stdout, &survey, &style);
		check_extents(demo, &survey);
		survey_free(&survey);
	}
	after = count_trapped(demo);
	report_check(demo, same_counts(before, after), "mapping the BAR touched no register");
	return r ? tool_fail(r, "software device region 0: cannot show") : EXIT_SUCCESS;
}

/* Whether each page of a mapping has the access that the guard table says. */
static bool mapping_agrees(const struct demo *demo, const struct mapping *mapping)
{
	for (uintptr_t at = mapping->start; at < mapping->end; at += demo->page) {
		bool direct = barspan_is_direct(demo->span, at - demo->base, demo->page);

		if (strcmp(mapping->access, direct ? "rw-s" : "---p"))
			return false;
	}
	return true;
}

static void show_maps(struct demo *demo)
{
	uintptr_t end = demo->base + barspan_length(demo->span), covered = demo->base;
	struct mapping mappings[MAX_LINES];
	bool agree = true;
	size_t n = 0;
	int r = maps_find(mappings, MAX_LINES, &n, demo->base, end);

	print_title("2. Its lines of /proc/self/maps: areas at their offsets, no access between "
		    "them.");
	for (size_t i = 0; i < n; i++) {
		bool inside = mappings[i].start >= demo->base && mappings[i].end <= end;

		printf("  %s\n", mappings[i].text);
		agree &= inside && mapping_agrees(demo, &mappings[i]);
		if (mappings[i].start == covered)
			covered = mappings[i].end;
	}
	report_check(demo, !r && covered == end,
		     "they cover 0x%" PRIxPTR " to 0x%" PRIxPTR " without a gap", demo->base, end);
	report_check(demo, n && agree, "rw-s if the guard table says direct, ---p if it says hole");
}

static void run_driver(struct demo *demo)
{
	const struct legacy_driver driver = { (volatile uint8_t *)demo->base };
	const uint64_t offsets[] = { 0, 0x40, demo->page - 4, SECOND_AREA * demo->page,
				     PAGES * demo->page - 4 };
	const size_t n = sizeof(offsets) / sizeof(offsets[0]);
	struct counts before = count_trapped(demo), after;
	uint32_t back[sizeof(offsets) / sizeof(offsets[0])];
	bool same = true;

	print_title(
		"3. A legacy driver adds offsets to a base; trapped reads show where its values "
		"arrived.");
	for (size_t i = 0; i < n; i++)
		legacy_write32(&driver, offsets[i], FIRST_VALUE + (uint32_t)i);
	for (size_t i = 0; i < n; i++)
		back[i] = legacy_read32(&driver, offsets[i]);
	after = count_trapped(demo);
	for (size_t i = 0; i < n; i++) {
		uint32_t raw = 0, wrote = FIRST_VALUE + (uint32_t)i;
		int r = barspan_device_read(demo->device, 0, offsets[i], &raw, sizeof(raw));

		printf("  0x%-6" PRIx64
		       " wrote 0x%08x at %p; the device has 0x%08x, the driver reads 0x%08x\n",
		       offsets[i], wrote, (void *)(demo->base + offsets[i]), le32toh(raw), back[i]);
		same &= !r && le32toh(raw) == wrote && back[i] == wrote;
	}
	report_check(demo, same, "%zu registers are where base + offset says", n);
	report_check(demo, same_counts(before, after),
		     "the driver's accesses trapped %" PRIu64 " times",
		     after.reads - before.reads + after.writes - before.writes);
}

static void ask_guard(struct demo *demo)
{
	const struct {
		uint64_t offset, length;
		bool direct;
	} questions[] = {
		{ 0, 4, true },
		{ demo->page - 4, 4, true },
		{ demo->page - 4, 8, false },
		{ demo->page, 4, false },
		{ 2 * demo->page + 0x123, 1, false },
		{ SECOND_AREA * demo->page, demo->page, true },
		{ PAGES * demo->page - 4, 8, false },
	};
	const size_t n = sizeof(questions) / sizeof(questions[0]);
	bool good = true;

	print_title("4. The guard table answers without a fault and without the device.");
	for (size_t i = 0; i < n; i++) {
		uint64_t offset = questions[i].offset;
		bool direct = barspan_is_direct(demo->span, offset, questions[i].length);
		volatile void *pointer = barspan_pointer(demo->span, offset, questions[i].length);
		struct barspan_extent extent = { 0 };
		int r = barspan_extent_at(demo->span, offset, &extent);
		bool direct_at = extent.kind == BARSPAN_DIRECT;

		printf("  0x%-6" PRIx64 " + 0x%-6" PRIx64 " %-10s  begins in 0x%" PRIx64
		       " + 0x%" PRIx64 ", %s%s%s\n",
		       offset, questions[i].length, direct ? "direct" : "not direct", extent.offset,
		       extent.length, words_kind(extent.kind), direct_at ? "" : ", ",
		       direct_at ? "" : barspan_reason_name(extent.reason));
		good &= !r && direct == questions[i].direct &&
			(uintptr_t)pointer == (direct ? demo->base + offset : 0);
	}
	report_check(demo, good, "%zu answers are right, and only direct ranges have a pointer", n);
}

static void print_counts(const struct demo *demo, const char *after)
{
	struct counts counts = count_trapped(demo);

	printf("  trapped so far: %3" PRIu64 " reads, %3" PRIu64 " writes  %s\n", counts.reads,
	       counts.writes, after);
}

static void use_accessors(struct demo *demo)
{
	uint64_t hole = demo->page + 0x10, direct = 0x80;
	struct counts start = count_trapped(demo), wrote, read, rest;
	uint32_t from_hole, from_direct;

	print_title("5. Accessors take any offset: trapped access in a hole, else direct access.");
	print_counts(demo, "");
	barspan_write32(demo->span, hole, 0xfeedc0deu);
	wrote = count_trapped(demo);
	print_counts(demo, "after a write to the hole");
	from_hole = barspan_read32(demo->span, hole);
	read = count_trapped(demo);
	print_counts(demo, "after a read from the hole");
	barspan_write32(demo->span, direct, 0x12345678u);
	from_direct = barspan_read32(demo->span, direct);
	rest = count_trapped(demo);
	print_counts(demo, "after a write to an area and a read from it");
	report_check(demo,
		     from_hole == 0xfeedc0deu && from_direct == 0x12345678u &&
			     !barspan_take_error(demo->span, NULL),
		     "0x%" PRIx64 " has 0x%08x, 0x%" PRIx64 " has 0x%08x", hole, from_hole, direct,
		     from_direct);
	report_check(demo, wrote.writes == start.writes + 1 && wrote.reads == start.reads,
		     "the write to the hole was one trapped write");
	report_check(demo, read.reads == wrote.reads + 1 && read.writes == wrote.writes,
		     "the read from the hole was one trapped read");
	report_check(demo, same_counts(read, rest), "the accesses to the area were not trapped");
}

static void unmap_region(struct demo *demo)
{
	uintptr_t base = demo->base, end = base + barspan_length(demo->span);
	struct mapping mappings[MAX_LINES];
	size_t n = 0;
	int r;

	barspan_unmap(demo->span);
	barspan_device_close(demo->device);
	demo->span = NULL;
	demo->device = NULL;
	r = maps_find(mappings, MAX_LINES, &n, base, end);
	print_title("6. Unmapping leaves nothing behind.");
	for (size_t i = 0; i < n; i++)
		printf("  %s\n", mappings[i].text);
	report_check(demo, !r && !n,
		     "/proc/self/maps has %zu lines of 0x%" PRIxPTR " to 0x%" PRIxPTR, n, base,
		     end);
	report_check(demo, count_descriptors() == demo->descriptors,
		     "the process has %u descriptors, as before", count_descriptors());
}

static int run_demo(struct demo *demo)
{
	int status = open_device(demo);

	if (status)
		return status;
	status = map_region(demo);
	if (!status) {
		show_maps(demo);
		run_driver(demo);
		ask_guard(demo);
		use_accessors(demo);
		unmap_region(demo);
		printf("\n%u checks, %u wrong\n", demo->checks, demo->wrong);
		if (demo->wrong)
			tool_say("demo: %u of %u checks failed", demo->wrong, demo->checks);
	}
	barspan_unmap(demo->span);
	barspan_device_close(demo->device);
	return status || demo->wrong || !tool_flush() ? EXIT_FAILURE : EXIT_SUCCESS;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argument_refuse_excess(state, argument);
	return 0;
}

int cmd_demo(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "",
		.doc = "Map a sparse BAR of a software device, use it as a driver would, and check "
		       "each result. Needs no hardware and no privilege.",
	};
	struct demo demo = { .page = (uint64_t)sysconf(_SC_PAGESIZE),
			     .descriptors = count_descriptors() };

	if (argument_parse(&argp, argc, argv, 0, &demo))
		return EXIT_FAILURE;
	return run_demo(&demo);
}
