/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of an x86-64 thread in a signal frame. Async-signal-safe. */
#ifndef TRAP_X86_MACHINE_H
#define TRAP_X86_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "trap/machine.h"

enum { MACHINE_FLAGS = 16, MACHINE_PC = 17, MACHINE_GPRS = 16 };
enum {
	MACHINE_RAX = 0,
	MACHINE_RCX = 1,
	MACHINE_RDX = 2,
	MACHINE_RSP = 4,
	MACHINE_RSI = 6,
	MACHINE_RDI = 7
};

enum machine_segment { MACHINE_NO_SEGMENT, MACHINE_FS, MACHINE_GS };

/* The full value of a general register, by its number in instructions, or of
 * one of the registers above. */
uint64_t machine_get(const ucontext_t *context, unsigned int reg);
void machine_set(ucontext_t *context, unsigned int reg, uint64_t value);

uintptr_t machine_segment_base(enum machine_segment segment);

/* machine_prepare() with the answer of another processor to CPUID leaf 0xd: size
 * and offset of a part of the XSAVE area; both 0 if there is none. */
void machine_prepare_by(void (*find)(unsigned int part, unsigned int *size, unsigned int *offset));

enum { MACHINE_VECTOR = 64 }; /* bytes of the longest vector register */

/* Whether the frame has the low `length` (16, 32, 64) bytes of a vector
 * register. */
bool machine_has_vector(const ucontext_t *context, unsigned int reg, size_t length);

/* Reads the low `length` (16, 32, 64) bytes of an xmm, ymm or zmm register.
 * Parts that are not in the frame are 0. */
void machine_get_vector(const ucontext_t *context, unsigned int reg, uint8_t *out, size_t length);

/* Set the low 16 bytes, or all MACHINE_VECTOR bytes, of a register in the
 * frame. The frame must have at least the bytes that are not 0. */
void machine_set_low_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);
void machine_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);

/* A mask register, k0 to k7. Returns false if it is not in the frame. */
bool machine_get_mask(const ucontext_t *context, unsigned int reg, uint64_t *out);
void machine_set_mask(ucontext_t *context, unsigned int reg, uint64_t value);

/* The control and status register of vector arithmetic; NULL if it is not in
 * the frame. */
uint32_t *machine_mxcsr(const ucontext_t *context);

#endif
