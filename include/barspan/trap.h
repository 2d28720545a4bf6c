/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trap: serves or explains raw loads and stores in holes, by a handler for
 * SIGSEGV and SIGBUS. Opt-in, and for the whole process: all threads, all live
 * spans, those mapped later too.
 *
 * These functions are in a library of their own: link with -lbarspan-trap
 * -lbarspan (pkg-config barspan-trap).
 *
 * A fault is the trap's when the address lies in a hole of a live span (a
 * suspended extent is one), and the span's prot allows the access. Every other
 * fault goes on to the handler that was there before, with the signal mask and
 * flags that it asked for, or to the default action, which leaves a core dump
 * of the faulting instruction.
 *
 * With BARSPAN_TRAP_RESCUE, a fault (SIGBUS or SIGSEGV) at a direct byte of a
 * live span is the trap's, too. Mapped registers fault while a device has
 * memory decoding off, is in D3hot or in reset, or is gone. The trap has the
 * thread try the instruction again, once if a span has changed meanwhile. Then
 * it serves the access by trapped access, although the byte is direct. The
 * first rescue in a span writes one line to the explanations' descriptor.
 * Machine check errors (BUS_MCEERR_AR, BUS_MCEERR_AO) are passed on. If a
 * confidential guest's kernel gives no address (SIGBUS with BUS_OBJERR, SIGSEGV
 * with SI_KERNEL), the trap computes the operand's address from the registers.
 *
 * If the device fails a served access, a read gives all ones and a write is
 * dropped, the failure is counted, and barspan_take_error() of the span gives
 * the error.
 *
 * Emulation (x86-64, and a libbarspan-trap that was built with Zydis; else
 * -EOPNOTSUPP, and explanations and reports say nothing of widths) serves what
 * compilers make of volatile accesses: one trapped access of the operand's
 * width, or one for each part if the operand straddles an edge or a mask leaves
 * out elements. barspan_trap_enable(3) lists the instructions, and those that
 * are explained instead, and what the trap cannot do. Above all:
 *   - A read-modify-write is one read and one write, and not atomic.
 *   - A system call that is handed an address in a hole fails with EFAULT.
 *   - A thread that blocks SIGSEGV dies of an access to a hole.
 *   - The handler takes up to 1024 bytes of an alternate stack, in addition to
 *     the kernel's frame. With less, the process ends with an explanation.
 *   - A transport of your own (barspan_device_open_ops(), hooks of a software
 *     device) is called in the signal handler.
 */
#ifndef BARSPAN_TRAP_H
#define BARSPAN_TRAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Modes, combinable. Without EMULATE, or for an instruction that cannot be
 * emulated, one line says what the access was and what to call instead, before
 * the fault goes on. */
enum barspan_trap_flags {
	BARSPAN_TRAP_EMULATE = 1 << 0, /* do the access and go on behind the instruction */
	/* count each instruction that touches a hole, see
	 * barspan_trap_report() */
	BARSPAN_TRAP_REPORT = 1 << 1,
	BARSPAN_TRAP_RESCUE = 1 << 2, /* serve direct bytes that fault, as EMULATE serves holes */
};

struct barspan_trap_options {
	size_t size;	    /* sizeof(struct barspan_trap_options) */
	unsigned int flags; /* BARSPAN_TRAP_EMULATE ... */
	int fd;		    /* where explanations go; 0: to standard error. Borrowed */
};

/* Installs the handlers, or changes the options if they are installed. NULL
 * options are the defaults: explain only.
 *
 * -EINVAL: unknown flags; -E2BIG: options with a part that this library does
 * not know; -EOPNOTSUPP: EMULATE or RESCUE is set, and the library was built
 * without the decoder; -EBUSY: after an earlier
 * barspan_trap_disable() that found a handler of somebody else's on top of the
 * trap's, which may lead back here. Thread-safe; not for signal handlers. */
int barspan_trap_enable(const struct barspan_trap_options *options);

/* Puts the handlers back that were there before, where nobody has changed them
 * since; else the trap's stay, and pass everything on. Counts and report stay.
 * Thread-safe; not for signal handlers. */
void barspan_trap_disable(void);

/* Writes to a descriptor, as lines of text, the accesses that
 * BARSPAN_TRAP_REPORT has counted in this process: a heading, a heading of the
 * process, and for each instruction, register, direction and width
 *
 *     COUNT read|write WIDTH DEVICE region INDEX offset 0xOFFSET PLACE [SYMBOL]
 *
 * PLACE is MODULE+0xOFFSET with an offset in the module's file, or the address
 * of code that is in no file. Instructions that touch holes most come first,
 * and lines of one instruction are together. One that touches more than 32
 * registers has lines for those that it touches most, and one line with a
 * range, 0xFIRST-0xLAST, for the rest. A read-modify-write is a read and a
 * write.
 *
 * The table has room for 4096 instructions. Those that touch holes least make
 * room for others, and are counted in a last line; other counts may then be too
 * low. A child of fork(2) starts with an empty table.
 *
 * The same, without symbols, is written to the explanations' descriptor if an
 * access that is not served ends the process by the default action. -EBUSY: a
 * report is being written; or an error of write(2). Not for signal handlers. */
int barspan_trap_report(int fd);

/* Accesses since the process started. */
struct barspan_trap_counts {
	size_t size;		/* sizeof(struct barspan_trap_counts) */
	uint64_t served;	/* in holes */
	uint64_t failed;	/* of `served`: the device failed; all ones or a lost write */
	uint64_t rescued;	/* to direct bytes that faulted, see BARSPAN_TRAP_RESCUE */
	uint64_t rescue_failed; /* of `rescued`: the device failed, too */
};

/* Fills in the fields that fit `counts->size`. Fields that this library does
 * not know become 0. Returns 0; -EINVAL: the size is less than that of `size`.
 * Safe anywhere. */
int barspan_trap_count(struct barspan_trap_counts *counts) __attribute__((nonnull));

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
