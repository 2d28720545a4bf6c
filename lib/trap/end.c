/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/end.h"

#include <stdint.h>

#include "trap/chain.h"
#include "trap/cpu.h"
#include "trap/scratch.h"
#include "trap/text.h"
#include "util/sys.h"

/* The stack that the frames of the handler and of this function take, in
 * bytes. */
enum { ENTRY = 64 };

/* The context is on the stack that the kernel chose. The frame of this function
 * may already be below that stack. */
size_t end_stack_left(const ucontext_t *context)
{
	uintptr_t start = (uintptr_t)context->uc_stack.ss_sp;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if ((uintptr_t)context - start >= context->uc_stack.ss_size)
		return SIZE_MAX;
	return here + ENTRY > start ? here + ENTRY - start : 0;
}

void end_without_stack(int fd, int number)
{
	static const char text[] =
		"barspan: the alternate signal stack is too small for the trap's handler\n";

	chain_end(number);
	sys_write(fd, text, sizeof(text) - 1);
}

/* The signal already has its default action, so a fault in here ends the
 * process. */
static struct text *begin_text(void)
{
	struct text *text = scratch_take();

	if (text)
		text->length = 0;
	return text;
}

void end_with_low_stack(int fd, int number, const ucontext_t *context)
{
	struct text *text;

	chain_end(number);
	text = begin_text();
	if (!text)
		return;
	text_add(text, "barspan: the alternate signal stack of ");
	text_decimal(text, context->uc_stack.ss_size);
	text_add(text, " bytes has ");
	text_decimal(text, end_stack_left(context));
	text_add(text, " left for the trap's handler, which takes ");
	text_decimal(text, END_STACK);
	text_write_line(text, fd);
	scratch_give(text);
}

void end_of_own(int fd, int number, const siginfo_t *info, const ucontext_t *context)
{
	struct text *text;

	chain_end(number);
	text = begin_text();
	if (!text)
		return;
	text_add(text, "barspan: the trap's handler faulted: instruction at ");
	text_hex(text, cpu_pc(context));
	text_add(text, ", address ");
	text_hex(text, (uintptr_t)info->si_addr);
	text_add(text, ", signal ");
	text_decimal(text, (unsigned int)number);
	text_write_line(text, fd);
	scratch_give(text);
}
