/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the preloaded object. lib/preload/preload.c starts and ends it,
 * and each other file of lib/preload defines the C library functions of one
 * topic. These take no lock and do not allocate, since programs call them in
 * signal handlers and in children of fork() and vfork().
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <stdbool.h>

#define EXPORT __attribute__((visibility("default")))

/* Looks up the function that a call of `name` would reach without this object.
 * `next` is a variable of the function's type, initially NULL. The constructor
 * looks up all of them; earlier calls do so themselves. */
#define PRELOAD_FIND(next, name) preload_find((void **)&(next), name)
void preload_find(void **next, const char *name);

/* Look up the C library functions of one topic. The constructor calls them. */
void preload_find_descriptors(void);
void preload_find_ioctl(void);
void preload_find_masks(void);
void preload_find_signals(void);

/* Replaces the trap's signals by their shadows in the kernel's masks from now
 * on. Called when the trap is enabled. */
void preload_shade_masks(void);

/* Whether a signal is the shadow of one of the trap's signals. The program must
 * not use it. */
bool preload_is_shadow(int number);

/* Warns once if the program has replaced the trap's handler by a call that is
 * not interposed. Called when a span with holes is made. */
void preload_check_trap(void);

/* Leaves the sparse capability visible, for a program that handles holes
 * itself. */
void preload_show_sparse(void);

/* Whether the program has made a VFIO call. */
bool preload_uses_vfio(void);

#endif
