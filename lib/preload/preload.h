/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the preloaded object: lib/preload/preload.c starts and ends it,
 * and each lib/preload-*.c defines the C library functions of one topic. They
 * take no lock and allocate nothing, since programs call them in signal
 * handlers and in children of fork() and vfork().
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <stdbool.h>

#define EXPORT __attribute__((visibility("default")))

/* The function that a call of `name` would reach without this object. `next` is
 * a variable of the function's type, NULL at first; the constructor looks all
 * of them up, and calls before it do so here. */
#define PRELOAD_FIND(next, name) preload_find((void **)&(next), name)
void preload_find(void **next, const char *name);

/* Look up the C library functions of a topic. Called by the constructor. */
void preload_find_descriptors(void);
void preload_find_ioctl(void);
void preload_find_masks(void);
void preload_find_signals(void);

/* Keeps the trap's signals out of the kernel's masks from now on. Called when
 * the trap is enabled. */
void preload_shade_masks(void);

/* Whether a signal stands for one of the trap's in the kernel's masks. It is
 * none of the program's. */
bool preload_is_shadow(int number);

/* Says once if the program has replaced the trap's handler in a way that is not
 * interposed. Called when a span with holes is made. */
void preload_check_trap(void);

/* Leaves the sparse capability in what the program is told of regions, for a
 * program that handles holes itself. */
void preload_show_sparse(void);

/* Whether the program has made a VFIO call. */
bool preload_uses_vfio(void);

#endif
