/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a caller that public functions save on entry and restore on
 * return. */
#ifndef BORDER_H
#define BORDER_H

/* The caller's errno and its thread's cancellation state and type. */
struct border {
	int error;
	int cancel_state, cancel_type;
};

struct border border_enter(void);
void border_leave(const struct border *border);

/*
 * Place this first in a public function that may call the caller's code,
 * allocate memory or take a lock. The thread cannot be cancelled until the
 * function returns. On return errno is restored, or set to border.error if the
 * function has changed that.
 */
#define BORDER() \
	struct border border __attribute__((cleanup(border_leave), unused)) = border_enter()

#endif
