/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/own.h"

#include <link.h>
#include <string.h>

#include "compat/private.h"
#include "trap/cpu.h"

enum { OBJECTS = 4, DEEPEST = 1 << 16 };

struct code {
	uintptr_t start, end; /* atomic */
};

static struct code objects[OBJECTS];
__thread uintptr_t own_noted;

struct search {
	uintptr_t wanted;
	const char *name;
	struct code found;
};

static bool has_name(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return name && !strncmp(slash ? slash + 1 : path, name, strlen(name));
}

/* Finds an object that contains the wanted address or has the name, and stores
 * the range of its executable segments. */
static int look_at(struct dl_phdr_info *info, size_t size, void *argument)
{
	struct code code = { .start = UINTPTR_MAX };
	struct search *search = argument;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		uintptr_t end = start + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		code.start = start < code.start ? start : code.start;
		code.end = end > code.end ? end : code.end;
	}
	if (search->wanted - code.start >= code.end - code.start &&
	    !has_name(info->dlpi_name, search->name))
		return 0;
	search->found = code;
	return 1;
}

void own_prepare(void)
{
	struct search searches[OBJECTS] = {
		{ .wanted = (uintptr_t)own_prepare },
		{ .wanted = (uintptr_t)barspan_table_ },
		{ .wanted = (uintptr_t)dl_iterate_phdr },
		{ .name = "libZydis.so" },
	};

	for (size_t i = 0; i < OBJECTS; i++)
		if (dl_iterate_phdr(look_at, &searches[i])) {
			__atomic_store_n(&objects[i].start, searches[i].found.start,
					 __ATOMIC_RELAXED);
			__atomic_store_n(&objects[i].end, searches[i].found.end, __ATOMIC_RELAXED);
		}
}

static bool is_own(uintptr_t pc)
{
	for (size_t i = 0; i < OBJECTS; i++) {
		uintptr_t start = __atomic_load_n(&objects[i].start, __ATOMIC_RELAXED);

		if (pc - start < __atomic_load_n(&objects[i].end, __ATOMIC_RELAXED) - start)
			return true;
	}
	return false;
}

/* After a longjmp() out of a handler its note is below the stack pointer, and
 * does not count. A fault in a handler of the program that has interrupted ours
 * does not count either: its code is not the library's. */
bool own_is_fault(uintptr_t note, const ucontext_t *context)
{
	uintptr_t sp = cpu_sp(context);

	return note && sp <= note && note - sp < DEEPEST && is_own(cpu_pc(context));
}
