/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trap: a handler for SIGSEGV and SIGBUS that serves or explains raw loads
 * and stores in holes. It is opt-in and applies to the whole process: all
 * threads, and all present and future spans. It is a library of its own: link
 * with -lbarspan-trap -lbarspan (pkg-config barspan-trap).
 *
 * The trap handles a fault if the address is in a hole of a span (also a
 * suspended extent) and the span's prot allows the access. It passes other
 * faults on to the previous handler, with the signal mask and flags that this
 * handler requested, or to the default action, which leaves a core dump of the
 * faulting instruction.
 *
 * With BARSPAN_TRAP_RESCUE the trap also handles a fault at a direct byte of a
 * span. Mapped registers fault while memory decoding is off, while the device
 * is in D3hot or in reset, and after its removal. First the thread executes the
 * instruction again, at most once after each change of a span. If it faults
 * again, the trap serves it by trapped access. The first rescue in a span
 * writes a line to the descriptor for explanations. Machine check errors
 * (BUS_MCEERR_AR, BUS_MCEERR_AO) are passed on. If a confidential guest's
 * kernel reports no address (SIGBUS with BUS_OBJERR, SIGSEGV with SI_KERNEL),
 * the trap computes the operand's address from the registers.
 *
 * If the device fails a served access, a read returns all ones, a write has no
 * effect, the failure is counted, and barspan_take_error() reports it.
 *
 * Emulation requires x86-64 and a libbarspan-trap built with Zydis, or arm64.
 * Without it the error is -EOPNOTSUPP, and explanations and reports have no
 * widths. Emulation serves the instructions that compilers generate for
 * volatile accesses: one trapped access of the operand's width, or one for each
 * part if the operand crosses an edge or a mask leaves out elements.
 * barspan_trap_enable(3) lists the instructions and the limits. Above all:
 *   - A read-modify-write is one read and one write, and not atomic.
 *   - A system call with an address in a hole fails with EFAULT.
 *   - A thread that has SIGSEGV blocked is killed if it accesses a hole.
 *   - The handler takes up to 1024 bytes (arm64: 1536) of an alternate stack, in
 *     addition to the kernel's frame. With less, the process ends with an
 *     explanation.
 *   - A transport, and hooks of a software device, run in the signal handler.
 */
#ifndef BARSPAN_TRAP_H
#define BARSPAN_TRAP_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/inline/macros.h>

BARSPAN_BEGIN_DECLS_

/* Modes, combinable. Without EMULATE, or if an instruction cannot be emulated,
 * the trap writes one line that describes the access and names the function to
 * call instead, and passes the fault on. */
enum barspan_trap_flags {
	BARSPAN_TRAP_EMULATE = 1 << 0, /* perform the access and continue */
	/* count the instructions that access holes: barspan_trap_report() */
	BARSPAN_TRAP_REPORT = 1 << 1,
	BARSPAN_TRAP_RESCUE = 1 << 2, /* serve direct bytes that fault as EMULATE serves holes */
};

struct barspan_trap_options {
	size_t size;	    /* sizeof(struct barspan_trap_options) */
	unsigned int flags; /* BARSPAN_TRAP_EMULATE ... */
	int fd;		    /* for explanations; 0: standard error. The caller keeps it */
};

/* Installs the handlers, or changes the options if they are installed. NULL
 * options mean the defaults: explain only. Thread-safe; not for signal
 * handlers.
 *
 * -EINVAL: unknown flags; -E2BIG: options with a nonzero part that this library
 * does not know; -EOPNOTSUPP: EMULATE or RESCUE without the decoder; -EBUSY: an
 * earlier barspan_trap_disable() found another handler installed over the
 * trap's, which may call the trap. */
int barspan_trap_enable(const struct barspan_trap_options *options);

/* Restores the previous handlers. If another handler has been installed over
 * the trap's since, the trap's handler stays and passes every signal on. Counts
 * and report stay. Thread-safe; not for signal handlers. */
void barspan_trap_disable(void);

/* Writes the accesses that BARSPAN_TRAP_REPORT has counted in this process to a
 * descriptor, as text: a heading, a heading of the process, and for each
 * instruction, register, direction and width a line
 *
 *     COUNT read|write WIDTH DEVICE region INDEX offset 0xOFFSET PLACE [SYMBOL]
 *
 * PLACE is MODULE+0xOFFSET with an offset in the module's file, or an address
 * for code in no file. The instructions that access holes most come first, each
 * with all its lines. An instruction that accesses more than 32 registers has
 * lines for those that it accesses most, and one with a range, 0xFIRST-0xLAST,
 * for the rest. A read-modify-write counts as a read and a write.
 *
 * The table holds 4096 instructions. When it is full, new ones replace those
 * that access holes least; a last line counts these accesses, and other counts
 * may be too low. A child of fork(2) starts with an empty table.
 *
 * If an unserved access ends the process by the default action, the report is
 * also written to the descriptor for explanations, without symbols.
 * -EBUSY: a report is being written; or the error of write(2). Not for signal
 * handlers. */
int barspan_trap_report(int fd);

/* Accesses since the process started. */
struct barspan_trap_counts {
	size_t size;		/* sizeof(struct barspan_trap_counts) */
	uint64_t served;	/* in holes */
	uint64_t failed;	/* of `served`: the device failed */
	uint64_t rescued;	/* to direct bytes that faulted, see BARSPAN_TRAP_RESCUE */
	uint64_t rescue_failed; /* of `rescued`: the device failed */
};

/* Stores as many members as fit into `counts->size`. Members that this library
 * does not know become 0. Safe anywhere. -EINVAL: the size is less than that of
 * `size`. */
int barspan_trap_count(struct barspan_trap_counts *counts) __attribute__((nonnull));

BARSPAN_END_DECLS_

#endif
