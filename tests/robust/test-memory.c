/* SPDX-License-Identifier: BSD-3-Clause */
/* The cost of a span is small and does not depend on its length. No part of a
 * span is in a core dump. */
#include <sys/mman.h>
#include <unistd.h>

#include "support/harness.h"

enum {
	RESIDENT = 96 << 10, /* bytes; a guard table takes 64 KiB of them */
	TABLES = 64 << 10,   /* bytes */
	HEAP = 1 << 20,	     /* bytes; it grows in steps */
	SLACK = 64 << 20,    /* of Committed_AS, which counts the whole machine */
};

#define TIB (UINT64_C(1) << 40)
#define GIB (UINT64_C(1) << 30)

struct usage {
	uint64_t resident, data, tables, committed;
};

static uint64_t committed_bytes(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long value = 0;
	char line[128];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, "Committed_AS: %llu", &value) != 1)
		;
	fclose(file);
	return value * 1024;
}

static struct usage measure_usage(void)
{
	return (struct usage){ harness_status("VmRSS:"), harness_status("VmData:"),
			       harness_status("VmPTE:"), committed_bytes() };
}

/* A region of `size` bytes with small areas at both ends and in the middle. */
static struct barspan_device *open_large(uint64_t size, struct barspan_range areas[3])
{
	struct barspan_soft_region region = { .size = size,
					      .n_areas = 3,
					      .areas = areas,
					      .flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE |
						       BARSPAN_REGION_MMAP };
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct barspan_device *device;

	areas[0] = (struct barspan_range){ 0, page };
	areas[1] = (struct barspan_range){ size / 2, 4 * page };
	areas[2] = (struct barspan_range){ size - page, page };
	ck_assert_zero(harness_open_soft(&device, &region, 1));
	return device;
}

START_TEST(reserving_1_TiB_takes_little_memory)
{
	uint64_t size = harness_instrumented() ? GIB : TIB;
	struct barspan_range areas[3];
	struct barspan_device *device = open_large(size, areas);
	struct usage before, after;
	struct barspan *span;

	/* A first span makes the one-time allocations of the C library and the
	 * kernel. */
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_unmap(span);
	measure_usage();
	before = measure_usage();
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	after = measure_usage();
	ck_assert_uint_eq(barspan_length(span), size);
	ck_assert_uint_eq(barspan_extent_count(span), 5);
	if (!harness_instrumented()) {
		ck_assert_uint_le(after.resident, before.resident + RESIDENT);
		ck_assert_uint_le(after.tables, before.tables + TABLES);
		/* Private writable memory is charged to the process. */
		ck_assert_uint_le(after.data, before.data + HEAP);
		ck_assert_uint_le(after.committed, before.committed + SLACK);
	}

	/* Accesses cost only the pages they touch. */
	for (int i = 0; i < 3; i++)
		barspan_write32(span, areas[i].offset, 1);
	ck_assert_zero(barspan_take_error(span, NULL));
	if (!harness_instrumented())
		ck_assert_uint_le(harness_status("VmRSS:"), before.resident + RESIDENT);
	barspan_unmap(span);
	barspan_device_close(device);
}
END_TEST

/* The VmFlags of each mapping in a range contain "dd", and there are `wanted`
 * mappings. */
static void check_not_dumped(uintptr_t start, uintptr_t end, int wanted)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	bool inside = false;
	char line[512];
	int n = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = from < end && to > start;
		if (!inside || strncmp(line, "VmFlags:", 8))
			continue;
		n++;
		ck_assert_msg(strstr(line, " dd") != NULL, "mapping %d: %s", n, line);
	}
	fclose(file);
	ck_assert_int_eq(n, wanted);
}

START_TEST(no_part_of_a_span_is_dumped)
{
	struct barspan_range areas[3];
	struct barspan_device *device = open_large(GIB, areas);
	struct barspan *span;
	uintptr_t base;

	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	base = (uintptr_t)barspan_base(span);
	check_not_dumped(base, base + GIB, 5);
	ck_assert_zero(barspan_suspend(span));
	check_not_dumped(base, base + GIB, 5);
	ck_assert_zero(barspan_resume(span));
	check_not_dumped(base, base + GIB, 5);
	barspan_unmap(span);
	barspan_device_close(device);
}
END_TEST

START_TEST(no_part_of_an_independent_span_is_dumped)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_INDEPENDENT };
	struct barspan_range areas[3];
	struct barspan_device *device = open_large(GIB, areas);
	struct barspan *span;

	ck_assert_zero(barspan_map(&span, device, 0, &options));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++) {
			uintptr_t at =
				(uintptr_t)barspan_pointer(span, areas[i].offset, areas[i].length);

			ck_assert(at != 0);
			check_not_dumped(at, at + areas[i].length, 1);
		}
		ck_assert_zero(barspan_suspend(span));
		ck_assert_zero(barspan_resume(span));
	}
	barspan_unmap(span);
	barspan_device_close(device);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");

	harness_add(suite, "memory",
		    (const TTest *const[]){ reserving_1_TiB_takes_little_memory,
					    no_part_of_a_span_is_dumped,
					    no_part_of_an_independent_span_is_dumped, NULL });
	return harness_run(suite);
}
