/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/explain.h"

#include <barspan/guard.h>

#include "compat/private.h"
#include "trap/cpu.h"
#include "trap/module.h"
#include "trap/scratch.h"
#include "trap/text.h"

static const char *const reasons[] = {
	[BARSPAN_REASON_NONE] = "it was resumed meanwhile",
	[BARSPAN_REASON_SPARSE] = "the device does not let it be mapped",
	[BARSPAN_REASON_MSIX] =
		"the MSI-X table is there, and the kernel does not let it be mapped",
	[BARSPAN_REASON_PAGE] = "only a part of its page can be mapped",
	[BARSPAN_REASON_UNMAPPABLE] = "the region cannot be mapped",
	[BARSPAN_REASON_FAILED] = "mapping it failed",
	[BARSPAN_REASON_REQUESTED] = "the caller wants it trapped",
	[BARSPAN_REASON_SUSPENDED] = "the span is suspended",
};

static bool is_accessor_width(unsigned int width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static void add_access(struct text *text, const struct explain *what)
{
	static const char *const names[2][2] = { { "access", "write" },
						 { "read", "read and write" } };

	text_add(text, names[what->reads][what->writes]);
	if (!what->insn || !what->insn->width)
		return;
	text_add(text, " of ");
	text_decimal(text, what->insn->width);
	text_add(text, what->insn->width == 1 ? " byte" : " bytes");
}

/* For example barspan_read32(span, 0x10). */
static void add_offset_call(struct text *text, bool write, const struct explain *what,
			    uint64_t offset)
{
	bool any = !what->insn || !is_accessor_width(what->insn->width);

	text_add(text, write ? "barspan_write" : "barspan_read");
	if (!any)
		text_decimal(text, 8U * what->insn->width);
	text_add(text, "(span, ");
	text_hex(text, offset);
	text_add(text, any ? ", buffer, length)" : write ? ", value)" : ")");
}

/* For example barspan_ptr_read32(p), for callers that know only the address. */
static void add_pointer_call(struct text *text, bool write, const struct explain *what)
{
	if (what->insn && !is_accessor_width(what->insn->width)) {
		text_add(text, write ? "barspan_write" : "barspan_read");
		text_add(text, "(barspan_find(p, NULL), offset, buffer, length)");
		return;
	}
	text_add(text, write ? "barspan_ptr_write" : "barspan_ptr_read");
	text_decimal(text, what->insn ? 8U * what->insn->width : 32);
	text_add(text, write ? "(p, value)" : "(p)");
}

/* The program has no handle of a span that barspan_mmap() made. */
static void add_call(struct text *text, bool write, const struct explain *what, uint64_t offset)
{
	if (barspan_is_by_address_(what->range.span))
		add_pointer_call(text, write, what);
	else
		add_offset_call(text, write, what, offset);
}

static void add_advice(struct text *text, const struct explain *what, uint64_t offset)
{
	bool unknown = !what->reads && !what->writes;

	text_add(text, "; call ");
	if (what->reads || unknown)
		add_call(text, false, what, offset);
	if ((what->reads && what->writes) || unknown)
		text_add(text, what->writes ? " and " : " or ");
	if (what->writes || unknown)
		add_call(text, true, what, offset);
	text_add(text, " instead");
}

/* For example /opt/driver+0x1432 (0x55d0c8a3b432), or the address alone for
 * code outside of files. */
static void add_place(struct text *text, uintptr_t pc)
{
	struct module *module = scratch_take();

	_Static_assert(sizeof(*module) <= SCRATCH_SIZE, "a module fits");
	if (module)
		module_find(module, pc);
	if (module && module_is_file(module)) {
		text_add(text, module->path);
		text_add(text, "+");
		text_hex(text, pc - module->start + module->offset);
		text_add(text, " (");
		text_hex(text, pc);
		text_add(text, ")");
	} else {
		text_hex(text, pc);
	}
	if (module)
		scratch_give(module);
}

static void add_code(struct text *text, const struct explain *what)
{
	uint8_t code[16];
	size_t n = what->insn ? what->insn->length : 0;

	if (!what->pc)
		return;
	text_add(text, "; instruction at ");
	add_place(text, what->pc);
	if (!what->emulating)
		return;
	text_add(text, " cannot be emulated:");
	if (cpu_copy(code, (const void *)what->pc, n))
		return;
	for (size_t i = 0; i < n; i++) {
		text_add(text, " ");
		text_hex(text, code[i]);
	}
}

static void write_explanation(struct text *text, int fd, const struct explain *what)
{
	const struct barspan *span = what->range.span;
	uint64_t offset = what->range.offset + (what->address - what->range.start);
	uint64_t region_offset = barspan_region_offset(span) + offset;
	struct barspan_extent extent;

	if (barspan_extent_at(span, offset, &extent))
		return;
	text->length = 0;
	text_add(text, "barspan: ");
	add_access(text, what);
	text_add(text, " in a hole: ");
	text_add(text, barspan_device_name(barspan_device_of(span)));
	text_add(text, " region ");
	text_decimal(text, barspan_region_index(span));
	text_add(text, " offset ");
	text_hex(text, region_offset);
	text_add(text, " (address ");
	text_hex(text, what->address);
	text_add(text, ") is not mapped (");
	text_add(text, barspan_reason_name(extent.reason));
	text_add(text, ": ");
	text_add(text, reasons[extent.reason]);
	text_add(text, ")");
	add_advice(text, what, offset);
	add_code(text, what);
	text_write_line(text, fd);
}

static __attribute__((noinline)) void explain_on_stack(int fd, const struct explain *what)
{
	struct text text;

	write_explanation(&text, fd, what);
}

void explain(int fd, const struct explain *what)
{
	struct text *text = scratch_take();

	_Static_assert(sizeof(*text) <= SCRATCH_SIZE, "a line fits");
	if (!text) {
		explain_on_stack(fd, what);
		return;
	}
	write_explanation(text, fd, what);
	scratch_give(text);
}
