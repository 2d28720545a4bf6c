/* SPDX-License-Identifier: BSD-3-Clause */
/* See the Arm Architecture Reference Manual (DDI 0487), C6 and C7, for what
 * each instruction does. Registers change when all accesses are done. */
#include "trap/emulate.h"

#include <string.h>

#include "trap/arm64/cpu.h"
#include "trap/cpu.h"
#include "trap/memory.h"

static uint64_t get_register(const ucontext_t *context, unsigned int reg)
{
	return reg == INSN_REGISTER_31 ? 0 : context->uc_mcontext.regs[reg];
}

static void set_register(ucontext_t *context, unsigned int reg, uint64_t value)
{
	if (reg != INSN_REGISTER_31)
		context->uc_mcontext.regs[reg] = value;
}

static uint64_t get_base(const struct emulation *e)
{
	if (e->insn.base == INSN_PC)
		return e->pc;
	if (e->insn.base == INSN_REGISTER_31)
		return e->context->uc_mcontext.sp;
	return e->context->uc_mcontext.regs[e->insn.base];
}

static void set_base(struct emulation *e, uint64_t value)
{
	if (e->insn.base == INSN_REGISTER_31)
		e->context->uc_mcontext.sp = value;
	else
		e->context->uc_mcontext.regs[e->insn.base] = value;
}

/* The fields of "option": bit 0 has all 64 bits used, bit 2 extends the sign.
 */
static uint64_t get_index(const struct emulation *e)
{
	uint64_t value;

	if (e->insn.index == INSN_NO_REGISTER)
		return 0;
	value = get_register(e->context, e->insn.index);
	if (!(e->insn.extend & 1))
		value = e->insn.extend & 4 ? (uint64_t)(int64_t)(int32_t)value : (uint32_t)value;
	return value << e->insn.shift;
}

/* The base register after the instruction, with writeback. */
static uint64_t indexed_base(const struct emulation *e)
{
	return get_base(e) + (uint64_t)e->insn.displacement + get_index(e);
}

/* The processor ignores the top byte of a user's address. */
static uintptr_t address_of(const struct emulation *e)
{
	uint64_t address = e->insn.writeback == INSN_POST_INDEX ? get_base(e) : indexed_base(e);

	return address << 8 >> 8;
}

static unsigned int register_width(const struct insn *insn)
{
	return insn->width / insn->n;
}

static uint64_t extend(const struct insn *insn, uint64_t value)
{
	unsigned int unused = 64 - 8 * register_width(insn);

	if (!insn->sign_extend)
		return value;
	value = (uint64_t)((int64_t)(value << unused) >> unused);
	return insn->sign_extend == 4 ? (uint32_t)value : value;
}

static bool read_one(struct emulation *e, uintptr_t address, void *out, unsigned int width)
{
	return memory_read(e->pc, address, out, width, &e->fault);
}

static bool write_one(struct emulation *e, uintptr_t address, const void *value, unsigned int width)
{
	return memory_write(e->pc, address, value, width, &e->fault);
}

/* Each register is one access, as on the bus. */
static bool do_load(struct emulation *e, uintptr_t address)
{
	unsigned int width = register_width(&e->insn);
	uint64_t values[INSN_REGISTERS] = { 0 };

	for (unsigned int i = 0; i < e->insn.n; i++)
		if (!read_one(e, address + i * width, &values[i], width))
			return false;
	for (unsigned int i = 0; i < e->insn.n; i++)
		set_register(e->context, e->insn.registers[i], extend(&e->insn, values[i]));
	return true;
}

static bool do_store(struct emulation *e, uintptr_t address)
{
	unsigned int width = register_width(&e->insn);
	uint64_t value;

	for (unsigned int i = 0; i < e->insn.n; i++) {
		value = get_register(e->context, e->insn.registers[i]);
		if (!write_one(e, address + i * width, &value, width))
			return false;
	}
	return true;
}

static bool do_vector_load(struct emulation *e, uintptr_t address)
{
	uint8_t values[INSN_REGISTERS][CPU_VECTOR] = { { 0 } };
	unsigned int width = register_width(&e->insn);

	for (unsigned int i = 0; i < e->insn.n; i++)
		if (!read_one(e, address + i * width, values[i], width))
			return false;
	for (unsigned int i = 0; i < e->insn.n; i++)
		cpu_set_vector(e->context, e->insn.registers[i], values[i]);
	return true;
}

static bool do_vector_store(struct emulation *e, uintptr_t address)
{
	unsigned int width = register_width(&e->insn);
	uint8_t value[CPU_VECTOR];

	for (unsigned int i = 0; i < e->insn.n; i++) {
		cpu_get_vector(e->context, e->insn.registers[i], value);
		if (!write_one(e, address + i * width, value, width))
			return false;
	}
	return true;
}

static int64_t signed_value(uint64_t value, unsigned int width)
{
	unsigned int unused = 64 - 8 * width;

	return (int64_t)(value << unused) >> unused;
}

static uint64_t combine(const struct insn *insn, uint64_t memory, uint64_t source)
{
	int64_t a = signed_value(memory, insn->width), b = signed_value(source, insn->width);

	switch (insn->op) {
	case INSN_ADD:
		return memory + source;
	case INSN_CLEAR:
		return memory & ~source;
	case INSN_XOR:
		return memory ^ source;
	case INSN_SET:
		return memory | source;
	case INSN_SIGNED_MAX:
		return a > b ? memory : source;
	case INSN_SIGNED_MIN:
		return a < b ? memory : source;
	case INSN_UNSIGNED_MAX:
		return memory > source ? memory : source;
	case INSN_UNSIGNED_MIN:
		return memory < source ? memory : source;
	default:
		return source;
	}
}

static uint64_t get_source(const struct emulation *e)
{
	return get_register(e->context, e->insn.source) & UINT64_MAX >> (64 - 8 * e->insn.width);
}

/* A read and a write: other threads may come between them, but a device has no
 * atomic operations on its registers. */
static bool do_atomic(struct emulation *e, uintptr_t address)
{
	uint64_t memory = 0, result;

	if (!read_one(e, address, &memory, e->insn.width))
		return false;
	result = combine(&e->insn, memory, get_source(e));
	if (!write_one(e, address, &result, e->insn.width))
		return false;
	set_register(e->context, e->insn.registers[0], memory);
	return true;
}

static bool do_compare_swap(struct emulation *e, uintptr_t address)
{
	uint64_t memory = 0, value = get_register(e->context, e->insn.registers[0]);

	if (!read_one(e, address, &memory, e->insn.width))
		return false;
	if (memory == get_source(e) && !write_one(e, address, &value, e->insn.width))
		return false;
	set_register(e->context, e->insn.source, memory);
	return true;
}

static bool is_possible(const struct emulation *e)
{
	return e->insn.kind != INSN_UNKNOWN &&
	       (!e->insn.uses_vector || cpu_has_vectors(e->context));
}

static enum emulate_result do_instruction(struct emulation *e)
{
	static bool (*const actions[INSN_KINDS])(struct emulation * e, uintptr_t address) = {
		[INSN_LOAD] = do_load,
		[INSN_STORE] = do_store,
		[INSN_VECTOR_LOAD] = do_vector_load,
		[INSN_VECTOR_STORE] = do_vector_store,
		[INSN_ATOMIC] = do_atomic,
		[INSN_COMPARE_SWAP] = do_compare_swap,
	};
	uintptr_t address = address_of(e);
	uint64_t base = indexed_base(e);

	if (!is_possible(e))
		return EMULATE_UNKNOWN;
	if (e->fault - address >= e->insn.width ||
	    !memory_is_hole(address, e->insn.width, e->insn.reads, e->insn.writes))
		return EMULATE_NOT_OURS;
	if (!actions[e->insn.kind](e, address))
		return EMULATE_FAULT;
	if (e->insn.writeback != INSN_OFFSET)
		set_base(e, base);
	e->context->uc_mcontext.pc = e->pc + e->insn.length;
	return EMULATE_DONE;
}

bool emulate_find(struct emulation *e)
{
	return e->insn.kind != INSN_UNKNOWN && memory_find(address_of(e), e->insn.width, &e->fault);
}

enum emulate_result emulate(struct emulation *e)
{
	struct cpu_fault before = cpu_take_fault();
	enum emulate_result result = do_instruction(e);

	if (result == EMULATE_FAULT)
		cpu_pretend_fault(e->info, e->context);
	cpu_put_fault(&before);
	return result;
}

int emulate_load(void)
{
	return 0;
}

bool insn_at(struct insn *out, uintptr_t pc, const stack_t *alternate)
{
	struct cpu_fault before = cpu_take_fault();
	uint32_t code;
	bool known = !cpu_copy(&code, (const void *)pc, sizeof(code));

	(void)alternate;
	cpu_put_fault(&before);
	return known && insn_decode(out, code);
}
