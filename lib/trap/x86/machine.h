/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a thread in a signal frame, and copying of memory that may
 * fault. For signal handlers. */
#ifndef TRAP_MACHINE_H
#define TRAP_MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* The kind of access, as the processor reports it. */
enum machine_access { MACHINE_UNKNOWN, MACHINE_READ, MACHINE_WRITE, MACHINE_FETCH };

/* The address of the faulting instruction; 0 on unsupported architectures. */
uintptr_t machine_pc(const ucontext_t *context);
uintptr_t machine_sp(const ucontext_t *context);
enum machine_access machine_access(const ucontext_t *context);

/* Copies up to 8 bytes at a time, with one access if `length` is 1, 2, 4 or 8.
 * Returns the number of bytes not copied: machine_recover() ends the copy at a
 * fault. */
size_t machine_copy(void *to, const void *from, size_t length);

/* Call it first for every fault. Returns true if the fault was machine_copy()'s
 * and is handled. */
bool machine_recover(const siginfo_t *info, ucontext_t *context);

/* From here on for x86-64 only, except for functions that do nothing on other
 * architectures. */

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

/* Makes the thread set its flags by code before it continues. valgrind ignores
 * a handler's changes of the flags. */
void machine_set_flags_by_code(ucontext_t *context);

/* A fault as the kernel reports it; number 0: none. */
struct machine_fault {
	int number, code;
	void *address;
	long long cr2, error, trap;
};

/*
 * The fault that ended the thread's last machine_copy(). A handler that may
 * have interrupted another one takes it on entry and puts it back on exit.
 */
bool machine_has_fault(void);
struct machine_fault machine_take_fault(void);
void machine_put_fault(const struct machine_fault *fault);
void machine_forget_fault(void);

/* Makes the handler of a signal see this fault, if there is one. */
void machine_pretend_fault(siginfo_t *info, ucontext_t *context);

uintptr_t machine_segment_base(enum machine_segment segment);

/* Finds out where the kernel stores the vector registers. Call it before the
 * next functions. */
void machine_prepare(void);

/* The same with the answer of another processor to CPUID leaf 0xd: size and
 * offset of a part of the XSAVE area; both 0 if there is none. */
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
