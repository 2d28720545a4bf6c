/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of an x86-64 thread in a signal frame. Async-signal-safe. */
#ifndef TRAP_X86_CPU_H
#define TRAP_X86_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "trap/cpu.h"

enum { CPU_FLAGS = 16, CPU_PC = 17, CPU_GPRS = 16 };
enum { CPU_RAX = 0, CPU_RCX = 1, CPU_RDX = 2, CPU_RSP = 4, CPU_RSI = 6, CPU_RDI = 7 };

enum cpu_segment { CPU_NO_SEGMENT, CPU_FS, CPU_GS };

/* The full value of a general register, by its number in instructions, or of
 * one of the registers above. */
uint64_t cpu_get(const ucontext_t *context, unsigned int reg);
void cpu_set(ucontext_t *context, unsigned int reg, uint64_t value);

uintptr_t cpu_segment_base(enum cpu_segment segment);

/* cpu_prepare() with the answer of another processor to CPUID leaf 0xd: size
 * and offset of a part of the XSAVE area; both 0 if there is none. */
void cpu_prepare_by(void (*find)(unsigned int part, unsigned int *size, unsigned int *offset));

enum { CPU_VECTOR = 64 }; /* bytes of the longest vector register */

/* Whether the frame has the low `length` (16, 32, 64) bytes of a vector
 * register. */
bool cpu_has_vector(const ucontext_t *context, unsigned int reg, size_t length);

/* Reads the low `length` (16, 32, 64) bytes of an xmm, ymm or zmm register.
 * Parts that are not in the frame are 0. */
void cpu_get_vector(const ucontext_t *context, unsigned int reg, uint8_t *out, size_t length);

/* Set the low 16 bytes, or all CPU_VECTOR bytes, of a register in the
 * frame. The frame must have at least the bytes that are not 0. */
void cpu_set_low_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);
void cpu_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);

/* A mask register, k0 to k7. Returns false if it is not in the frame. */
bool cpu_get_mask(const ucontext_t *context, unsigned int reg, uint64_t *out);
void cpu_set_mask(ucontext_t *context, unsigned int reg, uint64_t value);

/* The control and status register of vector arithmetic; NULL if it is not in
 * the frame. */
uint32_t *cpu_mxcsr(const ucontext_t *context);

#endif
