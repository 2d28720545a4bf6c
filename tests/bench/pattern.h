/* SPDX-License-Identifier: BSD-3-Clause */
/* The offsets that cases query or access. They are computed in advance, and are
 * in no measurement. */
#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The head of a timed loop. The position of a short loop within cache lines can
 * cost it a cycle or two an iteration. Each loop therefore exists four times,
 * at positions a quarter of a line apart, and the rounds take turns. */
#define PATTERN_LOOP(name) \
	static inline __attribute__((always_inline)) \
	uint64_t name##_anywhere(void *context, size_t n); \
	PATTERN_PLACE_(name, 0) \
	PATTERN_PLACE_(name, 16) \
	PATTERN_PLACE_(name, 32) \
	PATTERN_PLACE_(name, 48) \
\
	static uint64_t name(void *context, size_t n) \
	{ \
		static uint64_t (*const places[])(void *, size_t) = { \
			name##_at_0, \
			name##_at_16, \
			name##_at_32, \
			name##_at_48, \
		}; \
		static unsigned int turn; \
\
		return places[turn++ % 4](context, n); \
	} \
\
	static inline __attribute__((always_inline)) \
	uint64_t name##_anywhere(void *context, size_t n)

#if defined(__x86_64__) || defined(__i386__)
#define PATTERN_SKIP_(bytes) __asm__ __volatile__(".rept " #bytes "; nop; .endr")
#else
#define PATTERN_SKIP_(bytes) __asm__ __volatile__(".rept " #bytes " / 4; nop; .endr")
#endif

#define PATTERN_PLACE_(name, bytes) \
	__attribute__((aligned(64), noinline)) static uint64_t name##_at_##bytes(void *context, \
										 size_t n) \
	{ \
		PATTERN_SKIP_(bytes); \
		return name##_anywhere(context, n); \
	}

/* A power of two. An array of this many 64-bit offsets is 32 KiB. */
enum { PATTERN_LENGTH = 4096 };

/* Steps upward through a region of `size` bytes, a multiple of 128. A step is a
 * PATTERN_LENGTH-th of the region, at least 64 bytes; after the end, the steps
 * begin again at the start. The first offset is in the middle: a linear search
 * that is fast only for the first areas then gains nothing. */
void pattern_ascend(uint64_t offsets[PATTERN_LENGTH], uint64_t size);

/* Offsets of 32-bit registers anywhere in the region. All runs of the program
 * get the same. */
void pattern_scatter(uint64_t offsets[PATTERN_LENGTH], uint64_t size);

/* The number of the offset for the i-th operation. With `mix` 0, the offsets
 * are visited in order. Otherwise each pass has another order: processors can
 * learn a fixed order of thousands, and the number of branches that they
 * predict would be luck. */
enum { PATTERN_MIX = 0x9e5 };
static inline size_t pattern_index(size_t i, size_t mix)
{
	return (i ^ i / PATTERN_LENGTH * mix) % PATTERN_LENGTH;
}

/* The numbers from 0 to n - 1 in a pseudo-random order. All runs of the program
 * get the same. */
void pattern_shuffle(uint32_t *numbers, size_t n);

#endif
