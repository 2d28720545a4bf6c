/* SPDX-License-Identifier: BSD-3-Clause */
/* One episode, in a process of its own. */
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/harness.h"
#include "soak.h"

size_t soak_page;
_Thread_local uint64_t soak_seed;
enum soak_kind soak_kind;
bool soak_is_child;

/* A kind of step and its relative frequency. */
struct step {
	void (*act)(void);
	unsigned int weight;
};

static const struct step steps[] = {
	{ soak_do_map, 14 },	{ soak_do_unmap, 5 },	     { soak_do_suspend, 14 },
	{ soak_do_resume, 20 }, { soak_do_mmap_device, 10 }, { soak_do_mmap_other, 10 },
	{ soak_do_munmap, 8 },	{ soak_do_mremap, 8 },	     { soak_do_mprotect, 5 },
	{ soak_do_foreign, 5 }, { soak_do_access, 8 },	     { soak_refuse_randomly, 4 },
};
enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static const struct step threaded[] = {
	{ soak_do_duel, 10 },
	{ soak_do_churn, 10 },
};

static const struct step cancelled[] = {
	{ soak_do_cancel, 20 },
};

uint64_t soak_random(uint64_t n)
{
	return harness_random(&soak_seed) % n;
}

bool soak_chance(uint64_t one_in)
{
	return !soak_random(one_in);
}

static void take_one(const struct step *from, size_t n)
{
	unsigned int sum = 0;
	uint64_t at;

	for (size_t i = 0; i < n; i++)
		sum += from[i].weight;
	at = soak_random(sum);
	for (; at >= from->weight; from++)
		at -= from->weight;
	from->act();
}

void soak_step(void)
{
	soak_shared->beats++;
	soak_shared->steps += !soak_is_child;
	if (soak_kind == SOAK_THREADS && !soak_is_child && soak_chance(4))
		take_one(threaded, sizeof(threaded) / sizeof(threaded[0]));
	else if (soak_kind == SOAK_CANCEL && !soak_is_child && soak_chance(3))
		take_one(cancelled, 1);
	else if (!soak_is_child && soak_chance(60))
		soak_do_fork();
	else
		take_one(steps, STEPS);
	/* At the limit of mappings the library cannot unmap a reservation that
	 * the kernel has merged with its neighbours. */
	if (soak_trouble.munmap || soak_kind == SOAK_LIMIT)
		soak_adopt_leftovers(soak_trouble.munmap);
	/* After a failed call, reserved addresses stay if the library cannot
	 * distinguish them from another mapping. */
	else if (soak_trouble.no_proc || soak_trouble.mremap || soak_trouble.no_mmap)
		soak_adopt_leftovers(false);
	memset(&soak_trouble, 0, sizeof(soak_trouble));
	soak_check();
}

/* The middle of a large gap. The kernel places other mappings at the ends of a
 * gap. */
static void find_arena(void)
{
	size_t room = 1 << 28;
	uint8_t *address =
		mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	SOAK_EXPECT(address != MAP_FAILED && !munmap(address, room), "no addresses for the arena");
	address += room / 2;
	soak_arena = address + -(uintptr_t)address % (1 << 22);
}

/* Makes the library and the C library do their one-time allocations. */
static void warm_up(void)
{
	struct barspan *span;

	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	free(malloc(4 << 20));
	soak_maps_read();
	for (int i = 0; i < SOAK_DEVICES; i++) {
		SOAK_EXPECT(!barspan_map(&span, soak_devices[i].handle, 0, NULL),
			    "cannot map at the start");
		SOAK_EXPECT(!barspan_suspend(span) && !barspan_resume(span),
			    "cannot suspend and resume at the start");
		barspan_unmap(span);
	}
}

static void end_all(void)
{
	for (int i = 0; i < SOAK_SPANS; i++) {
		struct soak_span *span = &soak_spans[i];

		if (!span->span)
			continue;
		if (span->by_mmap && soak_chance(2)) {
			barspan_munmap(span->base, span->pages * soak_page);
			soak_gone((uintptr_t)span->base,
				  (uintptr_t)span->base + span->pages * soak_page);
		} else {
			barspan_unmap(span->span);
		}
		soak_span_drop(span);
	}
}

/* The trace includes the library's messages. */
static void trace_message(void *context, enum barspan_log_level level, const char *message)
{
	(void)context;
	(void)level;
	soak_trace("  log: %s", message);
}

void soak_episode(uint64_t seed, enum soak_kind kind, unsigned long n)
{
	soak_page = (size_t)sysconf(_SC_PAGESIZE);
	soak_seed = seed;
	soak_kind = kind;
	soak_kernel_play();
	barspan_set_log(trace_message, NULL, BARSPAN_LOG_WARNING);
	soak_devices_open();
	soak_foreign_file_open();
	warm_up();
	find_arena();
	if (kind == SOAK_THREADS || kind == SOAK_CANCEL)
		soak_threads_prepare();
	soak_baseline();
	soak_trouble_end();
	soak_check();
	while (n--)
		soak_step();
	soak_trace("end");
	end_all();
	soak_check();
}
