/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/scratch.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

enum { SLOTS = 32 };

static struct slot {
	alignas(max_align_t) uint8_t bytes[SCRATCH_SIZE];
	bool taken; /* atomic */
} slots[SLOTS];

void *scratch_take(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (!__atomic_load_n(&slots[i].taken, __ATOMIC_RELAXED) &&
		    !__atomic_test_and_set(&slots[i].taken, __ATOMIC_ACQUIRE))
			return slots[i].bytes;
	return NULL;
}

void scratch_give(void *buffer)
{
	__atomic_store_n(&((struct slot *)buffer)->taken, false, __ATOMIC_RELEASE);
}
