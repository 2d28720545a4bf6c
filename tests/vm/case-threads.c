/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two devices and eight threads. The threads map and unmap the devices and,
 * meanwhile, memory of their own. A span that takes a foreign address changes
 * that memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "device.h"

enum {
	THREADS = 8,
	STACK = 256 << 10,
	/* as long as a refused area */
	OWN = 64 << 10,
	READS = 50,
};

struct worker {
	struct barspan_device *device;
	const uint8_t *image;
	pthread_t thread;
	uint64_t random;
	unsigned int number;
};

/* The threads' stacks are static: allocated ones would show in the snapshots. */
static char stacks[THREADS][STACK] __attribute__((aligned(64 << 10)));

static uint64_t next_random(struct worker *worker)
{
	worker->random = worker->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return worker->random >> 33;
}

static void read_some(struct worker *worker, struct barspan *span)
{
	uint64_t start = barspan_region_offset(span);

	for (unsigned int i = 0; i < READS; i++) {
		uint64_t offset = next_random(worker) % (barspan_length(span) - 8) & ~UINT64_C(7),
			 wanted, value;

		memcpy(&wanted, worker->image + start + offset, 8);
		value = barspan_read64(span, offset);
		EXPECT(value == wanted, "thread %u: 0x%" PRIx64 " is 0x%" PRIx64 ", not 0x%" PRIx64,
		       worker->number, offset, value, wanted);
	}
	EXPECT_ERROR(barspan_take_error(span, NULL), "0");
}

/* Each thread maps in another way. The kernel refuses one area of each device,
 * and a strict mapping fails. */
static void map_and_read(struct worker *worker, unsigned int round)
{
	static const unsigned int flags[] = { 0, BARSPAN_INDEPENDENT, 0, BARSPAN_STRICT };
	struct barspan_options options = { .size = sizeof(options),
					   .flags = flags[(worker->number / 2 + round) % 4] };
	struct barspan *span = NULL;

	if ((worker->number / 2 + round) % 4 == 2) {
		options.offset = PLAN_WINDOW;
		options.length = PLAN_WINDOW_LENGTH;
	}
	if (options.flags == BARSPAN_STRICT) {
		EXPECT_ERROR(barspan_map(&span, worker->device, 2, &options), "ENXIO");
		return;
	}
	EXPECT_ERROR(barspan_map(&span, worker->device, 2, &options), "0");
	if (!span)
		return;
	read_some(worker, span);
	if (round % 3 == 0) {
		EXPECT_ERROR(barspan_suspend(span), "0");
		EXPECT_ERROR(barspan_resume(span), "0");
		read_some(worker, span);
	}
	barspan_unmap(span);
}

static void *run_worker(void *context)
{
	struct worker *worker = context;
	unsigned int rounds = under_memcheck ? 4 : 60;

	for (unsigned int round = 0; round < rounds; round++) {
		uint8_t *own =
			mmap(NULL, OWN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		uint8_t mark = (uint8_t)(worker->number * 16 + round % 16 + 1);

		if (own == MAP_FAILED) {
			complain(__FILE__, __LINE__, "mmap: %s", strerror(errno));
			break;
		}
		memset(own, mark, OWN);
		map_and_read(worker, round);
		for (size_t i = 0; i < OWN; i += 64)
			EXPECT(own[i] == mark, "thread %u: its own memory reads 0x%02x, not 0x%02x",
			       worker->number, own[i], mark);
		munmap(own, OWN);
	}
	return NULL;
}

/* The device's memory after all steps of the plan. */
static uint8_t *final_image(const struct plan *plan)
{
	uint8_t *image = need_memory(PLAN_SIZE);

	for (unsigned int phase = 0; phase < PLAN_PHASES; phase++)
		plan_apply(plan, phase, image);
	return image;
}

void case_threads(char **argv)
{
	struct barspan_device *devices[2] = { open_device(argv[1]), open_device(argv[3]) };
	uint8_t *images[2] = { final_image(need_plan(argv[2])), final_image(need_plan(argv[4])) };
	struct worker workers[THREADS];
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i] =
			(struct worker){ devices[i % 2], images[i % 2], .random = i, .number = i };
		pthread_attr_setstack(&attributes, stacks[i], STACK);
		NEED(!pthread_create(&workers[i].thread, &attributes, run_worker, &workers[i]),
		     "pthread_create");
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_attr_destroy(&attributes);
	for (unsigned int i = 0; i < 2; i++) {
		barspan_device_close(devices[i]);
		free(images[i]);
	}
}
