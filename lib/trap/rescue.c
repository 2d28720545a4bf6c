/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/rescue.h"

#include <barspan/span.h>

#include "compat/private.h"
#include "util/log.h"
#include "trap/cpu.h"
#include "trap/scratch.h"
#include "trap/text.h"

/* For example "barspan: 0000:01:00.0 region 0 offset 0x10: mapped, but faults
 * (SIGBUS)". NULL if no buffer is free. */
static struct text *begin_text(const struct barspan *span, uint64_t offset, const siginfo_t *fault)
{
	struct text *text = scratch_take();

	_Static_assert(sizeof(*text) <= SCRATCH_SIZE, "a line fits");
	if (!text)
		return NULL;
	text->length = 0;
	text_add(text, "barspan: ");
	text_add(text, barspan_device_name(barspan_device_of(span)));
	text_add(text, " region ");
	text_decimal(text, barspan_region_index(span));
	text_add(text, " offset ");
	text_hex(text, barspan_region_offset(span) + offset);
	text_add(text, ": mapped, but faults (");
	text_add(text, fault->si_signo == SIGBUS ? "SIGBUS" : "SIGSEGV");
	text_add(text, "): ");
	return text;
}

void rescue_tell(int fd, struct barspan *span, uint64_t offset, const siginfo_t *fault, int error)
{
	struct text *text;

	if (!barspan_is_first_rescue_(span))
		return;
	text = begin_text(span, offset, fault);
	if (!text)
		return;
	text_add(text, "served by trapped access");
	if (error) {
		text_add(text, ", which fails: ");
		text_add(text, log_error_name(error));
	}
	text_write_line(text, fd);
	scratch_give(text);
}

void rescue_tell_unknown(int fd, struct barspan *span, uint64_t offset, const siginfo_t *fault,
			 uintptr_t pc, unsigned int length)
{
	struct text *text = begin_text(span, offset, fault);
	uint8_t code[16];

	if (!text)
		return;
	text_add(text, "instruction at ");
	text_hex(text, pc);
	text_add(text, " cannot be emulated:");
	if (length <= sizeof(code) && !cpu_copy(code, (const void *)pc, length))
		for (unsigned int i = 0; i < length; i++) {
			text_add(text, " ");
			text_hex(text, code[i]);
		}
	text_write_line(text, fd);
	scratch_give(text);
}
