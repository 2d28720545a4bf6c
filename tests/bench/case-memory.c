/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "pages.h"

enum {
	/* areas: with the holes between, they take half of a process's
	 * mappings */
	MAX_MAPPED = 16384,
	WARM_SPANS = 16,
};

#define TIB (UINT64_C(1) << 40)

static int64_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return (int64_t)(info.uordblks + info.hblkhd);
}

/* The memory that is charged to a process, in bytes. */
struct usage {
	int64_t resident, tables, commit;
};

/* The sum of the values of `key` in a file of /proc/self, in KiB. With a
 * `flag`, only mappings that have the flag count. */
static int64_t sum_lines(const char *path, const char *key, const char *flag)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(key);
	int64_t total = 0, pending = 0;
	char line[4096];

	if (!file)
		return bench_complain(-errno, "cannot open %s", path);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, length)) {
			pending = strtoll(line + length, NULL, 10);
			total += flag ? 0 : pending;
		}
		if (flag && !strncmp(line, "VmFlags:", 8) && strstr(line, flag))
			total += pending;
	}
	fclose(file);
	return total;
}

/* Sums over the process's mappings are exact. VmRSS may lag behind, and
 * Committed_AS counts the whole machine. Mappings with "ac" are charged. */
static int measure_usage(struct usage *out)
{
	int64_t resident = sum_lines("/proc/self/smaps_rollup", "Rss:", NULL);
	int64_t tables = sum_lines("/proc/self/status", "VmPTE:", NULL);
	int64_t commit = sum_lines("/proc/self/smaps", "Size:", " ac");

	if (resident < 0 || tables < 0 || commit < 0)
		return -EIO;
	*out = (struct usage){ resident * 1024, tables * 1024, commit * 1024 };
	return 0;
}

/* The heap that one more span takes. Spans before it use up freed memory that
 * malloc keeps, which counts as allocated. */
static int heap_of_span(int64_t *out, struct pages *pages)
{
	struct barspan *spans[WARM_SPANS + 1];
	struct barspan_device *device;
	int64_t before = 0;
	size_t n = 0;
	int r = pages_open(&device, pages);

	if (r)
		return bench_complain(r, "cannot make a device");
	for (; !r && n < WARM_SPANS + 1; n++) {
		before = heap_bytes();
		r = barspan_map(&spans[n], device, 0, NULL);
		if (r)
			break;
	}
	*out = heap_bytes() - before;
	while (n)
		barspan_unmap(spans[--n]);
	barspan_device_close(device);
	return r ? bench_complain(r, "cannot map") : 0;
}

/* -1: not built in */
static int heap_of_set(int64_t *out, const struct pages *pages,
		       int (*fill)(struct pages_sets *sets, const struct pages *pages))
{
	struct pages_sets sets = { NULL, NULL };
	int64_t before = heap_bytes();
	int r = fill(&sets, pages);

	*out = r ? -1 : heap_bytes() - before;
	pages_sets_clear(&sets);
	return r == -ENOSYS ? 0 : r;
}

/* The heap has the guard table and the span's other data. The size of a bitmap
 * of pages is computed. */
static int count_heap(struct bench *bench, struct pages *pages)
{
	struct bench_bytes values[] = {
		{ "ours", 0 },
		{ "floor", -1 },
		{ "bitmap", (int64_t)(pages->region.size >> PAGES_SHIFT >> 3) },
		{ "CRoaring", -1 },
		{ "Judy", -1 },
	};
	int r = heap_of_span(&values[0].bytes, pages);

	if (!r)
		r = heap_of_set(&values[3].bytes, pages, pages_fill_roaring);
	if (!r)
		r = heap_of_set(&values[4].bytes, pages, pages_fill_judy);
	return r ? r
		 : bench_count(bench, values, 5, "heap, %s, areas %u",
			       bench_quick(bench) ? "1 GiB" : "1 TiB", pages->region.n_areas);
}

/* Blocks that fill malloc's free memory. Reused memory would hide a span's
 * allocations. */
struct plug {
	struct plug *next;
};

static bool take_free(struct plug **plug, size_t *left, size_t size)
{
	size_t arena = mallinfo2().arena;
	struct plug *more = *left < size ? NULL : malloc(size);

	if (!more)
		return false;
	*left -= size;
	more->next = *plug;
	*plug = more;
	return mallinfo2().arena == arena;
}

static struct plug *plug_heap(void)
{
	struct plug *plug = NULL;
	size_t left = mallinfo2().fordblks;

	for (size_t size = 64 << 10; size >= 1 << 10; size /= 2)
		while (take_free(&plug, &left, size))
			;
	return plug;
}

static void free_plugs(struct plug *plug)
{
	while (plug) {
		struct plug *next = plug->next;

		free(plug);
		plug = next;
	}
}

static int usage_of_one_more(struct usage *out, struct barspan_device *device)
{
	struct usage before, after;
	struct barspan *span;
	int r = measure_usage(&before);

	if (r)
		return r;
	r = barspan_map(&span, device, 0, NULL);
	if (r)
		return bench_complain(r, "cannot map");
	r = measure_usage(&after);
	barspan_unmap(span);
	*out = (struct usage){ after.resident - before.resident, after.tables - before.tables,
			       after.commit - before.commit };
	return r;
}

/* A first span makes the one-time allocations of the C library and the dynamic
 * linker. */
static int usage_of_span(struct usage *out, struct barspan_device *device)
{
	struct barspan *span;
	struct plug *plug;
	int r = barspan_map(&span, device, 0, NULL);

	if (r)
		return bench_complain(r, "cannot map");
	barspan_unmap(span);
	r = measure_usage(out);
	if (r)
		return r;
	malloc_trim(0);
	plug = plug_heap();
	r = usage_of_one_more(out, device);
	free_plugs(plug);
	return r;
}

/* Other parts of the process may have freed memory meanwhile: report at least
 * 0. */
static int count_one(struct bench *bench, const char *what, int64_t bytes,
		     const struct pages *pages, bool mapped)
{
	const struct bench_bytes values[] = { { "ours", bytes < 0 ? 0 : bytes }, { "floor", -1 } };

	return bench_count(bench, values, 2, "%s areas %u%s", what, pages->region.n_areas,
			   mapped ? "" : " (not mapped)");
}

static int open_soft(struct barspan_device **out, const struct pages *pages)
{
	struct barspan_soft_region region = {
		.size = pages->region.size,
		.flags = pages->region.flags,
		.n_areas = pages->region.n_areas,
		.areas = pages->areas,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);

	return barspan_device_open_soft(out, &options);
}

/* Maps the areas if the limit of mappings permits that. */
static int count_usage(struct bench *bench, struct pages *pages)
{
	bool mapped = pages->region.n_areas <= MAX_MAPPED;
	struct barspan_device *device;
	struct usage usage = { 0, 0, 0 };
	int r = mapped ? open_soft(&device, pages) : pages_open(&device, pages);

	if (r)
		return bench_complain(r, "cannot make a device");
	r = usage_of_span(&usage, device);
	barspan_device_close(device);
	if (!r)
		r = count_one(bench, "resident", usage.resident, pages, mapped);
	if (!r)
		r = count_one(bench, "page tables", usage.tables, pages, mapped);
	if (!r)
		r = count_one(bench, "commit charge", usage.commit, pages, mapped);
	return r;
}

static int count_areas(struct bench *bench, size_t n)
{
	struct pages pages;
	int r = pages_init(&pages, bench_quick(bench) ? TIB >> 10 : TIB, n);

	if (r)
		return r;
	r = count_heap(bench, &pages);
	if (!r)
		r = count_usage(bench, &pages);
	pages_clear(&pages);
	return r;
}

static int run_memory(struct bench *bench)
{
	static const size_t numbers[] = { 1, 16, 256, 4096, MAX_MAPPED, 65536 };
	size_t most = bench_quick(bench) ? 256 : 65536;
	int r = 0;

	/* Otherwise, malloc would keep later blocks after a large one is
	 * freed. */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	for (size_t i = 0; !r && i < sizeof(numbers) / sizeof(numbers[0]) && numbers[i] <= most;
	     i++)
		r = count_areas(bench, numbers[i]);
	return r;
}

const struct bench_case case_memory = { "memory", "memory that a span of 1 TiB takes", run_memory };
