/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap-memory.h"

#include <pthread.h>
#include <string.h>

#include <barspan/guard.h>
#include <barspan/io.h>

#include "io.h"
#include "registry.h"
#include "trap-machine.h"
#include "trap-own.h"
#include "trap-report.h"

/* Indexed by whether it was a rescue. */
static uint64_t served[2], failures[2];
static bool reporting;

static __thread struct {
	bool on;
	int error;
} rescue __attribute__((tls_model("initial-exec")));

struct access {
	uintptr_t pc;
	uint8_t *to;		/* NULL: it writes */
	const uint8_t *from;
};

/* A part of an access that lies in one span, or in none. */
struct part {
	uintptr_t address;
	size_t done, length;
	bool in_span;
	struct registry_range range;
};

static struct part part_at(uintptr_t address, size_t done, size_t length)
{
	struct part part = { .address = address + done, .done = done, .length = length - done };
	uintptr_t edge;

	/* An operand that wraps around the end of addresses cannot have been decoded from a fault in a span. */
	if (registry_overlap(&part.range, part.address, part.address + part.length))
		return part;
	part.in_span = part.range.start <= part.address;
	edge = part.in_span ? part.range.end : part.range.start;
	if (part.length > edge - part.address)
		part.length = edge - part.address;
	return part;
}

static size_t do_memory(const struct access *access, const struct part *part)
{
	if (access->to)
		return machine_copy(access->to + part->done, (const void *)part->address, part->length);
	return machine_copy((void *)part->address, access->from + part->done, part->length);
}

/* The device's own way, whatever is mapped. */
static int access_device(const struct access *access, const struct part *part, uint64_t offset)
{
	struct barspan *span = part->range.span;
	struct barspan_device *device = barspan_span_device(span);
	uint64_t at = barspan_span_offset(span) + offset;
	unsigned int index = barspan_span_index(span);
	int r;

	if (access->to) {
		r = barspan_device_read(device, index, at, access->to + part->done, part->length);
		BARSPAN_AFTER_READ_();
		return r;
	}
	BARSPAN_BEFORE_WRITE_();
	return barspan_device_write(device, index, at, access->from + part->done, part->length);
}

/* A transport of the program's runs code of its own here, which may fault. No
 * access is a cancellation point, just as a load is none. */
static int access_span(const struct access *access, const struct part *part, uint64_t offset)
{
	bool rescuing = memory_set_rescue(false);
	uintptr_t note = own_note(0);
	int state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (rescuing)
		r = access_device(access, part, offset);
	else if (access->to)
		r = barspan_read(part->range.span, offset, access->to + part->done, part->length);
	else
		r = barspan_write(part->range.span, offset, access->from + part->done, part->length);
	pthread_setcancelstate(state, NULL);
	own_note(note);
	rescue.on = rescuing;
	return r;
}

static void do_span(const struct access *access, const struct part *part)
{
	uint64_t offset = part->range.offset + (part->address - part->range.start);
	int r = access_span(access, part, offset);

	__atomic_fetch_add(&served[rescue.on], 1, __ATOMIC_RELAXED);
	if (r) {
		__atomic_fetch_add(&failures[rescue.on], 1, __ATOMIC_RELAXED);
		io_note_error(part->range.span, r);
		if (!rescue.error)
			rescue.error = r;
		if (access->to)
			memset(access->to + part->done, 0xff, part->length);
	}
	if (__atomic_load_n(&reporting, __ATOMIC_RELAXED) && !rescue.on)
		report_count(access->pc, part->range.span, offset, access->to ? REPORT_READ : REPORT_WRITE,
			     part->length);
}

static bool do_access(const struct access *access, uintptr_t address, size_t length, uintptr_t *fault)
{
	struct part part = part_at(address, 0, length);
	size_t missing;

	/* Most lie in one span. */
	if (part.in_span && part.length == length) {
		do_span(access, &part);
		return true;
	}
	for (size_t done = 0; done < length; done += part.length) {
		part = part_at(address, done, length);
		missing = part.in_span ? 0 : do_memory(access, &part);
		if (missing) {
			*fault = part.address + part.length - missing;
			return false;
		}
	}
	for (size_t done = 0; done < length; done += part.length) {
		part = part_at(address, done, length);
		if (part.in_span)
			do_span(access, &part);
	}
	return true;
}

bool memory_read(uintptr_t pc, uintptr_t address, void *buffer, size_t length, uintptr_t *fault)
{
	return do_access(&(struct access){ .pc = pc, .to = buffer }, address, length, fault);
}

bool memory_write(uintptr_t pc, uintptr_t address, const void *buffer, size_t length, uintptr_t *fault)
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
		part = part_at(address, done, length);
		if (!part.in_span)
			continue;
		guard = barspan_guard_of_(part.range.span);
		if ((reads && !guard->read_end) || (writes && !guard->write_end))
			return false;
		/* The registry covers the span's own bytes, so that all of the part is inside. */
		offset = part.range.offset + (part.address - part.range.start);
		hole |= rescue.on || !barspan_address_(guard, offset, part.length);
	}
	return hole;
}

bool memory_find(uintptr_t address, size_t length, uintptr_t *found)
{
	struct registry_range range;

	if (registry_overlap(&range, address, address + length))
		return false;
	*found = range.start > address ? range.start : address;
	return true;
}

bool memory_set_rescue(bool on)
{
	bool before = rescue.on;

	rescue.on = on;
	if (on)
		rescue.error = 0;
	return before;
}

int memory_rescue_error(void)
{
	return rescue.error;
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
