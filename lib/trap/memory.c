/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/memory.h"

#include <string.h>

#include <barspan/guard.h>
#include <barspan/io.h>

#include "compat/private.h"
#include "trap/cpu.h"
#include "trap/own.h"
#include "trap/report.h"

/* Indexed by whether the access was a rescue. */
static uint64_t served[2], failures[2];
static bool reporting;

static __thread struct {
	struct registry_range range; /* contains most operands; may be empty */
	bool rescue;
	int error; /* the first since memory_begin() */
} state __attribute__((tls_model("initial-exec")));

struct access {
	uintptr_t pc;
	uint8_t *to; /* NULL: a write */
	const uint8_t *from;
};

/* A part of an access that is in one span or in none. */
struct part {
	uintptr_t address;
	size_t done, length;
	bool in_span;
	struct registry_range range;
};

/* Takes a pointer, since returning the struct would need twice the stack. */
static void find_part(struct part *part, uintptr_t address, size_t done, size_t length)
{
	uintptr_t into = address + done - state.range.start,
		  size = state.range.end - state.range.start;
	uintptr_t edge;

	part->address = address + done;
	part->done = done;
	part->length = length - done;
	if (into < size && part->length <= size - into) {
		part->range = state.range;
		part->in_span = true;
		return;
	}

	/* No operand here wraps around the address space, since it was decoded
	 * from a fault in a span. */
	part->in_span = false;
	if (barspan_registry_overlap_(&part->range, part->address, part->address + part->length))
		return;
	part->in_span = part->range.start <= part->address;
	edge = part->in_span ? part->range.end : part->range.start;
	if (part->length > edge - part->address)
		part->length = edge - part->address;
}

static size_t do_memory(const struct access *access, const struct part *part)
{
	if (access->to)
		return cpu_copy(access->to + part->done, (const void *)part->address, part->length);
	return cpu_copy((void *)part->address, access->from + part->done, part->length);
}

/* Trapped access, even if the bytes are direct. */
static __attribute__((noinline)) int access_device(const struct access *access,
						   const struct part *part, uint64_t offset)
{
	struct barspan *span = part->range.span;
	struct barspan_device *device = barspan_device_of(span);
	uint64_t at = barspan_region_offset(span) + offset;
	unsigned int index = barspan_region_index(span);
	int r;

	if (access->to) {
		r = barspan_device_read(device, index, at, access->to + part->done, part->length);
		BARSPAN_AFTER_READ_();
		return r;
	}
	BARSPAN_BEFORE_WRITE_();
	return barspan_device_write(device, index, at, access->from + part->done, part->length);
}

/* This and do_span() are inline for the same reason as device_read(). */
static inline __attribute__((always_inline)) int access_span(const struct access *access,
							     const struct part *part,
							     uint64_t offset)
{
	if (state.rescue)
		return access_device(access, part, offset);
	if (access->to)
		return barspan_read(part->range.span, offset, access->to + part->done,
				    part->length);
	return barspan_write(part->range.span, offset, access->from + part->done, part->length);
}

/* Calls the program's transport. Its code may fault, or be interrupted by other
 * accesses, so the thread's state is saved. */
static __attribute__((noinline)) int access_foreign(const struct access *access,
						    const struct part *part, uint64_t offset)
{
	bool rescue = state.rescue;
	uintptr_t note = own_note(0);
	int r = access_span(access, part, offset);

	own_note(note);
	state.rescue = rescue;
	return r;
}

static inline __attribute__((always_inline)) void do_span(const struct access *access,
							  const struct part *part)
{
	uint64_t offset = part->range.offset + (part->address - part->range.start);
	bool foreign = barspan_calls_back_(part->range.span);
	int r = foreign ? access_foreign(access, part, offset) : access_span(access, part, offset);

	__atomic_fetch_add(&served[state.rescue], 1, __ATOMIC_RELAXED);
	if (state.rescue)
		report_rescued();
	if (r) {
		__atomic_fetch_add(&failures[state.rescue], 1, __ATOMIC_RELAXED);
		if (!state.rescue)
			report_failed();
		barspan_note_failure_(part->range.span, offset, (unsigned int)part->length,
				      !access->to, r);
		if (!state.error)
			state.error = r;
		if (access->to)
			memset(access->to + part->done, 0xff, part->length);
	}
	if (__atomic_load_n(&reporting, __ATOMIC_RELAXED) && !state.rescue)
		report_count(access->pc, part->range.span, offset,
			     access->to ? REPORT_READ : REPORT_WRITE, part->length);
}

/* Accesses the parts that are in no span. */
static __attribute__((noinline)) bool do_memory_parts(const struct access *access,
						      uintptr_t address, size_t length,
						      uintptr_t *fault)
{
	struct part part;
	size_t missing;

	for (size_t done = 0; done < length; done += part.length) {
		find_part(&part, address, done, length);
		missing = part.in_span ? 0 : do_memory(access, &part);
		if (missing) {
			*fault = part.address + part.length - missing;
			return false;
		}
	}
	return true;
}

static bool do_access(const struct access *access, uintptr_t address, size_t length,
		      uintptr_t *fault)
{
	struct part part;

	find_part(&part, address, 0, length);
	/* Most operands are in one span. */
	if ((!part.in_span || part.length < length) &&
	    !do_memory_parts(access, address, length, fault))
		return false;
	for (size_t done = 0; done < length; done += part.length) {
		find_part(&part, address, done, length);
		if (part.in_span)
			do_span(access, &part);
	}
	return true;
}

bool memory_read(uintptr_t pc, uintptr_t address, void *buffer, size_t length, uintptr_t *fault)
{
	return do_access(&(struct access){ .pc = pc, .to = buffer }, address, length, fault);
}

bool memory_write(uintptr_t pc, uintptr_t address, const void *buffer, size_t length,
		  uintptr_t *fault)
{
	return do_access(&(struct access){ .pc = pc, .from = buffer }, address, length, fault);
}

bool memory_is_hole(uintptr_t address, size_t length, bool reads, bool writes)
{
	const struct barspan_guard_ *guard;
	struct part part;
	bool hole = false;
	uint64_t offset;

	for (size_t done = 0; done < length; done += part.length) {
		find_part(&part, address, done, length);
		if (!part.in_span)
			continue;
		guard = barspan_table_(part.range.span);
		if ((reads && !guard->read_end) || (writes && !guard->write_end))
			return false;
		/* The registry covers only the span's own bytes, so all of the
		 * part is inside. */
		offset = part.range.offset + (part.address - part.range.start);
		hole |= state.rescue || !barspan_address_(guard, offset, part.length);
	}
	return hole;
}

bool memory_find(uintptr_t address, size_t length, uintptr_t *found)
{
	struct registry_range range;

	if (barspan_registry_overlap_(&range, address, address + length))
		return false;
	*found = range.start > address ? range.start : address;
	return true;
}

bool memory_begin(bool rescue, const struct registry_range *range)
{
	bool before = state.rescue;

	state.range = *range;
	state.rescue = rescue;
	state.error = 0;
	return before;
}

void memory_end(bool before)
{
	state.range = (struct registry_range){ 0 };
	state.rescue = before;
}

int memory_error(void)
{
	return state.error;
}

static uint64_t count_of(bool rescued, uint64_t *failed)
{
	if (failed)
		*failed = __atomic_load_n(&failures[rescued], __ATOMIC_RELAXED);
	return __atomic_load_n(&served[rescued], __ATOMIC_RELAXED);
}

uint64_t memory_count(uint64_t *failed)
{
	return count_of(false, failed);
}

uint64_t memory_count_rescued(uint64_t *failed)
{
	return count_of(true, failed);
}

void memory_set_report(bool report)
{
	__atomic_store_n(&reporting, report, __ATOMIC_RELAXED);
}
