/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern.h"

/* xorshift64*: random enough to defeat branch prediction. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

void pattern_ascend(uint64_t offsets[PATTERN_LENGTH], uint64_t size)
{
	uint64_t step = size / PATTERN_LENGTH & ~UINT64_C(3);

	if (step < 64)
		step = 64;
	for (size_t i = 0; i < PATTERN_LENGTH; i++)
		offsets[i] = (size / 2 + i * step) % size;
}

void pattern_scatter(uint64_t offsets[PATTERN_LENGTH], uint64_t size)
{
	uint64_t state = 1;

	for (size_t i = 0; i < PATTERN_LENGTH; i++)
		offsets[i] = next_random(&state) % (size / 4) * 4;
}

void pattern_shuffle(uint32_t *numbers, size_t n)
{
	uint64_t state = 1;

	/* Puts each number at a random place, and the number from there at the
	 * end. */
	for (size_t i = 0; i < n; i++) {
		size_t place = next_random(&state) % (i + 1);

		numbers[i] = numbers[place];
		numbers[place] = (uint32_t)i;
	}
}
