/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the report of this process. */
#include "trap/report.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "util/sys.h"
#include "trap/module.h"
#include "trap/rows.h"

/* Adds the symbol of an instruction, if the file that it was in is still
 * mapped. */
static void add_symbol(void *context, struct text *text, const struct table_row *row)
{
	const struct table *table = context;
	struct module module;
	Dl_info info;

	module_find(&module, (uintptr_t)row->pc);
	if (!row->object || strcmp(module.path, table->objects[row->object].path) ||
	    !dladdr((void *)(uintptr_t)row->pc, &info) || !info.dli_sname)
		return;
	text_add(text, " ");
	text_add(text, info.dli_sname);
	text_add(text, "+");
	text_hex(text, (uintptr_t)row->pc - (uintptr_t)info.dli_saddr);
}

static int write_nothing(int fd)
{
	static const char line[] = "barspan: trap report: 0 places, 0 accesses, 0 failed\n";

	return sys_write(fd, line, sizeof(line) - 1);
}

int report_write(int fd, bool symbols)
{
	static struct rows rows;
	static bool busy;
	bool shared;
	const struct table *table = report_table(&shared);
	int r;

	if (!table)
		return write_nothing(fd);
	/* A signal handler may have interrupted the writer, so this must not
	 * wait. */
	if (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
		return -EBUSY;
	rows_sort(&rows, table);
	r = rows_write(&rows, &(struct rows_output){ .fd = fd,
						     .annotate = symbols ? add_symbol : NULL,
						     .context = (void *)(uintptr_t)table });
	__atomic_store_n(&busy, false, __ATOMIC_RELEASE);
	return r;
}

void report_write_dying(int fd)
{
	bool shared;

	report_table(&shared);
	if (!shared)
		report_write(fd, false);
}
