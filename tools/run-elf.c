/* SPDX-License-Identifier: BSD-3-Clause */
/* See elf(5), and the System V ABI's chapter 5 for dynamic sections. */
#include "run-elf.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SEGMENTS = 512, MAX_ENTRIES = 4096 };

/* An open ELF file with its header and segments. */
struct file {
	int fd;
	ElfW(Ehdr) header;
	ElfW(Phdr) segments[MAX_SEGMENTS];
	size_t n_segments;
};

static bool read_at(int fd, void *to, size_t length, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, to, length, (off_t)offset) == (ssize_t)length;
}

/* A string of the file, cut to RUN_NAME; "" if it is not there. */
static void read_string(int fd, char out[RUN_NAME], uint64_t offset)
{
	ssize_t n = offset <= INT64_MAX ? pread(fd, out, RUN_NAME - 1, (off_t)offset) : -1;

	out[n > 0 ? n : 0] = '\0';
}

static const ElfW(Phdr) * find_segment(const struct file *file, uint32_t type)
{
	for (size_t i = 0; i < file->n_segments; i++)
		if (file->segments[i].p_type == type)
			return &file->segments[i];
	return NULL;
}

/* Returns the file offset of an address of the program, UINT64_MAX if the file
 * does not have it. */
static uint64_t file_offset(const struct file *file, uint64_t address)
{
	for (size_t i = 0; i < file->n_segments; i++) {
		const ElfW(Phdr) *segment = &file->segments[i];

		if (segment->p_type == PT_LOAD && address - segment->p_vaddr < segment->p_filesz)
			return segment->p_offset + (address - segment->p_vaddr);
	}
	return UINT64_MAX;
}

/* Reads the n-th entry of the dynamic section. Returns false after the last. */
static bool read_entry(const struct file *file, const ElfW(Phdr) * dynamic, size_t n,
		       ElfW(Dyn) * out)
{
	return n < MAX_ENTRIES && n < dynamic->p_filesz / sizeof(*out) &&
	       read_at(file->fd, out, sizeof(*out), dynamic->p_offset + n * sizeof(*out)) &&
	       out->d_tag != DT_NULL;
}

static bool begins_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Libraries that refuse to work unless they are loaded first. */
static bool is_sanitizer(const char *name)
{
	return begins_with(name, "libasan.so") || begins_with(name, "libhwasan.so") ||
	       begins_with(name, "liblsan.so") || begins_with(name, "libtsan.so") ||
	       begins_with(name, "libclang_rt.asan");
}

/* The names of needed libraries, and the file's own. */
static void read_dynamic(struct run_elf *out, const struct file *file, char own_name[RUN_NAME])
{
	const ElfW(Phdr) *dynamic = find_segment(file, PT_DYNAMIC);
	uint64_t strings = UINT64_MAX;
	char name[RUN_NAME];
	ElfW(Dyn) entry;

	for (size_t i = 0; dynamic && read_entry(file, dynamic, i, &entry); i++)
		if (entry.d_tag == DT_STRTAB)
			strings = file_offset(file, entry.d_un.d_ptr);
	for (size_t i = 0; strings != UINT64_MAX && read_entry(file, dynamic, i, &entry); i++) {
		if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_SONAME)
			continue;
		read_string(file->fd, name, strings + entry.d_un.d_val);
		if (entry.d_tag == DT_SONAME)
			memcpy(own_name, name, sizeof(name));
		else if (!out->sanitizer[0] && is_sanitizer(name))
			memcpy(out->sanitizer, name, sizeof(name));
	}
}

/* The machine that this program is for. */
static unsigned int own_machine(void)
{
	static ElfW(Ehdr) own;
	int fd;

	if (own.e_machine)
		return own.e_machine;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !read_at(fd, &own, sizeof(own), 0))
		own.e_machine = EM_NONE;
	if (fd >= 0)
		close(fd);
	return own.e_machine;
}

static void read_elf(struct run_elf *out, struct file *file)
{
	const unsigned char *ident = file->header.e_ident;
	const ElfW(Phdr) * interpreter;
	char own_name[RUN_NAME] = "";

	out->bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	out->kind = RUN_FOREIGN;
	if (out->bits != (int)sizeof(void *) * 8 ||
	    (own_machine() != EM_NONE && file->header.e_machine != own_machine()))
		return;
	out->kind = RUN_BROKEN;
	file->n_segments =
		file->header.e_phnum < MAX_SEGMENTS ? file->header.e_phnum : MAX_SEGMENTS;
	if (file->header.e_phentsize != sizeof(file->segments[0]) ||
	    !read_at(file->fd, file->segments, file->n_segments * sizeof(file->segments[0]),
		     file->header.e_phoff))
		return;
	read_dynamic(out, file, own_name);
	interpreter = find_segment(file, PT_INTERP);
	out->kind = RUN_STATIC;
	if (interpreter) {
		out->kind = RUN_DYNAMIC;
		read_string(file->fd, out->interpreter, interpreter->p_offset);
	} else if (begins_with(own_name, "ld-linux") || begins_with(own_name, "ld64.so") ||
		   begins_with(own_name, "ld.so")) {
		out->kind = RUN_LINKER;
	}
}

/* "#! /bin/sh -e": a path and one argument, which is not needed here. */
static void read_script(struct run_elf *out, const char line[RUN_NAME])
{
	const char *path = line + 2 + strspn(line + 2, " \t");

	out->kind = RUN_SCRIPT;
	snprintf(out->interpreter, sizeof(out->interpreter), "%.*s", (int)strcspn(path, " \t\n"),
		 path);
}

void run_elf_read(struct run_elf *out, const char *path)
{
	struct file file = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	char line[RUN_NAME];

	*out = (struct run_elf){ .kind = RUN_UNKNOWN };
	if (file.fd < 0)
		return;
	read_string(file.fd, line, 0);
	if (begins_with(line, "#!"))
		read_script(out, line);
	else if (!begins_with(line, ELFMAG))
		out->kind = RUN_TEXT;
	else if (read_at(file.fd, &file.header, sizeof(file.header), 0))
		read_elf(out, &file);
	else
		out->kind = RUN_BROKEN;
	close(file.fd);
}
