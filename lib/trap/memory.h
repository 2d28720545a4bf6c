/* SPDX-License-Identifier: BSD-3-Clause */
/* Accesses to memory on behalf of an instruction: parts in a span go to the
 * device, the others are memory. */
#ifndef TRAP_MEMORY_H
#define TRAP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span/registry.h"

/* False: a part that is in no span faults; `*fault` is where. Memory comes
 * first, so that the device is not accessed then. A device that fails reads as
 * all ones. */
bool memory_read(uintptr_t pc, uintptr_t address, void *buffer, size_t length, uintptr_t *fault);
bool memory_write(uintptr_t pc, uintptr_t address, const void *buffer, size_t length,
		  uintptr_t *fault);

/* Whether any of these bytes are in a hole that can be read and written as
 * asked. */
bool memory_is_hole(uintptr_t address, size_t length, bool reads, bool writes);

/* Begins accesses of this thread, most of them in `range`, and returns what
 * memory_end() gets, for an access within a transport or a signal handler.
 * With `rescue` all that are to spans are trapped ones: here, direct bytes are
 * holes, too. */
bool memory_begin(bool rescue, const struct registry_range *range);
void memory_end(bool before);

/* The first error since memory_begin(). */
int memory_error(void);

/* The address of the first of these bytes that is in a span. False: none is. */
bool memory_find(uintptr_t address, size_t length, uintptr_t *found);

/* How many accesses were made to spans, and how many failed. */
uint64_t memory_count(uint64_t *failed);

/* The same of accesses in a rescue, which memory_count()
 * leaves out. */
uint64_t memory_count_rescued(uint64_t *failed);

/* Whether accesses are counted by instruction, in the report. */
void memory_set_report(bool report);

#endif
