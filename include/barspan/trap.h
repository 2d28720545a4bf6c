/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trap: serves or explains raw loads and stores in holes, by a handler for SIGSEGV and SIGBUS. Opt-in, and for the
 * whole process: all threads, all live spans, those mapped later too.
 *
 * A fault is the trap's when the address lies in a hole of a live span (a suspended extent is one), and the span's prot
 * allows the access. Every other fault goes on to the handler that was there before, with the signal mask and flags
 * that it asked for, or to the default action, which leaves a core dump of the faulting instruction.
 *
 * What emulation does (x86-64, a library that was built with Zydis, and libZydis when it runs; else -EOPNOTSUPP, and
 * what is explained and reported says nothing of widths):
 *     mov, movzx, movsx, movsxd, movbe, movnti; add, adc, sub, sbb, and, or, xor, cmp, test; not, neg, inc, dec; bt,
 *     bts, btr, btc; xchg, xadd, cmpxchg; movs, stos, lods, cmps, scas with and without rep; and the SSE, AVX and
 *     unmasked AVX-512VL moves between memory and an xmm or ymm register 0 to 15. All widths, all ways to address. Each
 *     access is one trapped access of the operand's width, or one a part where the operand straddles an edge. Any other
 *     instruction is explained, and then faults as it would without the trap.
 *
 * What it cannot do:
 *   - A read-modify-write is one read and one write. It is not atomic, towards the device or other threads, even with
 *     a lock prefix.
 *   - A system call that is handed an address in a hole fails with EFAULT: the kernel does not ask the trap.
 *   - A thread that blocks SIGSEGV, also by the mask of the signal handler that it is in, dies of an access to a hole:
 *     the kernel does not deliver a fault that is blocked. That other threads block it does no harm.
 *   - If the other operand of a string instruction faults, the device may have been read for nothing.
 *   - A handler that the program installs later replaces the trap, unless it passes on what it does not know.
 *   - With SIG_IGN, a SIGSEGV that another process sends may interrupt a system call.
 *   - A transport of your own (barspan_device_open_ops(), hooks of a software device) is called in the signal handler.
 *   - valgrind: needs --vex-iropt-register-updates=allregs-at-mem-access, for without it the registers that a handler
 *     sees are not those of the fault. Loads into vector registers are not emulated, since valgrind drops what a
 *     handler changes there. While emulation is on, memcheck takes the holes of live spans for defined memory; it goes
 *     on to think of a loaded register what it thought of the register before.
 */
#ifndef BARSPAN_TRAP_H
#define BARSPAN_TRAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Modes, combinable. Without EMULATE, or for an instruction that cannot be emulated, one line says what the access was
 * and what to call instead, before the fault goes on. */
enum {
	BARSPAN_TRAP_EMULATE = 1 << 0,	/* do the access and go on behind the instruction */
	BARSPAN_TRAP_REPORT = 1 << 1,	/* count each instruction that touches a hole, see barspan_trap_report() */
};

struct barspan_trap_options {
	size_t size;		/* sizeof(struct barspan_trap_options) */
	unsigned int flags;	/* BARSPAN_TRAP_EMULATE ... */
	int fd;			/* where explanations go; 0: to standard error. Borrowed */
};

/* Installs the handlers, or, where they are, changes the options. NULL options are the defaults: explain only.
 *
 * -EINVAL: unknown flags; -E2BIG: options with a part that this library does not know; -EOPNOTSUPP: emulation is not
 * built in, or libZydis is not there; -EBUSY: after an earlier barspan_trap_disable() that found a handler of somebody
 * else's on top of the trap's, which may lead back here. Thread-safe; not for signal handlers. */
int barspan_trap_enable(const struct barspan_trap_options *options);

/* Puts the handlers back that were there before, where nobody has changed them since; else the trap's stay, and pass
 * everything on. Counts and report stay. Thread-safe; not for signal handlers. */
void barspan_trap_disable(void);

/* Writes to a descriptor, as lines of text, the accesses that BARSPAN_TRAP_REPORT
 * has counted in this process: a heading, a heading of the process, and for each
 * instruction, register, direction and width
 *
 *     COUNT read|write WIDTH DEVICE region INDEX offset 0xOFFSET PLACE [SYMBOL]
 *
 * PLACE is MODULE+0xOFFSET with an offset in the module's file, or the address
 * of code that is in no file. Instructions that touch holes most come first, and
 * lines of one instruction are together. One that touches more than 32 registers
 * has lines for those that it touches most, and one line with a range,
 * 0xFIRST-0xLAST, for the rest. A read-modify-write is a read and a write.
 *
 * The table has room for 4096 instructions. Those that touch holes least make
 * room for others, and are counted in a last line; other counts may then be too
 * low. A child of fork(2) starts with an empty table.
 *
 * The same, without symbols, is written to the explanations' descriptor if an
 * access that is not served ends the process by the default action. -EBUSY: a
 * report is being written; or an error of write(2). Not for signal handlers. */
int barspan_trap_report(int fd);

/* How many accesses were served since the process started, and how many of them failed in the device, so that a read
 * gave all ones and a write was lost. `failed` may be NULL. Safe anywhere. */
uint64_t barspan_trap_count(uint64_t *failed);

/* For what stands in for sigaction(2), not for callers: does what that would do for SIGSEGV or SIGBUS if the trap were
 * not there, and leaves the trap in place. Either action may be NULL. Async-signal-safe.
 * -EINVAL: another signal; -ENOENT: the trap's handler is not installed for it, so call sigaction(2). */
struct sigaction;
int barspan_trap_chain_(int number, const struct sigaction *action, struct sigaction *before);

/* For the object that barspan(1) preloads, not for callers: counts into the file `fd` from now on, which processes
 * share and barspan reads; see lib/trap-table.h. Call it before barspan_trap_enable(). -EPROTO: the file is no such
 * table. Not for signal handlers. */
int barspan_trap_share_(int fd);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
