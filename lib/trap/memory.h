/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory accesses of an emulated instruction. The parts in a span go to the
 * device, the others to memory. */
#ifndef TRAP_MEMORY_H
#define TRAP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span/registry.h"

/* Returns false if a part outside of spans faults, at address *fault. Memory is
 * accessed first, so in that case the device is not accessed. If the device
 * fails, a read returns all ones. */
bool memory_read(uintptr_t pc, uintptr_t address, void *buffer, size_t length, uintptr_t *fault);
bool memory_write(uintptr_t pc, uintptr_t address, const void *buffer, size_t length,
		  uintptr_t *fault);

/* Whether any of these bytes are in a hole, and all that are in spans may be
 * read and written as requested. */
bool memory_is_hole(uintptr_t address, size_t length, bool reads, bool writes);

/* Begins accesses of this thread, most of them in `range`. Returns the value
 * for memory_end(), since an access may be made inside a transport's operation
 * or a signal handler. With `rescue` all accesses to spans are trapped, and
 * direct bytes count as holes. */
bool memory_begin(bool rescue, const struct registry_range *range);
void memory_end(bool before);

/* The first error of the device since memory_begin(). */
int memory_error(void);

/* Finds the first of these bytes that is in a span. Returns false if none
 * does. */
bool memory_find(uintptr_t address, size_t length, uintptr_t *found);

/* The number of accesses to spans, and of failed ones. */
uint64_t memory_count(uint64_t *failed);

/* The same for rescues, which memory_count() excludes. */
uint64_t memory_count_rescued(uint64_t *failed);

/* Whether the report counts accesses by instruction. */
void memory_set_report(bool report);

#endif
