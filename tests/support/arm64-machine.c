/* SPDX-License-Identifier: BSD-3-Clause */
#include "arm64-machine.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

static uint32_t *page;

void arm64_enter(struct arm64_state *state, const uint32_t *code);
void arm64_leave(void);

_Static_assert(offsetof(struct arm64_state, sp) == 248 && offsetof(struct arm64_state, v) == 256 &&
		       offsetof(struct arm64_state, own_sp) == 768,
	       "the offsets in the code below");

#define X_REGISTERS(load) \
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23," \
	"24,25,26,29,30\n	" load " x\\n, [x28, #8*\\n]\n.endr\n"
#define V_REGISTERS(load) \
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23," \
	"24,25,26,27,28,29,30,31\n	" load " q\\n, [x28, #256+16*\\n]\n.endr\n"
#define SAVED_REGISTERS(move) \
	"	" move " x19, x20, [sp, #16]\n" \
	"	" move " x21, x22, [sp, #32]\n" \
	"	" move " x23, x24, [sp, #48]\n" \
	"	" move " x25, x26, [sp, #64]\n" \
	"	" move " x27, x28, [sp, #80]\n" \
	"	" move " d8, d9, [sp, #96]\n" \
	"	" move " d10, d11, [sp, #112]\n" \
	"	" move " d12, d13, [sp, #128]\n" \
	"	" move " d14, d15, [sp, #144]\n"

/* x0 is free again when the stack pointer has been moved. */
/* clang-format off */
__asm__(".pushsection .text\n"
	".globl arm64_enter, arm64_leave\n"
	".type arm64_enter, %function\n"
	"arm64_enter:\n"
	"	stp x29, x30, [sp, #-160]!\n"
	SAVED_REGISTERS("stp")
	"	mov x28, x0\n"
	"	mov x27, x1\n"
	"	mov x0, sp\n"
	"	str x0, [x28, #768]\n"
	"	ldr x0, [x28, #248]\n"
	"	mov sp, x0\n"
	V_REGISTERS("ldr")
	X_REGISTERS("ldr")
	"	br x27\n"
	"arm64_leave:\n"
	X_REGISTERS("str")
	V_REGISTERS("str")
	"	mov x0, sp\n"
	"	str x0, [x28, #248]\n"
	"	ldr x0, [x28, #768]\n"
	"	mov sp, x0\n"
	SAVED_REGISTERS("ldp")
	"	ldp x29, x30, [sp], #160\n"
	"	ret\n"
	".size arm64_enter, . - arm64_enter\n"
	".popsection\n");
/* clang-format on */

void arm64_make_code(void *address)
{
	page = mmap(address, (size_t)getpagesize(), PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(page, address);
	/* ldr x27, .+8; br x27; the address */
	page[1] = 0x5800005b;
	page[2] = 0xd61f0360;
	memcpy(page + 3, &(uint64_t){ (uintptr_t)arm64_leave }, 8);
}

void arm64_run(struct arm64_state *state, uint32_t instruction)
{
	page[0] = instruction;
	__builtin___clear_cache((char *)page, (char *)(page + 5));
	arm64_enter(state, page);
}
