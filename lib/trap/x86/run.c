/* SPDX-License-Identifier: BSD-3-Clause */
/* Out-of-line code. Each instruction has a page of its own, which is written
 * once, made executable and never changed again. No page is writable and
 * executable at once, no thread waits for another, and neither a processor nor
 * valgrind can hold stale code of it. The pages are private, and a child of
 * fork() has its own. See Intel's manual, volume 2, chapter 2 for the
 * encodings. */
#include "trap/x86/run.h"

#include <cpuid.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "util/sys.h"

enum { PAGE = 4096, SLOTS = 512 };
enum {
	AT_FLAGS = offsetof(struct run_block, state.flags),
	AT_MASK = offsetof(struct run_block, state.mask),
	AT_MXCSR = offsetof(struct run_block, state.mxcsr),
};
enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_READY };

static struct slot {
	uint32_t state; /* atomic; enum slot_state */
	struct run_code code;
} slots[SLOTS];

static uint8_t *pages; /* atomic */
static bool has_masks; /* atomic: the processor has kmovq */
static bool refused;   /* atomic: the system allows no new code */

/* void run_enter(struct run_state *state, const void *code) */
/* clang-format off */
__asm__(".pushsection .text\n"
	".hidden run_enter\n"
	".globl run_enter\n"
	".type run_enter, @function\n"
	"run_enter:\n"
	"	endbr64\n"
	"	pushq %rbx\n	pushq %rbp\n	pushq %r12\n"
	"	pushq %r13\n	pushq %r14\n	pushq %r15\n"
	"	callq *%rsi\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n"
	"	popq %r12\n	popq %rbp\n	popq %rbx\n"
	"	ret\n"
	".size run_enter, . - run_enter\n"
	".popsection\n");
/* clang-format on */

extern void run_enter(struct run_state *state, const void *code);

static uint8_t *put_bytes(uint8_t *at, const uint8_t *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

#define PUT(at, ...) \
	put_bytes(at, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* Adds a ModRM byte and the operand at an offset in the block. */
static uint8_t *put_operand(uint8_t *at, unsigned int reg, unsigned int base, size_t offset)
{
	uint32_t displacement = (uint32_t)offset;

	at = PUT(at, (uint8_t)(0x80 | (reg & 7) << 3 | base));
	return put_bytes(at, (const uint8_t *)&displacement, sizeof(displacement));
}

/* movups, vmovups of ymm, vmovups of zmm; opcode 0x10 loads and 0x11 stores. */
static uint8_t *put_vector_move(uint8_t *at, const struct run_code *code, unsigned int i,
				uint8_t opcode)
{
	unsigned int reg = code->vectors[i];
	bool low8 = !(reg & 8), low16 = !(reg & 16);

	if (code->encoding == RUN_EVEX)
		at = PUT(at, 0x62, (uint8_t)(0x61 | low8 << 7 | low16 << 4), 0x7c, 0x48, opcode);
	else if (code->encoding == RUN_VEX)
		at = PUT(at, 0xc5, (uint8_t)(0x7c | low8 << 7), opcode);
	else
		at = PUT(at, (uint8_t)(low8 ? 0x40 : 0x44), 0x0f, opcode);
	return put_operand(at, reg, code->base, offsetof(struct run_block, vectors) + i * 64);
}

/* mov between a general register and the block; opcode 0x8b loads and 0x89
 * stores. */
static uint8_t *put_gpr_moves(uint8_t *at, const struct run_code *code, unsigned int gprs,
			      uint8_t opcode)
{
	for (unsigned int reg = 0, i = 0; reg < 16; reg++) {
		if (gprs >> reg & 1) {
			at = PUT(at, (uint8_t)(reg & 8 ? 0x4c : 0x48), opcode);
			at = put_operand(at, reg, code->base,
					 offsetof(struct run_block, state.gprs) + i * 8);
		}
		i += code->gprs >> reg & 1;
	}
	return at;
}

static uint8_t *put_before(uint8_t *at, const struct run_code *code)
{
	at = PUT(at, 0xf3, 0x0f, 0x1e, 0xfa);			/* endbr64 */
	at = PUT(at, 0x48, 0x89, (uint8_t)(0xf8 | code->base)); /* mov %rdi, base */
	if (code->floating)					/* ldmxcsr */
		at = put_operand(PUT(at, 0x0f, 0xae), 2, code->base, AT_MXCSR);
	if (code->by_mask) /* kmovq */
		at = put_operand(PUT(at, 0xc4, 0xe1, 0xf8, 0x90), code->by_mask, code->base,
				 AT_MASK);
	for (unsigned int i = 0; i < code->n_vectors; i++)
		at = put_vector_move(at, code, i, 0x10);
	at = put_operand(PUT(at, 0xff), 6, code->base, AT_FLAGS); /* push */
	at = PUT(at, 0x9d);					  /* popf */
	return put_gpr_moves(at, code, code->gprs, 0x8b);
}

static void put_after(uint8_t *at, const struct run_code *code)
{
	at = put_gpr_moves(at, code, code->gprs_written, 0x89);
	at = PUT(at, 0x9c);					  /* pushf */
	at = put_operand(PUT(at, 0x8f), 0, code->base, AT_FLAGS); /* pop */
	for (unsigned int i = 0; i < code->n_vectors; i++)
		if (code->vectors_written >> i & 1)
			at = put_vector_move(at, code, i, 0x11);
	if (code->sets_mask) /* kmovq */
		at = put_operand(PUT(at, 0xc4, 0xe1, 0xf8, 0x91), code->mask, code->base, AT_MASK);
	if (code->floating) /* stmxcsr */
		at = put_operand(PUT(at, 0x0f, 0xae), 3, code->base, AT_MXCSR);
	if (code->n_vectors && code->encoding != RUN_LEGACY)
		at = PUT(at, 0xc5, 0xf8, 0x77); /* vzeroupper */
	PUT(at, 0xc3);				/* ret */
}

static bool make_code(uint8_t *page, const struct run_code *code)
{
	if (sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		return false;
	put_after(put_bytes(put_before(page, code), code->code, code->length), code);
	/* On failure the page stays unusable and the slot is lost. */
	return !sys_mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

void run_prepare(void)
{
	unsigned int a, b = 0, c, d;
	void *reserved;

	__get_cpuid_count(7, 0, &a, &b, &c, &d);
	__atomic_store_n(&has_masks, b >> 30 & 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&pages, __ATOMIC_RELAXED) &&
	    !sys_mmap(&reserved, NULL, (size_t)SLOTS * PAGE, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
		__atomic_store_n(&pages, reserved, __ATOMIC_RELEASE);
}

/* Skips slots that are being filled: the writer may be the thread that this
 * handler interrupted, or a thread that does not exist in a child of fork(). */
unsigned int run_add(const struct run_code *code)
{
	uint8_t *first = __atomic_load_n(&pages, __ATOMIC_ACQUIRE);
	uint32_t state;

	if (!first || __atomic_load_n(&refused, __ATOMIC_RELAXED) ||
	    (code->sets_mask && !__atomic_load_n(&has_masks, __ATOMIC_RELAXED)))
		return 0;
	for (unsigned int i = 0; i < SLOTS; i++) {
		state = SLOT_FREE;
		if (__atomic_compare_exchange_n(&slots[i].state, &state, SLOT_TAKEN, false,
						__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
			slots[i].code = *code;
			if (!make_code(first + (size_t)i * PAGE, code)) {
				__atomic_store_n(&refused, true, __ATOMIC_RELAXED);
				return 0;
			}
			__atomic_store_n(&slots[i].state, SLOT_READY, __ATOMIC_RELEASE);
			return i + 1;
		}
		if (state == SLOT_READY && !memcmp(&slots[i].code, code, sizeof(*code)))
			return i + 1;
	}
	return 0;
}

const struct run_code *run_get(unsigned int number)
{
	return &slots[number - 1].code;
}

void run_call(unsigned int number, struct run_state *state)
{
	const uint8_t *first = __atomic_load_n(&pages, __ATOMIC_ACQUIRE);
	uint32_t mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	run_enter(state, first + (size_t)(number - 1) * PAGE);
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}
