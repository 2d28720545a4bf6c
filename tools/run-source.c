/* SPDX-License-Identifier: BSD-3-Clause */
#include "run-source.h"

#include <stddef.h>

#ifdef HAVE_LIBDW

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

struct run_source {
	const struct table *table;
	Dwfl *sessions[TABLE_OBJECTS]; /* one a file: their addresses overlap */
	bool failed[TABLE_OBJECTS];
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

struct run_source *run_source_open(const struct table *table)
{
	struct run_source *source = calloc(1, sizeof(*source));

	/* Do not wait for servers of debug information. */
	unsetenv("DEBUGINFOD_URLS");
	if (source)
		source->table = table;
	return source;
}

void run_source_close(struct run_source *source)
{
	for (size_t i = 0; source && i < TABLE_OBJECTS; i++)
		if (source->sessions[i])
			dwfl_end(source->sessions[i]);
	free(source);
}

/* The program chooses the path: it may name a pipe, on which a read blocks. */
static bool is_regular(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode);
}

/* Returns the session of a file. The file is its only module. */
static Dwfl *session_of(struct run_source *source, unsigned int object)
{
	const char *path = source->table->objects[object].path;
	Dwfl *session = source->sessions[object];

	if (session || source->failed[object])
		return session;
	session = is_regular(path) ? dwfl_begin(&callbacks) : NULL;
	if (session) {
		dwfl_report_begin(session);
		if (!dwfl_report_offline(session, path, path, -1) ||
		    dwfl_report_end(session, NULL, NULL)) {
			dwfl_end(session);
			session = NULL;
		}
	}
	source->sessions[object] = session;
	source->failed[object] = !session;
	return session;
}

static int take_module(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr start,
		       void *out)
{
	(void)data;
	(void)name;
	(void)start;
	*(Dwfl_Module **)out = module;
	return DWARF_CB_ABORT;
}

/* Returns the address in the session of an offset in the file, 0 if no segment
 * has it. */
static Dwarf_Addr address_of(Dwfl_Module *module, uint64_t offset)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	size_t n = 0;
	GElf_Phdr segment;

	if (!elf || elf_getphdrnum(elf, &n))
		return 0;
	for (size_t i = 0; i < n && i < INT_MAX; i++)
		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    offset - segment.p_offset < segment.p_filesz)
			return bias + segment.p_vaddr + (offset - segment.p_offset);
	return 0;
}

/* Finds the line of an address by the ranges of the compile units: clang omits
 * the address index that dwfl_module_getsrc() needs. */
static const char *search_units(Dwfl_Module *module, Dwarf_Addr address, int *number)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while ((unit = dwfl_module_nextcu(module, unit, &bias))) {
		Dwarf_Line *line = dwarf_haspc(unit, address - bias) > 0
					   ? dwarf_getsrc_die(unit, address - bias)
					   : NULL;

		if (line && !dwarf_lineno(line, number))
			return dwarf_linesrc(line, NULL, NULL);
	}
	return NULL;
}

static void add_line(struct text *text, Dwfl_Module *module, Dwarf_Addr address)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, address);
	int number = 0;
	const char *file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL)
				: search_units(module, address, &number);

	if (!file || number <= 0)
		return;
	text_add(text, " ");
	text_add(text, file);
	text_add(text, ":");
	text_decimal(text, (uint64_t)number);
}

void run_source_annotate(void *context, struct text *text, const struct table_row *row)
{
	struct run_source *source = context;
	Dwfl *session = source && row->object ? session_of(source, row->object) : NULL;
	Dwfl_Module *module = NULL;
	Dwarf_Addr address;
	const char *name;
	GElf_Off offset;
	GElf_Sym symbol;

	if (session)
		dwfl_getmodules(session, take_module, &module, 0);
	address = module ? address_of(module, row->offset) : 0;
	if (!address)
		return;
	name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
	if (name) {
		text_add(text, " ");
		text_add(text, name);
		text_add(text, "+");
		text_hex(text, offset);
	}
	add_line(text, module, address);
}

#else

struct run_source *run_source_open(const struct table *table)
{
	(void)table;
	return NULL;
}

void run_source_close(struct run_source *source)
{
	(void)source;
}

void run_source_annotate(void *context, struct text *text, const struct table_row *row)
{
	(void)context;
	(void)text;
	(void)row;
}

#endif
