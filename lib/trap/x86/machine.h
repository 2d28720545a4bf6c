/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread's state as a signal handler finds it, and memory that may fault. All
 * of it for signal handlers. */
#ifndef TRAP_MACHINE_H
#define TRAP_MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* What the processor says of a fault. */
enum machine_access { MACHINE_UNKNOWN, MACHINE_READ, MACHINE_WRITE, MACHINE_FETCH };

/* The instruction that faulted; 0 on machines we know nothing of. */
uintptr_t machine_pc(const ucontext_t *context);
uintptr_t machine_sp(const ucontext_t *context);
enum machine_access machine_access(const ucontext_t *context);

/* Copies up to 8 bytes at a time, each with one access where `length` is 1, 2,
 * 4 or 8. Returns how many bytes could not be copied: a fault ends it, as
 * machine_recover() sees to. */
size_t machine_copy(void *to, const void *from, size_t length);

/* To be called first for every fault: true if it was machine_copy()'s, and is
 * dealt with. */
bool machine_recover(const siginfo_t *info, ucontext_t *context);

/* From here on: x86-64 only, but for functions that do nothing elsewhere. */

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

/* A general register by the number that instructions use, or one of the above,
 * as a whole. */
uint64_t machine_get(const ucontext_t *context, unsigned int reg);
void machine_set(ucontext_t *context, unsigned int reg, uint64_t value);

/* For valgrind, which drops what a handler does to the flags: has the thread
 * set them itself, on its way to its next instruction. */
void machine_set_flags_by_code(ucontext_t *context);

/* What the kernel says of a fault; number 0: there is none. */
struct machine_fault {
	int number, code;
	void *address;
	long long cr2, error, trap;
};

/*
 * The fault that ended the thread's last machine_copy(). A handler that may
 * have interrupted another one takes it at first, and puts it back at last.
 */
bool machine_has_fault(void);
struct machine_fault machine_take_fault(void);
void machine_put_fault(const struct machine_fault *fault);
void machine_forget_fault(void);

/* Has a signal's handler see this fault, if there is one. */
void machine_pretend_fault(siginfo_t *info, ucontext_t *context);

uintptr_t machine_segment_base(enum machine_segment segment);

/* Finds out where the kernel puts the vector registers. Before the next
 * ones. */
void machine_prepare(void);

/* The same, by an answer to CPUID's leaf 0xd of another processor: size and
 * offset of a part of the XSAVE area; both 0 if there is none. */
void machine_prepare_by(void (*find)(unsigned int part, unsigned int *size, unsigned int *offset));

enum { MACHINE_VECTOR = 64 }; /* bytes of the longest vector register */

/* Whether the low `length` (16, 32, 64) bytes of a vector register are in the
 * frame. */
bool machine_has_vector(const ucontext_t *context, unsigned int reg, size_t length);

/* The low `length` (16, 32, 64) bytes of an xmm, ymm or zmm register; what is
 * not in the frame is 0. */
void machine_get_vector(const ucontext_t *context, unsigned int reg, uint8_t *out, size_t length);

/* Sets a register that is in the frame: the low 16 bytes, or all MACHINE_VECTOR
 * bytes, of which the frame has at least the ones that are not 0. */
void machine_set_low_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);
void machine_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value);

/* A mask register, k0 to k7. False: it is not in the frame. */
bool machine_get_mask(const ucontext_t *context, unsigned int reg, uint64_t *out);
void machine_set_mask(ucontext_t *context, unsigned int reg, uint64_t value);

/* The control and status register of vector arithmetic; NULL: it is not in the
 * frame. */
uint32_t *machine_mxcsr(const ucontext_t *context);

#endif
