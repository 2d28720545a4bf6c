/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "util/sys.h"

/* The next character; -1 at the end of the file. */
static int next(struct module_reader *reader)
{
	if (reader->next == reader->used) {
		reader->used = sys_read(reader->fd, reader->buffer, sizeof(reader->buffer));
		reader->next = 0;
	}
	if (reader->used <= 0) {
		reader->used = 0;
		return -1;
	}
	return (unsigned char)reader->buffer[reader->next++];
}

static int digit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads a hexadecimal number and the character after it. */
static uint64_t read_number(struct module_reader *reader)
{
	uint64_t value = 0;

	for (int d; (d = digit(next(reader))) >= 0;)
		value = value << 4 | (unsigned int)d;
	return value;
}

/* Skips the rest of a field and the blanks after it. Returns the next
 * character. */
static int skip_field(struct module_reader *reader)
{
	int c;

	do
		c = next(reader);
	while (c >= 0 && c != ' ' && c != '\n');
	while (c == ' ')
		c = next(reader);
	return c;
}

static void read_path(struct module *out, int c)
{
	struct module_reader *reader = &out->reader;
	size_t n = 0;

	for (; c >= 0 && c != '\n'; c = next(reader)) {
		if (n == sizeof(out->path) - 1)
			memmove(out->path, out->path + 1, --n);
		out->path[n++] = (char)c;
	}
	if (!n)
		out->path[n++] = '?';
	out->path[n] = '\0';
}

/* A line: start-end access offset device inode path. */
static bool read_line(struct module *out)
{
	struct module_reader *reader = &out->reader;
	int c;

	out->start = (uintptr_t)read_number(reader);
	out->end = (uintptr_t)read_number(reader);
	skip_field(reader);
	/* skip_field() has read the first digit of the offset. */
	reader->next--;
	out->offset = read_number(reader);
	skip_field(reader);
	c = skip_field(reader);
	read_path(out, c);
	return reader->used > 0;
}

void module_find(struct module *out, uintptr_t address)
{
	out->reader.used = out->reader.next = 0;
	out->reader.fd = sys_open("/proc/self/maps", O_RDONLY);
	if (out->reader.fd >= 0) {
		bool found = false;

		while (!found && read_line(out))
			found = address - out->start < out->end - out->start;
		sys_close_unkept(out->reader.fd);
		if (found)
			return;
	}
	out->start = address;
	out->end = address + 1;
	out->offset = 0;
	strcpy(out->path, "?");
}

bool module_is_file(const struct module *module)
{
	return module->path[0] == '/' && strncmp(module->path, "/memfd:", 7) != 0;
}
