/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "harness.h"

static uint8_t *code_page;

/* What machine_enter() works on: no register is left to point to it. */
struct machine machine_state __attribute__((visibility("hidden")));
void *machine_target __attribute__((visibility("hidden")));
uint64_t machine_stack __attribute__((visibility("hidden")));
uint8_t machine_has_avx __attribute__((visibility("hidden")));

extern void machine_enter(void);

#define EACH_GPR(x)                                                                                                    \
	x("rax", "0") x("rcx", "8") x("rdx", "16") x("rbx", "24") x("rbp", "40") x("rsi", "48") x("rdi", "56")         \
	x("r8", "64") x("r9", "72") x("r10", "80") x("r11", "88") x("r12", "96") x("r13", "104") x("r14", "112")       \
	x("r15", "120")

#define EACH_VECTOR(x)                                                                                                 \
	x("0", "136") x("1", "168") x("2", "200") x("3", "232") x("4", "264") x("5", "296") x("6", "328")              \
	x("7", "360") x("8", "392") x("9", "424") x("10", "456") x("11", "488") x("12", "520") x("13", "552")          \
	x("14", "584") x("15", "616")

#define AT(offset) "machine_state+" offset "(%rip)"
#define LOAD_GPR(name, offset) "movq " AT(offset) ", %" name "\n"
#define SAVE_GPR(name, offset) "movq %" name ", " AT(offset) "\n"
#define LOAD_XMM(name, offset) "movups " AT(offset) ", %xmm" name "\n"
#define SAVE_XMM(name, offset) "movups %xmm" name ", " AT(offset) "\n"
#define LOAD_YMM(name, offset) "vmovups " AT(offset) ", %ymm" name "\n"
#define SAVE_YMM(name, offset) "vmovups %ymm" name ", " AT(offset) "\n"

__asm__(".pushsection .text\n"
	".globl machine_enter\n"
	".type machine_enter, @function\n"
	"machine_enter:\n"
	"	pushq %rbx\n	pushq %rbp\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	pushq %r15\n"
	"	movq %rsp, machine_stack(%rip)\n"
	"	cmpb $0, machine_has_avx(%rip)\n"
	"	je 1f\n" EACH_VECTOR(LOAD_YMM)
	"	jmp 2f\n"
	"1:\n" EACH_VECTOR(LOAD_XMM)
	"2:	pushq " AT("128") "\n"
	"	popfq\n" EACH_GPR(LOAD_GPR)
	"	jmpq *machine_target(%rip)\n"
	".globl machine_leave\n"
	"machine_leave:\n" EACH_GPR(SAVE_GPR)
	"	pushfq\n"
	"	popq " AT("128") "\n"
	"	cld\n"
	"	cmpb $0, machine_has_avx(%rip)\n"
	"	je 1f\n" EACH_VECTOR(SAVE_YMM)
	"	vzeroupper\n"
	"	jmp 2f\n"
	"1:\n" EACH_VECTOR(SAVE_XMM)
	"2:	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbp\n	popq %rbx\n"
	"	ret\n"
	".size machine_enter, . - machine_enter\n"
	".popsection\n");

extern char machine_leave[];

void machine_make_code(void *address)
{
	code_page = mmap(address, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(code_page, address);
	machine_has_avx = __builtin_cpu_supports("avx") != 0;
	machine_target = code_page;
}

void machine_run(struct machine *machine, const uint8_t *code, size_t length)
{
	static const uint8_t jump[] = { 0xff, 0x25, 0, 0, 0, 0 };	/* jmp *0(%rip) */
	const void *back = machine_leave;
	uint64_t rsp = machine->gprs[MACHINE_RSP];

	memcpy(code_page, code, length);
	memcpy(code_page + length, jump, sizeof(jump));
	memcpy(code_page + length + sizeof(jump), &back, sizeof(back));
	machine_state = *machine;
	machine_enter();
	*machine = machine_state;
	machine->gprs[MACHINE_RSP] = rsp;
	machine->flags &= MACHINE_STATUS | MACHINE_DF;
}
