/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the preloaded object: lib/preload.c starts and ends it, and each lib/preload-*.c defines the
 * C library functions of one topic. */
#ifndef PRELOAD_H
#define PRELOAD_H

#define EXPORT __attribute__((visibility("default")))

/* Looks up the C library functions of a topic. Called by the constructor. */
void preload_find_signals(void);

#endif
