/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of emulate() for x86-64. */
#ifndef TRAP_X86_EMULATE_H
#define TRAP_X86_EMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "trap/emulate.h"
#include "trap/x86/cpu.h"

/* emulate() and emulate_find() for string instructions. */
enum emulate_result emulate_string(struct emulation *emulation);
bool emulate_find_string(struct emulation *emulation);

/* Parts of emulate() for kinds of instructions, with the operand's address. Return
 * false if memory faults, see EMULATE_FAULT. */
bool emulate_vector_load(struct emulation *emulation, uintptr_t address);
bool emulate_vector_store(struct emulation *emulation, uintptr_t address);
bool emulate_stack(struct emulation *emulation, uintptr_t address);
bool emulate_run(struct emulation *emulation, uintptr_t address);

/* Whether the frame has the registers of the instruction, with values that
 * emulation supports. */
bool emulate_has_vectors(const struct emulation *emulation);
bool emulate_can_run(const struct emulation *emulation);
bool emulate_has_stack(void);

/* Reads the operand. Elements that are masked out are left unchanged in
 * `out`. */
bool emulate_read(struct emulation *emulation, uintptr_t address, uint8_t *out);

/* Whether the fault is at an element that is not masked out, and such an
 * element lies in a hole. */
bool emulate_masked_hole(const struct emulation *emulation, uintptr_t address);

#endif
