/* SPDX-License-Identifier: BSD-3-Clause */
/* The border between callers and the library. */
#ifndef BORDER_H
#define BORDER_H

/* The caller's errno, and how its thread can be cancelled. */
struct border {
	int error;
	int cancel_state, cancel_type;
};

struct border border_enter(void);
void border_leave(const struct border *border);

/*
 * First in a public function that may call a caller's code, allocate, or take a
 * lock: until the function returns the thread cannot be cancelled, and then
 * errno is as it was, or border.error if the function has set that.
 */
#define BORDER() \
	struct border border __attribute__((cleanup(border_leave), unused)) = border_enter()

#endif
