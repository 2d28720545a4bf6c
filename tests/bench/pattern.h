/* SPDX-License-Identifier: BSD-3-Clause */
/* The offsets that cases ask about or access, made beforehand so that no way
 * pays for making them. */
#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The head of a loop that is timed. Where a short loop lies in lines of the
 * cache may cost it a cycle or two a turn; so each is there four times, at
 * places that differ by a quarter of a line, and the rounds take turns. */
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

/* A power of two; an array of so many 64-bit offsets is 32 KiB. */
enum { PATTERN_LENGTH = 4096 };

/* Steps upward through a region of `size` bytes, a multiple of 128: by a
 * PATTERN_LENGTH-th of it, at least 64 bytes, and from the start again after
 * the end. The first is in the middle, so that a linear search that has time
 * for few of them does not only meet those that it finds soon. */
void pattern_ascend(uint64_t offsets[PATTERN_LENGTH], uint64_t size);

/* Offsets of 32-bit registers anywhere in the region, the same in every run of
 * the program. */
void pattern_scatter(uint64_t offsets[PATTERN_LENGTH], uint64_t size);

/* Which offset to take for the i-th operation. With `mix` 0 the offsets are
 * gone through as they lie; else in another order each time, for else
 * processors learn even thousands of them, and how many branches they foresee
 * is luck. */
enum { PATTERN_MIX = 0x9e5 };
static inline size_t pattern_index(size_t i, size_t mix)
{
	return (i ^ i / PATTERN_LENGTH * mix) % PATTERN_LENGTH;
}

/* The numbers from 0 to n - 1 in an order that looks random, the same in every
 * run of the program. */
void pattern_shuffle(uint32_t *numbers, size_t n);

#endif
