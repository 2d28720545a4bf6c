/* SPDX-License-Identifier: BSD-3-Clause */
/* Format: /proc/PID/smaps, proc(5): a line of addresses and permissions for each mapping, then its properties, one a
 * line, the last of which is VmFlags. */
#include "marked.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sys.h"

struct search {
	uintptr_t covered;	/* from the range's start to here, all is marked */
	uintptr_t end;
	uintptr_t vma_start, vma_end;	/* the mapping that is being described */
	bool wants_anonymous;
	bool no_access, anonymous;
};

/* A line is a mapping's first when it begins with its addresses. */
static bool is_first(const char *line, struct search *search)
{
	unsigned long start, end, inode;
	char access[5];

	if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, access, &inode) != 4)
		return false;
	search->vma_start = start;
	search->vma_end = end;
	search->no_access = !strncmp(access, "---", 3);
	search->anonymous = access[3] == 'p' && !inode;
	return true;
}

/* Returns whether more lines are wanted. */
static bool take_line(const char *line, struct search *search)
{
	if (is_first(line, search))
		return search->vma_start < search->end;
	if (strncmp(line, "VmFlags:", 8) || search->vma_end <= search->covered)
		return true;
	if (search->vma_start > search->covered || !search->no_access || !strstr(line, " dd"))
		return false;
	if (search->wants_anonymous && !search->anonymous)
		return false;
	search->covered = search->vma_end;
	return search->covered < search->end;
}

bool marked(const void *address, size_t length, bool anonymous)
{
	struct search search = {
		.covered = (uintptr_t)address, .end = (uintptr_t)address + length, .wants_anonymous = anonymous,
	};
	char buffer[4096], line[256];
	int fd = sys_open("/proc/self/smaps", O_RDONLY);
	size_t used = 0;
	bool more = true;
	int n;

	if (fd < 0)
		return false;
	while (more && (n = sys_read(fd, buffer, sizeof(buffer))) > 0)
		for (int i = 0; more && i < n; i++) {
			if (buffer[i] == '\n') {
				line[used] = '\0';
				more = take_line(line, &search);
				used = 0;
			} else if (used + 1 < sizeof(line)) {
				line[used++] = buffer[i];
			}
		}
	sys_close(fd);
	return search.covered >= search.end;
}
