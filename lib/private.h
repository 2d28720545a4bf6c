/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that libbarspan exports for its own preloaded object alone. Safe
 * anywhere unless they say otherwise.
 */
#ifndef PRIVATE_H
#define PRIVATE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(default)

/* Whether a descriptor is a VFIO device's. Reads a link in /proc. */
bool barspan_is_vfio_(int fd);

/* Whether any of the bytes belongs to a span. */
bool barspan_overlaps_(const void *address, size_t length);

/* For code that stands in for ioctl(2): the descriptor `fd` is the one that
 * VFIO_GROUP_GET_DEVICE_FD gave for the device `name`. barspan_mmap() calls its
 * device so if the kernel does not show the address. Not for handlers. */
void barspan_name_descriptor_(int fd, const char *name);

/* Moves a descriptor to a higher number, close-on-exec, and makes it one of the
 * library's own. Returns the new number, or the old one if it cannot be moved.
 */
int barspan_keep_descriptor_(int fd);

/* Makes a descriptor one of the library's own as it is. */
void barspan_note_descriptor_(int fd);

/* Whether a descriptor is one of the library's own. */
bool barspan_owns_descriptor_(int fd);

/* The lowest of the library's own descriptors at or above `from`; -1: there is
 * none. */
int barspan_own_descriptor_(unsigned int from);

/* Lets the trap's signals be blocked by other signals in their place, their
 * shadows: a hole is served although the program has SIGSEGV blocked. `shadow`
 * is a signal that nobody uses; the kernel's masks have it where the program's
 * have `number`. All that saves and restores masks does so with it, as
 * sigsetjmp(3), fork(2) and the kernel's signal frames do. While it is blocked,
 * a fault of the program's own ends the process, and a `number` that was sent
 * waits. -EINVAL: `number` is not SIGSEGV or SIGBUS, or `shadow` cannot be
 * used. Not for handlers. */
int barspan_trap_shadow_(int number, int shadow);

/* Turns a program's set into the kernel's, and the kernel's into the program's.
 */
void barspan_trap_shade_(sigset_t *set);
void barspan_trap_unshade_(sigset_t *set);

/* A signal of the trap's for which the kernel has another handler now; 0: there
 * is none. */
int barspan_trap_check_(void);

#pragma GCC visibility pop

#endif
