/* SPDX-License-Identifier: BSD-3-Clause */
/* Emulates instructions as Intel's manual, volume 2, describes them. Registers
 * change only after all accesses are done. */
#include "trap/x86/emulate.h"

#include "trap/x86/alu.h"
#include "trap/memory.h"
#include "trap/x86/run.h"

static uint64_t mask_of(unsigned int width)
{
	return UINT64_MAX >> (64 - 8 * width);
}

static uintptr_t address_of(const struct emulation *e)
{
	const struct insn *insn = &e->insn;
	uint64_t address = (uint64_t)insn->displacement;

	if (insn->base == CPU_PC)
		address += e->pc + insn->length;
	else if (insn->base != INSN_NO_REGISTER)
		address += cpu_get(e->context, insn->base);
	if (insn->index != INSN_NO_REGISTER)
		address += cpu_get(e->context, insn->index) * insn->scale;
	if (insn->address32)
		address = (uint32_t)address;
	return address + cpu_segment_base(insn->segment);
}

static uint64_t get_register(const ucontext_t *context, uint8_t operand2, uint8_t reg,
			     unsigned int width)
{
	uint64_t value = cpu_get(context, reg);

	return (operand2 == INSN_HIGH_BYTE ? value >> 8 : value) & mask_of(width);
}

static void set_register(ucontext_t *context, uint8_t operand2, uint8_t reg, unsigned int width,
			 uint64_t value)
{
	unsigned int shift = operand2 == INSN_HIGH_BYTE ? 8 : 0;
	uint64_t mask = mask_of(width) << shift, whole = cpu_get(context, reg);

	/* A 32-bit write clears the upper half; a narrower one does not. */
	if (width == 4)
		mask = UINT64_MAX;
	cpu_set(context, reg, (whole & ~mask) | (value << shift & mask));
}

static uint64_t get_operand2(const struct emulation *e)
{
	if (e->insn.operand2 == INSN_IMMEDIATE)
		return e->insn.immediate & mask_of(e->insn.width);
	return get_register(e->context, e->insn.operand2, e->insn.reg, e->insn.reg_width);
}

static void set_operand2(struct emulation *e, uint64_t value)
{
	set_register(e->context, e->insn.operand2, e->insn.reg, e->insn.reg_width, value);
}

static bool read_operand(struct emulation *e, uintptr_t address, uint64_t *value)
{
	*value = 0;
	return memory_read(e->pc, address, value, e->insn.width, &e->fault);
}

static bool write_operand(struct emulation *e, uintptr_t address, uint64_t value)
{
	return memory_write(e->pc, address, &value, e->insn.width, &e->fault);
}

static uint64_t extend(const struct insn *insn, uint64_t value)
{
	unsigned int unused = 64 - 8U * insn->width;

	if (insn->op == INSN_SIGN)
		value = (uint64_t)((int64_t)(value << unused) >> unused);
	else if (insn->op == INSN_SWAP)
		value = __builtin_bswap64(value) >> unused;
	return insn->reg_width == 4 ? (uint32_t)value : value;
}

static bool do_load(struct emulation *e, uintptr_t address)
{
	uint64_t value;

	if (!read_operand(e, address, &value))
		return false;
	set_operand2(e, extend(&e->insn, value));
	return true;
}

static bool do_store(struct emulation *e, uintptr_t address)
{
	uint64_t value = get_operand2(e);

	return write_operand(e, address, e->insn.op == INSN_SWAP ? extend(&e->insn, value) : value);
}

static bool do_binary(struct emulation *e, uintptr_t address)
{
	uint64_t flags = cpu_get(e->context, CPU_FLAGS), memory, operand2 = get_operand2(e), result;

	if (!read_operand(e, address, &memory))
		return false;
	if (e->insn.memory_first)
		result = alu(e->insn.op, e->insn.width, memory, operand2, &flags);
	else
		result = alu(e->insn.op, e->insn.width, operand2, memory, &flags);
	if (e->insn.op != ALU_CMP && e->insn.op != ALU_TEST) {
		if (!e->insn.memory_first)
			set_operand2(e, result);
		else if (!write_operand(e, address, result))
			return false;
	}
	cpu_set(e->context, CPU_FLAGS, flags);
	return true;
}

static bool do_unary(struct emulation *e, uintptr_t address)
{
	uint64_t flags = cpu_get(e->context, CPU_FLAGS), memory;

	if (!read_operand(e, address, &memory))
		return false;
	if (!write_operand(e, address, alu(e->insn.op, e->insn.width, memory, 0, &flags)))
		return false;
	cpu_set(e->context, CPU_FLAGS, flags);
	return true;
}

static bool do_bit(struct emulation *e, uintptr_t address)
{
	uint64_t flags = cpu_get(e->context, CPU_FLAGS), memory, result;
	uint64_t bit = get_operand2(e) & (8U * e->insn.width - 1);

	if (!read_operand(e, address, &memory))
		return false;
	result = alu(e->insn.op, e->insn.width, memory, bit, &flags);
	if (e->insn.op != ALU_BT && !write_operand(e, address, result))
		return false;
	cpu_set(e->context, CPU_FLAGS, flags);
	return true;
}

static bool do_xchg(struct emulation *e, uintptr_t address)
{
	uint64_t memory;

	if (!read_operand(e, address, &memory) || !write_operand(e, address, get_operand2(e)))
		return false;
	set_operand2(e, memory);
	return true;
}

static bool do_xadd(struct emulation *e, uintptr_t address)
{
	uint64_t flags = cpu_get(e->context, CPU_FLAGS), memory;

	if (!read_operand(e, address, &memory))
		return false;
	if (!write_operand(e, address,
			   alu(ALU_ADD, e->insn.width, memory, get_operand2(e), &flags)))
		return false;
	set_operand2(e, memory);
	cpu_set(e->context, CPU_FLAGS, flags);
	return true;
}

/* Writes memory also if the comparison fails, as the processor does. */
static bool do_cmpxchg(struct emulation *e, uintptr_t address)
{
	uint64_t flags = cpu_get(e->context, CPU_FLAGS), memory;
	uint64_t accumulator = get_register(e->context, INSN_REGISTER, CPU_RAX, e->insn.width);

	if (!read_operand(e, address, &memory))
		return false;
	alu(ALU_CMP, e->insn.width, accumulator, memory, &flags);
	if (!write_operand(e, address, memory == accumulator ? get_operand2(e) : memory))
		return false;
	if (memory != accumulator)
		set_register(e->context, INSN_REGISTER, CPU_RAX, e->insn.width, memory);
	cpu_set(e->context, CPU_FLAGS, flags);
	return true;
}

/* A bit number in a register is a signed offset from the operand's address. */
static uintptr_t move_to_bit(const struct emulation *e, uintptr_t address)
{
	unsigned int unused = 64 - 8U * e->insn.width;
	int64_t bit;

	if (e->insn.kind != INSN_BIT || e->insn.operand2 != INSN_REGISTER)
		return address;
	bit = (int64_t)(get_operand2(e) << unused) >> unused;
	address += (uintptr_t)((bit >> (3 + __builtin_ctz(e->insn.width))) * e->insn.width);
	return e->insn.address32 ? (uint32_t)address : address;
}

static uintptr_t operand_of(const struct emulation *e)
{
	uintptr_t address = move_to_bit(e, address_of(e));

	/* pop computes the address with the new rsp. */
	if (e->insn.kind == INSN_STACK && e->insn.op == INSN_POP && e->insn.base == CPU_RSP)
		address += e->insn.width;
	return address;
}

/* clflush and similar instructions: a device has no cache lines. */
static bool do_nothing(struct emulation *e, uintptr_t address)
{
	(void)e;
	(void)address;
	return true;
}

/* Whether the frame has the state that the instruction uses. */
static bool is_possible(const struct emulation *e)
{
	switch (e->insn.kind) {
	case INSN_UNKNOWN:
		return false;
	case INSN_VECTOR_LOAD:
	case INSN_VECTOR_STORE:
		return emulate_has_vectors(e);
	case INSN_RUN:
		return emulate_can_run(e);
	case INSN_STACK:
		return e->insn.op != INSN_CALL || emulate_has_stack();
	default:
		return true;
	}
}

/* Whether the operand contains the address of the fault and touches a hole. */
static bool is_ours(const struct emulation *e, uintptr_t address)
{
	const struct insn *insn = &e->insn;

	if (e->fault - address >= insn->width)
		return false;
	if (insn->mask)
		return emulate_masked_hole(e, address);
	return memory_is_hole(address, insn->width, insn->reads, insn->writes);
}

static enum emulate_result do_instruction(struct emulation *e)
{
	static bool (*const actions[INSN_KINDS])(struct emulation * e, uintptr_t address) = {
		[INSN_LOAD] = do_load,
		[INSN_STORE] = do_store,
		[INSN_BINARY] = do_binary,
		[INSN_UNARY] = do_unary,
		[INSN_BIT] = do_bit,
		[INSN_XCHG] = do_xchg,
		[INSN_XADD] = do_xadd,
		[INSN_CMPXCHG] = do_cmpxchg,
		[INSN_VECTOR_LOAD] = emulate_vector_load,
		[INSN_VECTOR_STORE] = emulate_vector_store,
		[INSN_STACK] = emulate_stack,
		[INSN_NOTHING] = do_nothing,
		[INSN_RUN] = emulate_run,
	};
	uintptr_t address;

	e->next = e->pc + e->insn.length;
	if (!is_possible(e))
		return EMULATE_UNKNOWN;
	if (e->insn.kind == INSN_STRING)
		return emulate_string(e);
	address = operand_of(e);
	if (!is_ours(e, address))
		return EMULATE_NOT_OURS;
	if (!actions[e->insn.kind](e, address))
		return EMULATE_FAULT;
	cpu_set(e->context, CPU_PC, e->next);
	return EMULATE_DONE;
}

bool emulate_find(struct emulation *e)
{
	if (e->insn.kind == INSN_UNKNOWN)
		return false;
	if (e->insn.kind == INSN_STRING)
		return emulate_find_string(e);
	return memory_find(operand_of(e), e->insn.width, &e->fault);
}

static enum emulate_result do_and_tell(struct emulation *e)
{
	enum emulate_result result = do_instruction(e);

	if (result == EMULATE_FAULT)
		cpu_pretend_fault(e->info, e->context);
	cpu_forget_fault();
	return result;
}

/* Out of line, since alternate stacks are small. */
static __attribute__((noinline)) enum emulate_result do_above_another(struct emulation *e)
{
	struct cpu_fault before = cpu_take_fault();
	enum emulate_result result = do_and_tell(e);

	cpu_put_fault(&before);
	return result;
}

enum emulate_result emulate(struct emulation *e)
{
	return cpu_has_fault() ? do_above_another(e) : do_and_tell(e);
}

int emulate_load(void)
{
	run_prepare();
	return 0;
}
