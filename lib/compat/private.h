/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that libbarspan exports for libbarspan-trap and the preloaded
 * object alone. Safe anywhere unless they say otherwise.
 */
#ifndef PRIVATE_H
#define PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span/registry.h"

struct barspan_guard_;

#pragma GCC visibility push(default)

/* For libbarspan-trap. */

/* registry_find() and registry_overlap(). */
int barspan_registry_find_(struct registry_range *out, uintptr_t address);
int barspan_registry_overlap_(struct registry_range *out, uintptr_t start, uintptr_t end);

/* The newest guard table of a span, also of one that has lost addresses. */
const struct barspan_guard_ *barspan_table_(const struct barspan *span);

/* A number that changes with every change of any span. */
uint64_t barspan_generation_(void);

/* Whether accesses by the span's device run code of the caller's. */
bool barspan_calls_back_(const struct barspan *span);

/* Whether the span is barspan_mmap()'s: callers know its addresses alone. */
bool barspan_is_by_address_(const struct barspan *span);

/* io_note_failure(). */
void barspan_note_failure_(struct barspan *span, uint64_t offset, unsigned int width, bool is_write,
			   int r);

/* Whether this is the first call for the span. */
bool barspan_is_first_rescue_(struct barspan *span);

/* span_watch(). Not for signal handlers, nor is the next. */
void barspan_watch_(void (*watcher)(const struct barspan *span));

/* operation_protect(). */
void barspan_protect_(pthread_mutex_t *mutex);

/* For the preloaded object. */

/* Whether a descriptor is a VFIO device's. Reads a link in /proc. */
bool barspan_is_vfio_(int fd);

/* Whether any of the bytes belongs to a span. */
bool barspan_overlaps_(const void *address, size_t length);

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

/* As mremap(2), with its fifth argument always there. Spans are not moved:
 * addresses of spans that are moved, replaced or unmapped are the spans' no
 * more. A range with a gap is not moved to or from a span: EFAULT. */
void *barspan_mremap_(void *old_addr, size_t old_length, size_t new_length, int flags,
		      void *new_addr);

/* As mprotect(2), but that the addresses of spans are left as they are, since
 * holes must not become memory that can be read: asking for the access that a
 * span has is granted, any other is EACCES, and nothing is done. */
int barspan_mprotect_(void *addr, size_t length, int prot);

#pragma GCC visibility pop

#endif
