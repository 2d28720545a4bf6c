/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap-memory.h"

#include <string.h>

#include <barspan/guard.h>
#include <barspan/io.h>

#include "registry.h"
#include "trap-machine.h"
#include "trap-report.h"

static uint64_t served, failures;
static bool reporting;

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

static void do_span(const struct access *access, const struct part *part)
{
	uint64_t offset = part->range.offset + (part->address - part->range.start);
	int r;

	if (access->to) {
		r = barspan_read(part->range.span, offset, access->to + part->done, part->length);
	} else {
		r = barspan_write(part->range.span, offset, access->from + part->done, part->length);
	}
	__atomic_fetch_add(&served, 1, __ATOMIC_RELAXED);
	if (r) {
		__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
		report_failed();
		if (access->to)
			memset(access->to + part->done, 0xff, part->length);
	}
	if (__atomic_load_n(&reporting, __ATOMIC_RELAXED))
		report_count(access->pc, part->range.span, offset, access->to ? REPORT_READ : REPORT_WRITE,
			     part->length);
}

static bool do_access(const struct access *access, uintptr_t address, size_t length, uintptr_t *fault)
{
	struct part part;
	size_t missing;

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
	bool hole = false;
	struct part part;

	for (size_t done = 0; done < length; done += part.length) {
		part = part_at(address, done, length);
		if (!part.in_span)
			continue;
		guard = barspan_guard_of_(part.range.span);
		if ((reads && !guard->read_end) || (writes && !guard->write_end))
			return false;
		/* The registry covers the span's own bytes, so that all of the part is inside. */
		hole |= !barspan_address_(guard, part.range.offset + (part.address - part.range.start), part.length);
	}
	return hole;
}

uint64_t memory_count(uint64_t *failed)
{
	if (failed)
		*failed = __atomic_load_n(&failures, __ATOMIC_RELAXED);
	return __atomic_load_n(&served, __ATOMIC_RELAXED);
}

void memory_set_report(bool report)
{
	__atomic_store_n(&reporting, report, __ATOMIC_RELAXED);
}
