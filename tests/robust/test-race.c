/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans are mapped and unmapped, and some areas fail and leave gaps, while
 * other threads map memory of the same size as these gaps. Queries run while
 * spans are suspended and resumed. Threads record failures instead of
 * asserting. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/harness.h"

enum { PAGES = 16, AREAS = 6, MAPPERS = 2, FOREIGNERS = 2 };

/* In pages. */
static const struct {
	uint64_t offset, length;
	bool bad;
} wanted[AREAS] = {
	{ 0, 1, false }, { 2, 2, true },  { 5, 1, false },
	{ 7, 2, false }, { 10, 1, true }, { 12, 2, false },
};

static struct barspan_range areas[AREAS];
static size_t page;
static int memory;
static struct barspan_device *device;
static void *gap;	       /* atomic: the latest gap */
static unsigned long moved_in; /* atomic: how often another thread took the gap */
static int mappers_left;       /* atomic */

static const char *first_failure; /* atomic */
static unsigned int failures;	  /* atomic */

static void note_failure(const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&first_failure, &none, what, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
	__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
}
#define EXPECT(expression) ((expression) ? (void)0 : note_failure(#expression))

static uint8_t byte_at(uint64_t offset)
{
	return (uint8_t)(1 + offset * 3 + offset / page * 17);
}

static int ops_region(void *context, unsigned int index, struct barspan_region *out)
{
	(void)context;
	*out = (struct barspan_region){ .size = PAGES * page,
					.n_areas = AREAS,
					.areas = areas,
					.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE |
						 BARSPAN_REGION_MMAP | BARSPAN_REGION_SPARSE };
	return index ? -EINVAL : 0;
}

static bool is_bad(uint64_t offset)
{
	for (int i = 0; i < AREAS; i++)
		if (areas[i].offset == offset)
			return wanted[i].bad;
	return false;
}

static int ops_map(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		   void *address)
{
	unsigned char resident[2];

	(void)context;
	(void)index;
	if (!is_bad(offset))
		return mmap(address, length, prot, MAP_SHARED | MAP_FIXED, memory, (off_t)offset) ==
				       MAP_FAILED
			       ? -errno
			       : 0;
	munmap(address, length);
	__atomic_store_n(&gap, address, __ATOMIC_RELAXED);
	for (int i = 0; i < 5; i++)
		sched_yield();
	if (!mincore(address, page, resident))
		__atomic_fetch_add(&moved_in, 1, __ATOMIC_RELAXED);
	return -EINVAL;
}

static int ops_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	(void)index;
	return pread(memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0 : -EIO;
}

static int ops_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		     size_t length)
{
	(void)context;
	(void)index;
	return pwrite(memory, buffer, length, (off_t)offset) == (ssize_t)length ? 0 : -EIO;
}

static void set_up(void)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = ops_region,
		.map = ops_map,
		.read = ops_read,
		.write = ops_write,
	};

	page = (size_t)sysconf(_SC_PAGESIZE);
	memory = memfd_create("race", MFD_CLOEXEC);
	ck_assert_int_ge(memory, 0);
	for (uint64_t at = 0; at < PAGES * page; at++) {
		uint8_t byte = byte_at(at);

		ck_assert_int_eq(pwrite(memory, &byte, 1, (off_t)at), 1);
	}
	for (int i = 0; i < AREAS; i++)
		areas[i] =
			(struct barspan_range){ wanted[i].offset * page, wanted[i].length * page };
	ck_assert_zero(barspan_device_open_ops(&device, &ops, NULL));
}

static void tear_down(void)
{
	barspan_device_close(device);
	close(memory);
	ck_assert_msg(!failures, "%u failures; the first: %s", failures, first_failure);
}

/* Maps, uses and unmaps memory, preferably in a gap. */
static void use_memory(uint64_t *seed)
{
	size_t length = page * (1 + harness_random(seed) % 2);
	bool closed = harness_random(seed) % 2;
	uint64_t value = harness_random(seed);
	uint64_t *mine = mmap(__atomic_load_n(&gap, __ATOMIC_RELAXED), length,
			      closed ? PROT_NONE : PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t n = length / sizeof(*mine);
	bool good = true;

	if (mine == MAP_FAILED)
		return;
	if (closed) {
		sched_yield();
		if (mprotect(mine, length, PROT_READ | PROT_WRITE)) {
			note_failure("memory was unmapped");
			return;
		}
	}
	for (size_t i = 0; i < n; i++) {
		good &= !mine[i];
		mine[i] = value + i;
	}
	sched_yield();
	for (size_t i = 0; i < n; i++)
		good &= mine[i] == value + i;
	EXPECT(good && "memory is as it was left");
	EXPECT(!munmap(mine, length));
}

static void *run_foreigner(void *argument)
{
	uint64_t seed = (uintptr_t)argument;

	while (__atomic_load_n(&mappers_left, __ATOMIC_RELAXED))
		use_memory(&seed);
	return NULL;
}

/* Asks the kernel whether a byte can be read. */
static bool can_read(const volatile uint8_t *address)
{
	uint8_t byte;
	struct iovec to = { &byte, 1 }, from = { (void *)(uintptr_t)address, 1 };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1;
}

static void check_area(struct barspan *span, int i, bool suspended, bool independent)
{
	const volatile uint8_t *pointer = barspan_pointer(span, areas[i].offset, areas[i].length);
	volatile uint8_t *base = barspan_base(span);
	struct barspan_extent extent = { 0 };

	EXPECT(!barspan_extent_at(span, areas[i].offset, &extent));
	if (wanted[i].bad || suspended) {
		EXPECT(!pointer);
		EXPECT(extent.reason ==
		       (suspended ? BARSPAN_REASON_SUSPENDED : BARSPAN_REASON_FAILED));
		for (uint64_t at = 0; !independent && at < areas[i].length; at += page)
			EXPECT(!can_read(base + areas[i].offset + at) && "a hole cannot be read");
		return;
	}
	EXPECT(pointer);
	EXPECT(independent || pointer == base + areas[i].offset);
	for (uint64_t at = 0; pointer && at < areas[i].length; at += 251)
		EXPECT(pointer[at] == byte_at(areas[i].offset + at) &&
		       "a direct byte is the device's");
}

static void check_span(struct barspan *span, bool suspended, bool independent)
{
	uint8_t *base = (uint8_t *)(uintptr_t)barspan_base(span);

	for (int i = 0; i < AREAS; i++)
		check_area(span, i, suspended, independent);
	for (uint64_t at = 0; base && at < PAGES; at++)
		if (!barspan_is_direct(span, at * page, page))
			EXPECT(!can_read(base + at * page));
	for (uint64_t at = 0; at < PAGES * page; at += 2 * page + 4)
		EXPECT(barspan_read8(span, at) == byte_at(at));
	EXPECT(!barspan_take_error(span, NULL));
}

static void map_and_unmap(uint64_t *seed)
{
	struct barspan_options options = { .size = sizeof(options) };
	bool independent = harness_random(seed) % 4 == 0;
	struct barspan *span;
	int r;

	options.flags = independent ? BARSPAN_INDEPENDENT : 0;
	r = barspan_map(&span, device, 0, &options);
	EXPECT(!r && "barspan_map");
	if (r)
		return;
	check_span(span, false, independent);
	if (harness_random(seed) % 2) {
		EXPECT(!barspan_suspend(span));
		check_span(span, true, independent);
		EXPECT(!barspan_resume(span));
		check_span(span, false, independent);
	}
	barspan_unmap(span);
}

static void *run_mapper(void *argument)
{
	uint64_t seed = (uintptr_t)argument;

	int least = harness_instrumented() ? 40 : 700, most = 50 * least;

	/* On a busy machine it takes longer until another mapping takes a
	 * gap. */
	for (int i = 0; i < least || (i < most && !__atomic_load_n(&moved_in, __ATOMIC_RELAXED));
	     i++)
		map_and_unmap(&seed);
	__atomic_fetch_sub(&mappers_left, 1, __ATOMIC_RELAXED);
	return NULL;
}

START_TEST(no_foreign_mapping_is_changed)
{
	char *before, *after;
	pthread_t threads[MAPPERS + FOREIGNERS];

	set_up();
	before = harness_snapshot();
	mappers_left = MAPPERS;
	for (uintptr_t i = 0; i < MAPPERS + FOREIGNERS; i++)
		ck_assert_zero(pthread_create(&threads[i], NULL,
					      i < MAPPERS ? run_mapper : run_foreigner,
					      (void *)(i + 1)));
	for (int i = 0; i < MAPPERS + FOREIGNERS; i++)
		ck_assert_zero(pthread_join(threads[i], NULL));
	after = harness_snapshot();
	for (char *line = strtok(after, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_msg(!strstr(line, "memfd:race"), "left: %s", line);
	free(before);
	free(after);
	tear_down();
	/* Otherwise nothing was tested. Typically half of the gaps are
	 * taken. */
	ck_assert_uint_gt(moved_in, 0);
}
END_TEST

static struct barspan *watched; /* for the queries */
static unsigned long handled;	/* atomic */
static bool stop;		/* atomic */

/* Each answer is valid for the mapped or for the suspended span. */
static void check_queries(void)
{
	volatile uint8_t *base = barspan_base(watched);
	struct barspan_extent extent = { 0 };

	for (int i = 0; i < AREAS; i++) {
		const volatile void *pointer =
			barspan_pointer(watched, areas[i].offset, areas[i].length);

		EXPECT(!pointer || pointer == base + areas[i].offset);
		EXPECT(!pointer || !wanted[i].bad);
		EXPECT(!barspan_is_direct(watched, areas[i].offset, areas[i].length + 1));
		EXPECT(!barspan_extent_at(watched, areas[i].offset + 5, &extent));
		EXPECT(extent.offset == areas[i].offset && extent.length == areas[i].length);
		EXPECT(extent.reason == BARSPAN_REASON_SUSPENDED ||
		       extent.reason ==
			       (wanted[i].bad ? BARSPAN_REASON_FAILED : BARSPAN_REASON_NONE));
	}
	EXPECT(barspan_extent_count(watched) == 2 * AREAS);
	EXPECT(barspan_extent_at(watched, PAGES * page, &extent) == -ERANGE);
	EXPECT(barspan_read8(watched, page + 7) == byte_at(page + 7));
}

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	check_queries();
	__atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
	errno = saved;
}

static void *run_reader(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		check_queries();
	return NULL;
}

START_TEST(queries_answer_for_the_mapped_or_the_suspended_span)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, old;
	pthread_t threads[2];

	set_up();
	ck_assert_zero(barspan_map(&watched, device, 0, NULL));
	ck_assert_zero(sigaction(SIGUSR1, &action, &old));
	for (int i = 0; i < 2; i++)
		ck_assert_zero(pthread_create(&threads[i], NULL, run_reader, NULL));
	for (int i = harness_instrumented() ? 100 : 2000; i; i--) {
		EXPECT(!barspan_suspend(watched));
		pthread_kill(threads[i % 2], SIGUSR1);
		if (i % 8 == 0)
			raise(SIGUSR1);
		EXPECT(!barspan_resume(watched));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	sigaction(SIGUSR1, &old, NULL);
	ck_assert_uint_gt(handled, 0);
	barspan_unmap(watched);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("race");

	harness_add(suite, "race",
		    (const TTest *const[]){ no_foreign_mapping_is_changed,
					    queries_answer_for_the_mapped_or_the_suspended_span,
					    NULL });
	return harness_run(suite);
}
