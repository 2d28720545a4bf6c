/* SPDX-License-Identifier: BSD-3-Clause */
/* Caches decoded instructions by address. If a race loses an entry, the
 * instruction is decoded again. */
#include "trap/emulate.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

#include "trap/x86/cpu.h"
#include "trap/memcheck.h"
#include "trap/sys-signal.h"

enum { LONGEST = 15, SMALLEST_PAGE = 4096, ENTRIES = 1024 };

/* Code may change, so an entry holds the bytes that it was decoded from. */
struct known {
	uint64_t pc;
	uint8_t code[LONGEST + 1];
	struct insn insn;
};

enum { WORDS = sizeof(struct known) / sizeof(uint64_t) };

_Static_assert(sizeof(struct known) % sizeof(uint64_t) == 0, "an entry is copied in words");

static struct entry {
	uint32_t sequence; /* odd while the words change */
	uint64_t words[WORDS];
} entries[ENTRIES];

static struct entry *entry_of(uintptr_t pc)
{
	return &entries[(pc * UINT64_C(0x9e3779b97f4a7c15)) >> 54];
}

static bool find(struct known *out, uintptr_t pc)
{
	const struct entry *entry = entry_of(pc);
	uint32_t before = __atomic_load_n(&entry->sequence, __ATOMIC_ACQUIRE);
	uint64_t words[WORDS];

	for (size_t i = 0; i < WORDS; i++)
		words[i] = __atomic_load_n(&entry->words[i], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (before % 2 || __atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) != before)
		return false;
	memcpy(out, words, sizeof(*out));
	return out->insn.length && out->pc == pc;
}

/* Fails if the entry is being written, since the writer may be the thread
 * that this signal handler interrupted. */
static void keep(const struct known *known)
{
	struct entry *entry = entry_of((uintptr_t)known->pc);
	uint32_t even = __atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) & ~1U;

	if (!__atomic_compare_exchange_n(&entry->sequence, &even, even + 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (size_t i = 0; i < WORDS; i++) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)known + i * sizeof(word), sizeof(word));
		__atomic_store_n(&entry->words[i], word, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&entry->sequence, even + 2, __ATOMIC_RELEASE);
}

/* Reads the bytes of an instruction that are mapped: the next page may not
 * be. */
static size_t read_code(uint8_t *code, uintptr_t pc, size_t length)
{
	size_t here = SMALLEST_PAGE - pc % SMALLEST_PAGE;

	if (here > length)
		here = length;
	if (cpu_copy(code, (const void *)pc, here))
		return 0;
	return length - cpu_copy(code + here, (const void *)(pc + here), length - here);
}

/* Decoding takes more stack than anything else in a handler. On an alternate
 * stack, which may be small, it runs on one of these stacks, unless more than
 * STACKS threads decode at once. Signals are blocked meanwhile, since another
 * handler would need more stack. */
enum { STACKS = 4, STACK_SIZE = 16384 };

static uint8_t stacks[STACKS][STACK_SIZE] __attribute__((aligned(64)));
static bool taken[STACKS]; /* atomic */

/* bool cache_decode_on(out, code, length, stack): calls insn_decode() on that
 * stack. */
__asm__(".pushsection .text\n"
	".hidden cache_decode_on, insn_decode\n"
	".globl cache_decode_on\n"
	".type cache_decode_on, @function\n"
	"cache_decode_on:\n"
	"	endbr64\n"
	"	pushq %rbp\n"
	"	movq %rsp, %rbp\n"
	"	movq %rcx, %rsp\n"
	"	callq insn_decode\n"
	"	movq %rbp, %rsp\n"
	"	popq %rbp\n"
	"	ret\n"
	".size cache_decode_on, . - cache_decode_on\n"
	".popsection\n");

extern bool cache_decode_on(struct insn *out, const uint8_t *code, size_t length, void *stack);

static bool is_on(const stack_t *alternate)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return here - (uintptr_t)alternate->ss_sp < alternate->ss_size;
}

static bool decode_away(struct insn *out, const uint8_t *code, size_t length)
{
	unsigned long all = ULONG_MAX, mask;
	bool known;

	/* valgrind reports the change of stacks as an error. */
	for (unsigned int i = 0; i < STACKS && !memcheck_is_there(); i++) {
		if (sys_mask(SIG_BLOCK, &all, &mask))
			break;
		if (!__atomic_exchange_n(&taken[i], true, __ATOMIC_ACQUIRE)) {
			known = cache_decode_on(out, code, length, stacks[i] + STACK_SIZE);
			__atomic_store_n(&taken[i], false, __ATOMIC_RELEASE);
			sys_mask(SIG_SETMASK, &mask, NULL);
			return known;
		}
		sys_mask(SIG_SETMASK, &mask, NULL);
	}
	return insn_decode(out, code, length);
}

static __attribute__((noinline)) bool recall_insn(struct insn *out, uintptr_t pc)
{
	uint8_t code[LONGEST];
	struct known known;

	if (!find(&known, pc) || read_code(code, pc, known.insn.length) != known.insn.length ||
	    memcmp(code, known.code, known.insn.length))
		return false;
	*out = known.insn;
	return true;
}

static __attribute__((noinline)) bool learn_insn(struct insn *out, uintptr_t pc,
						 const stack_t *alternate)
{
	struct known known = { .pc = pc };
	struct cpu_fault before = cpu_take_fault();
	size_t length = read_code(known.code, pc, LONGEST);

	cpu_put_fault(&before);
	if (!(is_on(alternate) ? decode_away : insn_decode)(&known.insn, known.code, length))
		return false;
	keep(&known);
	*out = known.insn;
	return true;
}

bool insn_at(struct insn *out, uintptr_t pc, const stack_t *alternate)
{
	return recall_insn(out, pc) || learn_insn(out, pc, alternate);
}
