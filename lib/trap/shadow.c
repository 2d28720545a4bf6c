/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/shadow.h"

#include <stdbool.h>
#include <string.h>

#include "trap/private.h"
#include "trap/sys-signal.h"

enum { SIGNALS = 2 };

static const int numbers[SIGNALS] = { SIGSEGV, SIGBUS };
static int shadows[SIGNALS]; /* atomic */

static int get_shadow(size_t i)
{
	return __atomic_load_n(&shadows[i], __ATOMIC_ACQUIRE);
}

int shadow_of(int number)
{
	return get_shadow(number == numbers[1]);
}

void shadow_set(int number, int shadow)
{
	__atomic_store_n(&shadows[number == numbers[1]], shadow, __ATOMIC_RELEASE);
}

void shadow_add(unsigned long *mask, int number)
{
	unsigned int bit = (unsigned int)number - 1, bits = 8 * sizeof(*mask);

	mask[bit / bits] |= 1UL << bit % bits;
}

/* Removes the signal from the mask. Returns whether it was there. */
static bool take_signal(unsigned long *mask, int number)
{
	unsigned int bit = (unsigned int)number - 1, bits = 8 * sizeof(*mask);
	unsigned long there = mask[bit / bits] & 1UL << bit % bits;

	mask[bit / bits] -= there;
	return there;
}

void shadow_shade(unsigned long *mask)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		int shadow = get_shadow(i);

		if (!shadow)
			continue;
		take_signal(mask, shadow);
		if (take_signal(mask, numbers[i]))
			shadow_add(mask, shadow);
	}
}

void barspan_trap_shade_(sigset_t *set)
{
	unsigned long mask[SYS_MASK_WORDS];

	memcpy(mask, set, SYS_MASK_SIZE);
	shadow_shade(mask);
	memcpy(set, mask, SYS_MASK_SIZE);
}

void barspan_trap_unshade_(sigset_t *set)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		int shadow = get_shadow(i);

		if (!shadow || !sigismember(set, shadow))
			continue;
		sigdelset(set, shadow);
		sigaddset(set, numbers[i]);
	}
}
