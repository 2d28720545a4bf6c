/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps with several threads. All threads end before the check. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/harness.h"
#include "soak.h"

enum { THREADS = 4, STACK = 1 << 20, FOREIGNERS = 2 };

/* Static stacks: threads add no mappings. */
static uint8_t stacks[THREADS][STACK] __attribute__((aligned(4096)));

static pthread_t foreigners[FOREIGNERS];
static bool stop; /* atomic */

pthread_t soak_thread_start(int i, void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stacks[i], STACK);
	SOAK_EXPECT(!pthread_create(&thread, &attributes, run, argument), "cannot start a thread");
	pthread_attr_destroy(&attributes);
	return thread;
}

/* Maps, uses and unmaps memory, preferably in a gap that a failed call
 * leaves. */
static void use_memory(void)
{
	size_t length = soak_page * (1 + soak_random(3));
	uint64_t value = soak_random(UINT64_MAX);
	volatile uint64_t *mine = mmap(__atomic_load_n(&soak_gap, __ATOMIC_RELAXED), length,
				       PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t n = length / sizeof(*mine);

	if (mine == MAP_FAILED)
		return;
	for (size_t i = 0; i < n; i++) {
		SOAK_EXPECT(!mine[i], "1: another thread's new memory at %p is not empty",
			    (void *)(uintptr_t)mine);
		mine[i] = value + i;
	}
	sched_yield();
	for (size_t i = 0; i < n; i++)
		SOAK_EXPECT(mine[i] == value + i, "1: another thread's memory at %p was changed",
			    (void *)(uintptr_t)mine);
	SOAK_EXPECT(!munmap((void *)(uintptr_t)mine, length),
		    "1: another thread cannot unmap its memory");
}

static void *be_foreign(void *seed)
{
	soak_seed = (uintptr_t)seed;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		use_memory();
	return NULL;
}

static void start_foreigners(void)
{
	__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
	soak_gap = NULL;
	soak_racing = true;
	for (int i = 0; i < FOREIGNERS; i++)
		foreigners[i] = soak_thread_start(i, be_foreign,
						  (void *)(uintptr_t)soak_random(UINT64_MAX));
}

static void stop_foreigners(void)
{
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < FOREIGNERS; i++)
		pthread_join(foreigners[i], NULL);
	soak_racing = false;
}

/* The parameters of the other thread. */
struct opponent {
	struct barspan *span;
	uint64_t seed, rounds;
};

static void *suspend_and_resume(void *context)
{
	const struct opponent *opponent = context;

	for (uint64_t i = 0; i < opponent->rounds; i++) {
		barspan_suspend(opponent->span);
		barspan_resume(opponent->span);
	}
	return NULL;
}

static void wait_a_little(void)
{
	for (uint64_t n = soak_random(200); n; n--)
		(void)__atomic_load_n(&stop, __ATOMIC_SEQ_CST);
	if (soak_chance(2))
		sched_yield();
}

/* Maps another span or memory over a span. */
static void map_over(uint8_t *address, size_t pages)
{
	struct soak_mapping mapping;
	struct barspan *made = NULL;
	int r;

	do
		soak_mapping_choose(&mapping);
	while (mapping.pages > pages);
	mapping.options.address = address;
	mapping.options.alignment = 0;
	mapping.options.flags = BARSPAN_FIXED | (mapping.options.flags & BARSPAN_STRICT);
	wait_a_little();
	r = barspan_map(&made, soak_devices[mapping.device].handle, (unsigned int)mapping.region,
			&mapping.options);
	soak_trace("  map FIXED device %d region %d window 0x%" PRIx64 "+0x%" PRIx64 " at %p = %d",
		   mapping.device, mapping.region, mapping.options.offset, mapping.length,
		   (void *)address, r);
	soak_mapping_settle(&mapping, r, made, true);
}

static void mmap_over(uint8_t *address, size_t pages)
{
	const struct soak_foreign page = { .content = SOAK_ANON, .prot = PROT_READ | PROT_WRITE };
	uintptr_t start = (uintptr_t)address, end = start + pages * soak_page;
	void *got;

	wait_a_little();
	got = barspan_mmap(address, pages * soak_page, page.prot,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	soak_trace("  mmap FIXED %zu pages at %p = %p", pages, (void *)address, got);
	if (got == MAP_FAILED) {
		soak_settle(start, end, "barspan_mmap()");
		return;
	}
	soak_gone(start, end);
	soak_foreign_add(got, pages, &page);
	soak_foreign_fill(start, pages);
}

static void munmap_part(uint8_t *address, size_t pages)
{
	int r;

	wait_a_little();
	r = barspan_munmap(address, pages * soak_page);
	soak_trace("  munmap %zu pages at %p = %d", pages, (void *)address, r);
	if (!r)
		soak_gone((uintptr_t)address, (uintptr_t)address + pages * soak_page);
}

/* Chooses a span that stays valid while another thread takes its addresses, and
 * that has not lost any address. */
static struct soak_span *choose_target(void)
{
	struct soak_span *span = soak_span_any();

	if (!span || span->by_mmap || !span->base || span->lost ||
	    soak_span_count() > SOAK_SPANS / 2)
		return NULL;
	for (size_t i = 0; i < span->pages; i++)
		if (span->gone[i])
			return NULL;
	return span;
}

/* One thread suspends and resumes a span while another thread takes its
 * addresses. */
void soak_do_duel(void)
{
	struct soak_span *span = choose_target();
	struct opponent opponent;
	size_t first, pages;
	pthread_t thread;

	if (!span || soak_without(SOAK_DUEL))
		return;
	soak_trace("duel over %p at %p", (void *)span->span, (void *)span->base);
	memset(&soak_trouble, 0, sizeof(soak_trouble));
	soak_trouble.any = true;
	span->whole = false;
	span->gap = true;
	opponent = (struct opponent){ span->span, 0, 1 + soak_random(20) };
	first = soak_chance(2) ? 0 : soak_random(span->pages);
	pages = 1 + soak_random(span->pages - first);
	start_foreigners();
	thread = soak_thread_start(FOREIGNERS, suspend_and_resume, &opponent);
	switch (soak_random(4)) {
	case 0:
		mmap_over(span->base + first * soak_page, pages);
		break;
	case 1:
		munmap_part(span->base + first * soak_page, pages);
		break;
	default:
		map_over(span->base, span->pages);
	}
	pthread_join(thread, NULL);
	stop_foreigners();
	span->suspended = false;
}

static bool can_peek(uintptr_t address, uint8_t *byte)
{
	struct iovec local = { byte, 1 }, remote = { (void *)address, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

/* Checks a span that no other thread uses. */
static void check_own(struct barspan *span, const struct soak_region *region)
{
	uintptr_t base = (uintptr_t)barspan_base(span);
	struct barspan_extent extent;
	uint8_t byte;

	for (size_t i = 0; !barspan_extent_get(span, i, &extent); i++) {
		uint64_t at = extent.offset + soak_random(extent.length);
		uintptr_t pointer = (uintptr_t)barspan_pointer(span, at, 1);

		if (pointer)
			SOAK_EXPECT(can_peek(pointer, &byte) && byte == region->truth[at],
				    "2: direct byte 0x%" PRIx64
				    " of another thread's span at %p is wrong",
				    at, (void *)base);
		else if (base)
			SOAK_EXPECT(!can_peek(base + at, &byte),
				    "2: hole 0x%" PRIx64 " (%s) of another thread's span at %p"
				    " can be read",
				    at, barspan_reason_name(extent.reason), (void *)base);
	}
}

/* Maps, suspends, resumes and unmaps a span. Every call must succeed. */
static void use_span(void)
{
	const struct barspan_options options = { .size = sizeof(options),
						 .flags =
							 soak_chance(4) ? BARSPAN_INDEPENDENT : 0 };
	unsigned int region = (unsigned int)soak_random(SOAK_REGIONS);
	struct soak_device *device = &soak_devices[soak_random(SOAK_DEVICES)];
	struct barspan *span;
	int r = barspan_map(&span, device->handle, region, &options);

	SOAK_EXPECT(!r, "barspan_map() in a thread: %d", r);
	check_own(span, &device->regions[region]);
	for (uint64_t n = soak_random(3); n; n--) {
		r = barspan_suspend(span);
		SOAK_EXPECT(!r, "barspan_suspend() in a thread: %d", r);
		check_own(span, &device->regions[region]);
		r = barspan_resume(span);
		SOAK_EXPECT(!r || r == -EEXIST, "barspan_resume() in a thread: %d", r);
		check_own(span, &device->regions[region]);
	}
	barspan_unmap(span);
}

static void *churn_spans(void *context)
{
	const struct opponent *opponent = context;

	soak_seed = opponent->seed;
	for (uint64_t i = 0; i < opponent->rounds; i++)
		use_span();
	return NULL;
}

/* Forks while other threads are inside the library. The child may use it, and
 * does not wait for them. */
static void fork_meanwhile(void)
{
	struct barspan *span;
	int status = 0;
	pid_t child = fork();

	SOAK_EXPECT(child >= 0, "cannot fork");
	if (!child) {
		soak_is_child = true;
		soak_racing = false;
		SOAK_EXPECT(!barspan_map(&span, soak_devices[0].handle, 0, NULL),
			    "a child process cannot map");
		SOAK_EXPECT(!barspan_suspend(span) && !barspan_resume(span),
			    "a child process cannot suspend and resume");
		SOAK_EXPECT(!barspan_munmap((void *)(uintptr_t)barspan_base(span), soak_page),
			    "a child process cannot unmap");
		barspan_unmap(span);
		_exit(0);
	}
	waitpid(child, &status, 0);
	SOAK_EXPECT(WIFEXITED(status), "a child process died of signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

/* Threads map spans of devices that refuse some pages late, while other threads
 * map memory in the gaps. */
void soak_do_churn(void)
{
	struct opponent opponents[2];
	pthread_t threads[2];

	soak_trace("churn");
	memset(&soak_trouble, 0, sizeof(soak_trouble));
	start_foreigners();
	for (int i = 0; i < 2; i++) {
		opponents[i] =
			(struct opponent){ NULL, soak_random(UINT64_MAX), 1 + soak_random(10) };
		threads[i] = soak_thread_start(FOREIGNERS + i, churn_spans, &opponents[i]);
	}
	/* In the child, memcheck reports the parent's stacks as leaks. */
	if (!soak_without(SOAK_FORK) && !harness_instrumented() && soak_chance(2))
		fork_meanwhile();
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	stop_foreigners();
}
