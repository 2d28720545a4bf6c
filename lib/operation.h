/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The border between callers and the library, and the one lock that serialises everything that changes spans.
 *
 * Lock order: operation_lock first; below it only locks that no callback of the caller's runs under (those of log.c
 * and vfio.c). While operation_lock is held, a transport's `map` may run; log callbacks wait until it is released.
 */
#ifndef OPERATION_H
#define OPERATION_H

/* The caller's errno, and how its thread can be cancelled. */
struct border {
	int error;
	int cancel_state, cancel_type;
};

struct border border_enter(void);
void border_leave(const struct border *border);

/*
 * First in a public function that may call a caller's code, allocate, or take a lock: until the function returns the
 * thread cannot be cancelled, and then errno is as it was, or border.error if the function has set that.
 */
#define BORDER() struct border border __attribute__((cleanup(border_leave), unused)) = border_enter()

/*
 * Begins a change of spans: no other thread changes any until operation_end(). Messages are held back meanwhile.
 * -EDEADLK: this thread is inside an operation, called back by it.
 */
int operation_begin(void);
void operation_end(void);

#endif
