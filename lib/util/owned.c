/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/owned.h"

#include <limits.h>
#include <sys/resource.h>

enum { WORD_BITS = sizeof(unsigned long) * CHAR_BIT, WORDS = OWNED_MAX / WORD_BITS };

enum { HIGHEST_BASE = 768 };

static unsigned long words[WORDS]; /* atomic */

int owned_base(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur / 4 * 3 >= HIGHEST_BASE)
		return HIGHEST_BASE;
	return (int)(limit.rlim_cur - limit.rlim_cur / 4);
}

static bool is_noted(int fd)
{
	return fd >= 0 && fd < OWNED_MAX;
}

static unsigned long mask_of(int fd)
{
	return 1UL << (unsigned int)fd % WORD_BITS;
}

void owned_add(int fd)
{
	if (is_noted(fd))
		__atomic_fetch_or(&words[fd / WORD_BITS], mask_of(fd), __ATOMIC_ACQ_REL);
}

void owned_remove(int fd)
{
	if (is_noted(fd))
		__atomic_fetch_and(&words[fd / WORD_BITS], ~mask_of(fd), __ATOMIC_ACQ_REL);
}

bool owned_has(int fd)
{
	return is_noted(fd) &&
	       __atomic_load_n(&words[fd / WORD_BITS], __ATOMIC_ACQUIRE) & mask_of(fd);
}

int owned_next(unsigned int from)
{
	for (unsigned int i = from / WORD_BITS; i < WORDS; i++) {
		unsigned long word = __atomic_load_n(&words[i], __ATOMIC_ACQUIRE);

		if (i == from / WORD_BITS)
			word &= ~0UL << from % WORD_BITS;
		if (word)
			return (int)(i * WORD_BITS) + __builtin_ctzl(word);
	}
	return -1;
}
