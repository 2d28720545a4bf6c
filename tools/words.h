/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of things for people. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/guard.h>

enum { WORDS_SIZE = 48 };

#define REASONS (BARSPAN_REASON_SUSPENDED + 1)

/* "BAR0", "ROM", "CONFIG", "region 9". Each of these fills `out` and returns
 * it. */
const char *words_region(char out[WORDS_SIZE], unsigned int index);

/* A size, exactly: "16K", "1025". */
const char *words_size(char out[WORDS_SIZE], uint64_t bytes);

/* The flags of a region: "read write mmap sparse". */
const char *words_flags(char out[WORDS_SIZE], uint32_t flags);

/* "direct" or "hole". */
const char *words_kind(enum barspan_kind kind);

/* A reason in a few words; of BARSPAN_REASON_NONE, what direct means. */
const char *words_reason(enum barspan_reason reason);

#endif
