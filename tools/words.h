/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and sizes in words. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/guard.h>

enum { WORDS_SIZE = 48 };

#define REASONS (BARSPAN_REASON_SUSPENDED + 1)

/* "BAR0", "ROM", "CONFIG", "region 9". This function and the next two fill
 * `out` and return it. */
const char *words_region(char out[WORDS_SIZE], unsigned int index);

/* An exact size: "16K", "1025". */
const char *words_size(char out[WORDS_SIZE], uint64_t bytes);

/* The flags of a region: "read write mmap sparse". */
const char *words_flags(char out[WORDS_SIZE], uint32_t flags);

/* "direct" or "hole". */
const char *words_kind(enum barspan_kind kind);

/* Explains a reason in a few words; for BARSPAN_REASON_NONE, explains
 * "direct". */
const char *words_reason(enum barspan_reason reason);

#endif
