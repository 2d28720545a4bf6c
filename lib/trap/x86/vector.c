/* SPDX-License-Identifier: BSD-3-Clause */
/* Moves between memory and vector registers. A masked move accesses only the
 * elements that its mask selects, adjacent ones together. */
#include "trap/x86/emulate.h"

#include <string.h>

#include "trap/x86/cpu.h"
#include "trap/memory.h"
#include "trap/scratch.h"

/* Adjacent elements that a masked move accesses. */
struct stretch {
	size_t start, length; /* in the operand */
};

static uint64_t mask_of(const struct emulation *e)
{
	uint64_t mask = 0;

	if (e->insn.mask)
		cpu_get_mask(e->context, e->insn.mask, &mask);
	return mask;
}

/* The next stretch from *at on. Returns false if there is none. Without a mask
 * the operand is one stretch. */
static bool next_stretch(const struct emulation *e, uint64_t mask, size_t *at, struct stretch *out)
{
	size_t element = e->insn.element, n = e->insn.mask ? e->insn.width / element : 1, i;

	if (!e->insn.mask) {
		*out = (struct stretch){ 0, e->insn.width };
		return !(*at)++;
	}
	for (i = *at; i < n && !(mask >> i & 1); i++)
		;
	out->start = i * element;
	for (*at = i; *at < n && mask >> *at & 1; ++*at)
		;
	out->length = *at * element - out->start;
	return out->length;
}

bool emulate_has_vectors(const struct emulation *e)
{
	const struct insn *insn = &e->insn;
	size_t length = insn->width;
	uint64_t mask;

	if (insn->kind == INSN_VECTOR_LOAD && insn->op == INSN_LOW_AVX && length < 32)
		length = 32;
	return cpu_has_vector(e->context, insn->reg, length) &&
	       (!insn->mask || cpu_get_mask(e->context, insn->mask, &mask));
}

bool emulate_masked_hole(const struct emulation *e, uintptr_t address)
{
	struct stretch stretch;

	for (size_t at = 0; next_stretch(e, mask_of(e), &at, &stretch);)
		if (memory_is_hole(address + stretch.start, stretch.length, e->insn.reads,
				   e->insn.writes))
			return true;
	return false;
}

/* The register before elements are loaded. */
static void get_before(const struct emulation *e, uint8_t *value)
{
	const struct insn *insn = &e->insn;
	size_t length = insn->width <= 16 ? 16 : insn->width;

	memset(value, 0, CPU_VECTOR);
	if (insn->op == INSN_LOW_HALF || insn->op == INSN_HIGH_HALF) {
		cpu_get_vector(e->context, insn->reg, value, 16);
	} else if (insn->mask && !insn->zeroes) {
		cpu_get_vector(e->context, insn->reg, value, length);
		memset(value + insn->width, 0, CPU_VECTOR - insn->width);
	}
}

static __attribute__((noinline)) bool read_stretches(struct emulation *e, uintptr_t address,
						     uint8_t *out)
{
	struct stretch stretch;

	for (size_t at = 0; next_stretch(e, mask_of(e), &at, &stretch);)
		if (!memory_read(e->pc, address + stretch.start, out + stretch.start,
				 stretch.length, &e->fault))
			return false;
	return true;
}

/* An access without a mask uses less stack. */
bool emulate_read(struct emulation *e, uintptr_t address, uint8_t *out)
{
	if (e->insn.mask)
		return read_stretches(e, address, out);
	return memory_read(e->pc, address, out, e->insn.width, &e->fault);
}

/* This and the next functions are inline, since the stack may be small. */
static inline __attribute__((always_inline)) bool load_by(uint8_t *value, struct emulation *e,
							  uintptr_t address)
{
	get_before(e, value);
	if (!emulate_read(e, address, value + (e->insn.op == INSN_HIGH_HALF ? 8 : 0)))
		return false;
	if (e->insn.op == INSN_LOW_AVX)
		cpu_set_vector(e->context, e->insn.reg, value);
	else
		cpu_set_low_vector(e->context, e->insn.reg, value);
	return true;
}

static __attribute__((noinline)) bool write_stretches(struct emulation *e, uintptr_t address,
						      const uint8_t *from)
{
	struct stretch stretch;

	for (size_t at = 0; next_stretch(e, mask_of(e), &at, &stretch);)
		if (!memory_write(e->pc, address + stretch.start, from + stretch.start,
				  stretch.length, &e->fault))
			return false;
	return true;
}

static inline __attribute__((always_inline)) bool store_by(uint8_t *value, struct emulation *e,
							   uintptr_t address)
{
	const uint8_t *from = value + (e->insn.op == INSN_HIGH_HALF ? 8 : 0);

	cpu_get_vector(e->context, e->insn.reg, value, e->insn.width <= 16 ? 16 : e->insn.width);
	if (e->insn.mask)
		return write_stretches(e, address, from);
	return memory_write(e->pc, address, from, e->insn.width, &e->fault);
}

typedef bool move_by(uint8_t *value, struct emulation *e, uintptr_t address);

static bool __attribute__((noinline))
move_on_stack(move_by *move, struct emulation *e, uintptr_t address)
{
	uint8_t value[CPU_VECTOR];

	return move(value, e, address);
}

static inline __attribute__((always_inline)) bool move_vector(move_by *move, struct emulation *e,
							      uintptr_t address)
{
	uint8_t *value = scratch_take();
	bool done;

	if (!value)
		return move_on_stack(move, e, address);
	done = move(value, e, address);
	scratch_give(value);
	return done;
}

bool emulate_vector_load(struct emulation *e, uintptr_t address)
{
	return move_vector(load_by, e, address);
}

bool emulate_vector_store(struct emulation *e, uintptr_t address)
{
	return move_vector(store_by, e, address);
}
