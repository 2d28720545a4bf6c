/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that libbarspan exports only for libbarspan-trap and the preloaded
 * object. Safe anywhere unless stated otherwise.
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

/* The newest guard table of a span, also if the span has lost addresses. */
const struct barspan_guard_ *barspan_table_(const struct barspan *span);

/* A number that every change of a span changes. */
uint64_t barspan_generation_(void);

/* Whether accesses to the span's device run the caller's code. */
bool barspan_calls_back_(const struct barspan *span);

/* Whether barspan_mmap() made the span. The program then knows only its
 * addresses. */
bool barspan_is_by_address_(const struct barspan *span);

/* io_note_failure(). */
void barspan_note_failure_(struct barspan *span, uint64_t offset, unsigned int width, bool is_write,
			   int r);

/* Whether this is the first call for the span. */
bool barspan_is_first_rescue_(struct barspan *span);

/* Passes an error message to the log callback. This and the next two functions
 * are not for signal handlers. */
void barspan_log_error_(const char *message);

/* span_watch(). */
void barspan_watch_(void (*watcher)(const struct barspan *span));

/* operation_protect(). */
void barspan_protect_(pthread_mutex_t *mutex);

/* For the preloaded object. */

/* Whether a descriptor is a VFIO device's. Reads a link in /proc. */
bool barspan_is_vfio_(int fd);

/* Whether a span owns any of the bytes. */
bool barspan_overlaps_(const void *address, size_t length);

/* Moves a descriptor to a higher number, close-on-exec, and records it as the
 * library's own. Returns the new number, or the old one if it cannot be
 * moved. */
int barspan_keep_descriptor_(int fd);

/* Records a descriptor as the library's own without moving it. */
void barspan_note_descriptor_(int fd);

/* Whether a descriptor is one of the library's own. */
bool barspan_owns_descriptor_(int fd);

/* The lowest of the library's own descriptors at or above `from`; -1 if there
 * is none. */
int barspan_own_descriptor_(unsigned int from);

/* As mremap(2), but new_addr is always passed. Spans are not moved: addresses
 * of spans that are moved, replaced or unmapped are detached from their spans.
 * A range with a gap cannot be moved to or from a span: EFAULT. */
void *barspan_mremap_(void *old_addr, size_t old_length, size_t new_length, int flags,
		      void *new_addr);

/* As mprotect(2), but does not change the access of a span's addresses, since
 * holes must not become readable. Succeeds if every span in the range already
 * has the requested access; otherwise EACCES, with nothing changed. */
int barspan_mprotect_(void *addr, size_t length, int prot);

#pragma GCC visibility pop

#endif
