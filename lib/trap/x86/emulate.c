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
	const struct trap_form *form = &e->form;
	uint64_t address = (uint64_t)form->displacement;

	if (form->base == MACHINE_PC)
		address += e->pc + form->length;
	else if (form->base != FORM_NO_REGISTER)
		address += machine_get(e->context, form->base);
	if (form->index != FORM_NO_REGISTER)
		address += machine_get(e->context, form->index) * form->scale;
	if (form->address32)
		address = (uint32_t)address;
	return address + machine_segment_base(form->segment);
}

static uint64_t get_register(const ucontext_t *context, uint8_t other, uint8_t reg,
			     unsigned int width)
{
	uint64_t value = machine_get(context, reg);

	return (other == FORM_HIGH_BYTE ? value >> 8 : value) & mask_of(width);
}

static void set_register(ucontext_t *context, uint8_t other, uint8_t reg, unsigned int width,
			 uint64_t value)
{
	unsigned int shift = other == FORM_HIGH_BYTE ? 8 : 0;
	uint64_t mask = mask_of(width) << shift, whole = machine_get(context, reg);

	/* A 32-bit write clears the upper half; a narrower one does not. */
	if (width == 4)
		mask = UINT64_MAX;
	machine_set(context, reg, (whole & ~mask) | (value << shift & mask));
}

static uint64_t get_other(const struct emulation *e)
{
	if (e->form.other == FORM_IMMEDIATE)
		return e->form.immediate & mask_of(e->form.width);
	return get_register(e->context, e->form.other, e->form.reg, e->form.reg_width);
}

static void set_other(struct emulation *e, uint64_t value)
{
	set_register(e->context, e->form.other, e->form.reg, e->form.reg_width, value);
}

static bool read_operand(struct emulation *e, uintptr_t address, uint64_t *value)
{
	*value = 0;
	return memory_read(e->pc, address, value, e->form.width, &e->fault);
}

static bool write_operand(struct emulation *e, uintptr_t address, uint64_t value)
{
	return memory_write(e->pc, address, &value, e->form.width, &e->fault);
}

static uint64_t extend(const struct trap_form *form, uint64_t value)
{
	unsigned int unused = 64 - 8U * form->width;

	if (form->op == FORM_SIGN)
		value = (uint64_t)((int64_t)(value << unused) >> unused);
	else if (form->op == FORM_SWAP)
		value = __builtin_bswap64(value) >> unused;
	return form->reg_width == 4 ? (uint32_t)value : value;
}

static bool do_load(struct emulation *e, uintptr_t address)
{
	uint64_t value;

	if (!read_operand(e, address, &value))
		return false;
	set_other(e, extend(&e->form, value));
	return true;
}

static bool do_store(struct emulation *e, uintptr_t address)
{
	uint64_t value = get_other(e);

	return write_operand(e, address, e->form.op == FORM_SWAP ? extend(&e->form, value) : value);
}

static bool do_binary(struct emulation *e, uintptr_t address)
{
	uint64_t flags = machine_get(e->context, MACHINE_FLAGS), memory, other = get_other(e),
		 result;

	if (!read_operand(e, address, &memory))
		return false;
	if (e->form.memory_first)
		result = alu(e->form.op, e->form.width, memory, other, &flags);
	else
		result = alu(e->form.op, e->form.width, other, memory, &flags);
	if (e->form.op != ALU_CMP && e->form.op != ALU_TEST) {
		if (!e->form.memory_first)
			set_other(e, result);
		else if (!write_operand(e, address, result))
			return false;
	}
	machine_set(e->context, MACHINE_FLAGS, flags);
	return true;
}

static bool do_unary(struct emulation *e, uintptr_t address)
{
	uint64_t flags = machine_get(e->context, MACHINE_FLAGS), memory;

	if (!read_operand(e, address, &memory))
		return false;
	if (!write_operand(e, address, alu(e->form.op, e->form.width, memory, 0, &flags)))
		return false;
	machine_set(e->context, MACHINE_FLAGS, flags);
	return true;
}

static bool do_bit(struct emulation *e, uintptr_t address)
{
	uint64_t flags = machine_get(e->context, MACHINE_FLAGS), memory, result;
	uint64_t bit = get_other(e) & (8U * e->form.width - 1);

	if (!read_operand(e, address, &memory))
		return false;
	result = alu(e->form.op, e->form.width, memory, bit, &flags);
	if (e->form.op != ALU_BT && !write_operand(e, address, result))
		return false;
	machine_set(e->context, MACHINE_FLAGS, flags);
	return true;
}

static bool do_xchg(struct emulation *e, uintptr_t address)
{
	uint64_t memory;

	if (!read_operand(e, address, &memory) || !write_operand(e, address, get_other(e)))
		return false;
	set_other(e, memory);
	return true;
}

static bool do_xadd(struct emulation *e, uintptr_t address)
{
	uint64_t flags = machine_get(e->context, MACHINE_FLAGS), memory;

	if (!read_operand(e, address, &memory))
		return false;
	if (!write_operand(e, address, alu(ALU_ADD, e->form.width, memory, get_other(e), &flags)))
		return false;
	set_other(e, memory);
	machine_set(e->context, MACHINE_FLAGS, flags);
	return true;
}

/* Writes memory also if the comparison fails, as the processor does. */
static bool do_cmpxchg(struct emulation *e, uintptr_t address)
{
	uint64_t flags = machine_get(e->context, MACHINE_FLAGS), memory;
	uint64_t accumulator = get_register(e->context, FORM_REGISTER, MACHINE_RAX, e->form.width);

	if (!read_operand(e, address, &memory))
		return false;
	alu(ALU_CMP, e->form.width, accumulator, memory, &flags);
	if (!write_operand(e, address, memory == accumulator ? get_other(e) : memory))
		return false;
	if (memory != accumulator)
		set_register(e->context, FORM_REGISTER, MACHINE_RAX, e->form.width, memory);
	machine_set(e->context, MACHINE_FLAGS, flags);
	return true;
}

/* A bit number in a register is a signed offset from the operand's address. */
static uintptr_t move_to_bit(const struct emulation *e, uintptr_t address)
{
	unsigned int unused = 64 - 8U * e->form.width;
	int64_t bit;

	if (e->form.kind != FORM_BIT || e->form.other != FORM_REGISTER)
		return address;
	bit = (int64_t)(get_other(e) << unused) >> unused;
	address += (uintptr_t)((bit >> (3 + __builtin_ctz(e->form.width))) * e->form.width);
	return e->form.address32 ? (uint32_t)address : address;
}

static uintptr_t operand_of(const struct emulation *e)
{
	uintptr_t address = move_to_bit(e, address_of(e));

	/* pop computes the address with the new rsp. */
	if (e->form.kind == FORM_STACK && e->form.op == FORM_POP && e->form.base == MACHINE_RSP)
		address += e->form.width;
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
	switch (e->form.kind) {
	case FORM_UNKNOWN:
		return false;
	case FORM_VECTOR_LOAD:
	case FORM_VECTOR_STORE:
		return emulate_has_vectors(e);
	case FORM_RUN:
		return emulate_can_run(e);
	case FORM_STACK:
		return e->form.op != FORM_CALL || emulate_has_stack();
	default:
		return true;
	}
}

/* Whether the operand contains the address of the fault and touches a hole. */
static bool is_ours(const struct emulation *e, uintptr_t address)
{
	const struct trap_form *form = &e->form;

	if (e->fault - address >= form->width)
		return false;
	if (form->mask)
		return emulate_masked_hole(e, address);
	return memory_is_hole(address, form->width, form->reads, form->writes);
}

static enum emulate_result do_instruction(struct emulation *e)
{
	static bool (*const actions[FORM_KINDS])(struct emulation * e, uintptr_t address) = {
		[FORM_LOAD] = do_load,
		[FORM_STORE] = do_store,
		[FORM_BINARY] = do_binary,
		[FORM_UNARY] = do_unary,
		[FORM_BIT] = do_bit,
		[FORM_XCHG] = do_xchg,
		[FORM_XADD] = do_xadd,
		[FORM_CMPXCHG] = do_cmpxchg,
		[FORM_VECTOR_LOAD] = emulate_vector_load,
		[FORM_VECTOR_STORE] = emulate_vector_store,
		[FORM_STACK] = emulate_stack,
		[FORM_NOTHING] = do_nothing,
		[FORM_RUN] = emulate_run,
	};
	uintptr_t address;

	e->next = e->pc + e->form.length;
	if (!is_possible(e))
		return EMULATE_UNKNOWN;
	if (e->form.kind == FORM_STRING)
		return emulate_string(e);
	address = operand_of(e);
	if (!is_ours(e, address))
		return EMULATE_NOT_OURS;
	if (!actions[e->form.kind](e, address))
		return EMULATE_FAULT;
	machine_set(e->context, MACHINE_PC, e->next);
	return EMULATE_DONE;
}

bool emulate_find(struct emulation *e)
{
	if (e->form.kind == FORM_UNKNOWN)
		return false;
	if (e->form.kind == FORM_STRING)
		return emulate_find_string(e);
	return memory_find(operand_of(e), e->form.width, &e->fault);
}

static enum emulate_result do_and_tell(struct emulation *e)
{
	enum emulate_result result = do_instruction(e);

	if (result == EMULATE_FAULT)
		machine_pretend_fault(e->info, e->context);
	machine_forget_fault();
	return result;
}

/* Out of line, since alternate stacks are small. */
static __attribute__((noinline)) enum emulate_result do_above_another(struct emulation *e)
{
	struct machine_fault before = machine_take_fault();
	enum emulate_result result = do_and_tell(e);

	machine_put_fault(&before);
	return result;
}

enum emulate_result emulate(struct emulation *e)
{
	return machine_has_fault() ? do_above_another(e) : do_and_tell(e);
}

int emulate_load(void)
{
	run_prepare();
	return 0;
}
