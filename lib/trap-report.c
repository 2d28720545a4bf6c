/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap-report.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include <barspan/span.h>

#include "trap-memory.h"
#include "trap-module.h"
#include "trap-text.h"

enum { PLACES = 4096, PROBES = 128, NAME = 32 };

/* An instruction that touches a register. Claimed by its key, a hash of all the rest; what follows the count is only
 * read once it is `ready`. Two places of one key would be counted as one: with 64 bits, not in a lifetime. */
struct place {
	uint64_t key;
	uint64_t count;
	bool ready;
	uint8_t access;
	uint32_t width;
	unsigned int index;
	uintptr_t pc;
	uint64_t offset;	/* in the region */
	char device[NAME];
};

static struct place places[PLACES];
static uint64_t left_out;	/* accesses for which there is no place */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t key_of(const struct place *place)
{
	uint64_t hash = mix(mix(mix(mix(1, place->pc), place->offset), place->index), place->width * 2 + place->access);

	for (const char *c = place->device; *c; c++)
		hash = mix(hash, (unsigned char)*c);
	return hash ? hash : 1;
}

static void fill(struct place *to, const struct place *from)
{
	to->access = from->access;
	to->width = from->width;
	to->index = from->index;
	to->pc = from->pc;
	to->offset = from->offset;
	memcpy(to->device, from->device, sizeof(to->device));
	__atomic_store_n(&to->ready, true, __ATOMIC_RELEASE);
}

void report_count(uintptr_t pc, const struct barspan *span, uint64_t offset, enum report_access access, size_t width)
{
	struct place seen = {
		.access = (uint8_t)access, .width = (uint32_t)width, .index = barspan_span_index(span), .pc = pc,
		.offset = barspan_span_offset(span) + offset,
	};
	const char *name = barspan_device_name(barspan_span_device(span));
	uint64_t key;

	for (size_t i = 0; i < NAME - 1 && name[i]; i++)
		seen.device[i] = name[i];
	key = key_of(&seen);
	for (size_t i = 0; i < PROBES; i++) {
		struct place *place = &places[(key + i) % PLACES];
		uint64_t there = 0;

		if (__atomic_compare_exchange_n(&place->key, &there, key, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			fill(place, &seen);
		else if (there != key)
			continue;
		__atomic_fetch_add(&place->count, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_fetch_add(&left_out, 1, __ATOMIC_RELAXED);
}

static bool is_before(const struct place *a, const struct place *b)
{
	if (a->pc != b->pc)
		return a->pc < b->pc;
	if (a->offset != b->offset)
		return a->offset < b->offset;
	return a->access < b->access;
}

/* Puts the numbers of all places in the order of their instructions into `order`: Shell's sort, as qsort() allocates.
 */
static size_t sort(uint16_t *order, uint64_t *accesses)
{
	size_t n = 0;

	*accesses = 0;
	for (size_t i = 0; i < PLACES; i++)
		if (__atomic_load_n(&places[i].ready, __ATOMIC_ACQUIRE)) {
			order[n++] = (uint16_t)i;
			*accesses += __atomic_load_n(&places[i].count, __ATOMIC_RELAXED);
		}
	for (size_t gap = n / 2; gap; gap /= 2)
		for (size_t i = gap; i < n; i++) {
			uint16_t moved = order[i];
			size_t j = i;

			for (; j >= gap && is_before(&places[moved], &places[order[j - gap]]); j -= gap)
				order[j] = order[j - gap];
			order[j] = moved;
		}
	return n;
}

/* Buffers from here on are static: report_write() lets in one thread at a
 * time, maybe on a small alternate stack. */

static void add_symbol(struct text *text, uintptr_t pc)
{
	Dl_info info;

	if (!dladdr((void *)pc, &info) || !info.dli_sname)
		return;
	text_add(text, " ");
	text_add(text, info.dli_sname);
	text_add(text, "+");
	text_hex(text, pc - (uintptr_t)info.dli_saddr);
}

static int write_place(int fd, const struct place *place, const struct module *module, bool symbols)
{
	static struct text text;

	text.length = 0;
	text_decimal(&text, __atomic_load_n(&place->count, __ATOMIC_RELAXED));
	text_add(&text, place->access == REPORT_READ ? " read " : " write ");
	if (place->width)
		text_decimal(&text, place->width);
	else
		text_add(&text, "?");
	text_add(&text, " ");
	text_add(&text, place->device);
	text_add(&text, " region ");
	text_decimal(&text, place->index);
	text_add(&text, " offset ");
	text_hex(&text, place->offset);
	text_add(&text, " ");
	text_add(&text, module->path);
	text_add(&text, "+");
	text_hex(&text, place->pc - module->start + module->offset);
	if (symbols)
		add_symbol(&text, place->pc);
	return text_write_line(&text, fd);
}

static int write_head(int fd, size_t n, uint64_t accesses)
{
	static struct text text;
	uint64_t failed;

	text.length = 0;
	memory_count(&failed);
	text_add(&text, "barspan: trap report: ");
	text_decimal(&text, n);
	text_add(&text, " places, ");
	text_decimal(&text, accesses);
	text_add(&text, " accesses, ");
	text_decimal(&text, failed);
	text_add(&text, " failed");
	return text_write_line(&text, fd);
}

static int write_rest(int fd)
{
	static struct text text;
	uint64_t rest = __atomic_load_n(&left_out, __ATOMIC_RELAXED);

	text.length = 0;
	if (!rest)
		return 0;
	text_decimal(&text, rest);
	text_add(&text, " more accesses, for which there was no room");
	return text_write_line(&text, fd);
}

int report_write(int fd, bool symbols)
{
	static uint16_t order[PLACES];
	static struct module module;
	static bool busy;
	uint64_t accesses;
	size_t n;
	int r;

	/* A signal handler may be above the one who writes, so that waiting is out of the question. */
	if (__atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE))
		return -EBUSY;
	module = (struct module){ 0 };
	n = sort(order, &accesses);
	r = write_head(fd, n, accesses);
	for (size_t i = 0; i < n && !r; i++) {
		const struct place *place = &places[order[i]];

		if (place->pc - module.start >= module.end - module.start)
			module_find(&module, place->pc);
		r = write_place(fd, place, &module, symbols);
	}
	if (!r)
		r = write_rest(fd);
	__atomic_store_n(&busy, false, __ATOMIC_RELEASE);
	return r;
}
