/* SPDX-License-Identifier: BSD-3-Clause */
/* movs, stos, lods, cmps, scas: emulates one element at a time while elements
 * touch a hole. The processor executes the rest. */
#include "trap/x86/emulate.h"

#include "trap/x86/alu.h"
#include "trap/x86/cpu.h"
#include "trap/memcheck.h"
#include "trap/memory.h"

enum { DIRECTION_FLAG = 1 << 10, ZERO_FLAG = 1 << 6 };

/* The accesses of an instruction at rsi and rdi. */
struct shape {
	bool reads_rsi, reads_rdi, writes_rdi;
};

static const struct shape shapes[] = {
	[INSN_MOVS] = { .reads_rsi = true, .writes_rdi = true },
	[INSN_STOS] = { .writes_rdi = true },
	[INSN_LODS] = { .reads_rsi = true },
	[INSN_CMPS] = { .reads_rsi = true, .reads_rdi = true },
	[INSN_SCAS] = { .reads_rdi = true },
};

static uint64_t get_pointer(const struct emulation *e, unsigned int reg)
{
	uint64_t value = cpu_get(e->context, reg);

	return e->insn.address32 ? (uint32_t)value : value;
}

static void advance(struct emulation *e, unsigned int reg, uint64_t by)
{
	uint64_t value = get_pointer(e, reg) + by;

	cpu_set(e->context, reg, e->insn.address32 ? (uint32_t)value : value);
}

/* The addresses of the next element. The source may have a segment override;
 * the destination may not. */
static uintptr_t source(const struct emulation *e)
{
	return get_pointer(e, CPU_RSI) + cpu_segment_base(e->insn.segment);
}

static uintptr_t destination(const struct emulation *e)
{
	return get_pointer(e, CPU_RDI);
}

static bool touches_hole(const struct emulation *e, const struct shape *shape)
{
	size_t width = e->insn.width;

	if (shape->reads_rsi && memory_is_hole(source(e), width, true, false))
		return true;
	return (shape->reads_rdi || shape->writes_rdi) &&
	       memory_is_hole(destination(e), width, shape->reads_rdi, shape->writes_rdi);
}

static uint64_t accumulator(const struct emulation *e)
{
	return cpu_get(e->context, CPU_RAX) & (UINT64_MAX >> (64 - 8 * e->insn.width));
}

static void set_accumulator(struct emulation *e, uint64_t value)
{
	uint64_t mask = e->insn.width == 4 ? UINT64_MAX : UINT64_MAX >> (64 - 8 * e->insn.width);

	cpu_set(e->context, CPU_RAX, (cpu_get(e->context, CPU_RAX) & ~mask) | value);
}

/* Emulates one element. */
static bool step(struct emulation *e, const struct shape *shape)
{
	uint64_t flags = cpu_get(e->context, CPU_FLAGS), left = accumulator(e), right = 0;
	uint64_t by = flags & DIRECTION_FLAG ? -(uint64_t)e->insn.width : e->insn.width;

	if (shape->reads_rdi &&
	    !memory_read(e->pc, destination(e), &right, e->insn.width, &e->fault))
		return false;
	if (shape->reads_rsi) {
		left = 0;
		if (!memory_read(e->pc, source(e), &left, e->insn.width, &e->fault))
			return false;
	}
	if (shape->writes_rdi &&
	    !memory_write(e->pc, destination(e), &left, e->insn.width, &e->fault))
		return false;
	if (shape->reads_rdi) {
		alu(ALU_CMP, e->insn.width, left, right, &flags);
		cpu_set(e->context, CPU_FLAGS, flags);
	}
	if (e->insn.op == INSN_LODS)
		set_accumulator(e, left);
	if (shape->reads_rsi)
		advance(e, CPU_RSI, by);
	if (shape->reads_rdi || shape->writes_rdi)
		advance(e, CPU_RDI, by);
	return true;
}

/* Whether the repetition ends after an element. */
static bool is_over(struct emulation *e, const struct shape *shape)
{
	bool zero = cpu_get(e->context, CPU_FLAGS) & ZERO_FLAG;

	if (e->insn.repeat == INSN_ONCE)
		return true;
	advance(e, CPU_RCX, UINT64_MAX);
	if (!get_pointer(e, CPU_RCX))
		return true;
	return shape->reads_rdi && zero != (e->insn.repeat == INSN_REP);
}

enum emulate_result emulate_string(struct emulation *e)
{
	const struct shape *shape = &shapes[e->insn.op];
	bool at_source = shape->reads_rsi && e->fault - source(e) < e->insn.width;
	bool at_destination = (shape->reads_rdi || shape->writes_rdi) &&
			      e->fault - destination(e) < e->insn.width;

	if ((!at_source && !at_destination) || !touches_hole(e, shape))
		return EMULATE_NOT_OURS;
	/* valgrind counts an element before it makes the access. */
	if (e->insn.repeat != INSN_ONCE && memcheck_is_there())
		advance(e, CPU_RCX, 1);
	do {
		if (!step(e, shape))
			return EMULATE_FAULT;
		if (is_over(e, shape)) {
			cpu_set(e->context, CPU_PC, e->pc + e->insn.length);
			return EMULATE_DONE;
		}
	} while (touches_hole(e, shape));
	return EMULATE_DONE;
}

bool emulate_find_string(struct emulation *e)
{
	const struct shape *shape = &shapes[e->insn.op];

	return (shape->reads_rsi && memory_find(source(e), e->insn.width, &e->fault)) ||
	       ((shape->reads_rdi || shape->writes_rdi) &&
		memory_find(destination(e), e->insn.width, &e->fault));
}
