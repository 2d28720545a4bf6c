/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "harness.h"

static uint8_t *code_page;

/* The state that machine_enter() loads and saves. It is global because no
 * register is free to hold a pointer to it. */
struct machine machine_state __attribute__((visibility("hidden")));
void *machine_target __attribute__((visibility("hidden")));
const uint32_t machine_default_mxcsr __attribute__((visibility("hidden"))) = MACHINE_MXCSR;
uint64_t machine_stack __attribute__((visibility("hidden")));
uint8_t machine_has_avx __attribute__((visibility("hidden"))); /* 2: AVX-512 */

extern void machine_enter(void);

#define EACH_GPR(x) \
	x("rax", "0") x("rcx", "8") x("rdx", "16") x("rbx", "24") x("rbp", "40") x("rsi", "48") \
		x("rdi", "56") x("r8", "64") x("r9", "72") x("r10", "80") x("r11", "88") \
			x("r12", "96") x("r13", "104") x("r14", "112") x("r15", "120")

#define EACH_VECTOR(x) \
	x("0", "136") x("1", "200") x("2", "264") x("3", "328") x("4", "392") x("5", "456") \
		x("6", "520") x("7", "584") x("8", "648") x("9", "712") x("10", "776") \
			x("11", "840") x("12", "904") x("13", "968") x("14", "1032") \
				x("15", "1096")

#define EACH_HIGH_VECTOR(x) \
	x("16", "1160") x("17", "1224") x("18", "1288") x("19", "1352") x("20", "1416") \
		x("21", "1480") x("22", "1544") x("23", "1608") x("24", "1672") x("25", "1736") \
			x("26", "1800") x("27", "1864") x("28", "1928") x("29", "1992") \
				x("30", "2056") x("31", "2120")

#define EACH_MASK(x) \
	x("0", "2184") x("1", "2192") x("2", "2200") x("3", "2208") x("4", "2216") x("5", "2224") \
		x("6", "2232") x("7", "2240")

#define AT(offset) "machine_state+" offset "(%rip)"
#define LOAD_GPR(name, offset) "movq " AT(offset) ", %" name "\n"
#define SAVE_GPR(name, offset) "movq %" name ", " AT(offset) "\n"
#define LOAD_XMM(name, offset) "movups " AT(offset) ", %xmm" name "\n"
#define SAVE_XMM(name, offset) "movups %xmm" name ", " AT(offset) "\n"
#define LOAD_YMM(name, offset) "vmovups " AT(offset) ", %ymm" name "\n"
#define LOAD_ZMM(name, offset) "vmovups " AT(offset) ", %zmm" name "\n"
#define SAVE_ZMM(name, offset) "vmovups %zmm" name ", " AT(offset) "\n"
#define LOAD_MASK(name, offset) "kmovq " AT(offset) ", %k" name "\n"
#define SAVE_MASK(name, offset) "kmovq %k" name ", " AT(offset) "\n"
#define SAVE_YMM(name, offset) "vmovups %ymm" name ", " AT(offset) "\n"

/* clang-format off */
__asm__(".pushsection .text\n"
	".globl machine_enter\n"
	".type machine_enter, @function\n"
	"machine_enter:\n"
	"	pushq %rbx\n	pushq %rbp\n	pushq %r12\n"
	"	pushq %r13\n	pushq %r14\n	pushq %r15\n"
	"	movq %rsp, machine_stack(%rip)\n"
	"	ldmxcsr " AT("2248") "\n"
	"	cmpb $1, machine_has_avx(%rip)\n"
	"	jb 1f\n"
	"	ja 3f\n" EACH_VECTOR(LOAD_YMM)
	"	jmp 2f\n"
	"3:\n" EACH_VECTOR(LOAD_ZMM) EACH_HIGH_VECTOR(LOAD_ZMM) EACH_MASK(LOAD_MASK)
	"	jmp 2f\n"
	"1:\n" EACH_VECTOR(LOAD_XMM)
	"2:	pushq " AT("128") "\n"
	"	popfq\n" EACH_GPR(LOAD_GPR)
	"	jmpq *machine_target(%rip)\n"
	".globl machine_leave\n"
	"machine_leave:\n" EACH_GPR(SAVE_GPR)
	"	movq machine_stack(%rip), %rsp\n"
	"	pushfq\n"
	"	popq " AT("128") "\n"
	"	cld\n"
	"	stmxcsr " AT("2248") "\n"
	"	ldmxcsr machine_default_mxcsr(%rip)\n"
	"	cmpb $1, machine_has_avx(%rip)\n"
	"	jb 1f\n"
	"	ja 3f\n" EACH_VECTOR(SAVE_YMM)
	"	jmp 4f\n"
	"3:\n" EACH_VECTOR(SAVE_ZMM) EACH_HIGH_VECTOR(SAVE_ZMM) EACH_MASK(SAVE_MASK)
	"4:	vzeroupper\n"
	"	jmp 2f\n"
	"1:\n" EACH_VECTOR(SAVE_XMM)
	"2:	popq %r15\n	popq %r14\n	popq %r13\n"
	"	popq %r12\n	popq %rbp\n	popq %rbx\n"
	"	ret\n"
	".size machine_enter, . - machine_enter\n"
	".popsection\n");
/* clang-format on */

void machine_make_code(void *address)
{
	code_page = mmap(address, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(code_page, address);
	machine_has_avx =
		__builtin_cpu_supports("avx512bw") ? 2 : __builtin_cpu_supports("avx") != 0;
	machine_target = code_page;
}

void machine_run(struct machine *machine, const uint8_t *code, size_t length)
{
	static const uint8_t jump[] = { 0xff, 0x25, 0, 0, 0, 0 }; /* jmp *0(%rip) */
	const void *back = machine_leave;
	uint64_t rsp = machine->gprs[MACHINE_STACK];

	memcpy(code_page, code, length);
	memcpy(code_page + length, jump, sizeof(jump));
	memcpy(code_page + length + sizeof(jump), &back, sizeof(back));
	machine_state = *machine;
	machine_state.mxcsr |= MACHINE_MXCSR;
	machine_enter();
	*machine = machine_state;
	machine->gprs[MACHINE_STACK] = rsp;
	machine->flags &= MACHINE_STATUS | MACHINE_DF;
}
