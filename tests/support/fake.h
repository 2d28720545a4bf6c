/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A layer between the library and lib/util/sys*.c, inserted by the linker
 * (--wrap in tests/local.mk). It counts the library's system calls and
 * allocations, makes any of them fail, and lets a test simulate the kernel.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stddef.h>
#include <stdint.h>

enum fake_call {
	FAKE_CALLOC,
	FAKE_REALLOC,
	FAKE_OPEN,
	FAKE_MEMFD_CREATE,
	FAKE_FTRUNCATE,
	FAKE_IOCTL,
	FAKE_READ,
	FAKE_PREAD,
	FAKE_PWRITE,
	FAKE_READLINK,
	FAKE_FSTAT,
	FAKE_FIND_ENTRY,
	FAKE_MMAP,
	FAKE_MUNMAP,
	FAKE_MPROTECT,
	FAKE_MADVISE,
	FAKE_MOVE_MAPPING,
	FAKE_CALLS,
};

struct stat;

/* Replacements that a test may install. A hook returns the same as the sys_
 * function of its name, and may call real_sys_...(). */
struct fake_hooks {
	int (*open)(const char *path, int flags);
	int (*ioctl)(int fd, unsigned long request, void *argument);
	int (*pread)(int fd, void *buffer, size_t length, uint64_t offset);
	int (*pwrite)(int fd, const void *buffer, size_t length, uint64_t offset);
	int (*readlink)(const char *path, char *buffer, size_t length);
	int (*fstat)(int fd, struct stat *out);
	int (*find_entry)(const char *directory, const char *prefix, char *buffer, size_t length);
	int (*mmap)(void **out, void *address, size_t length, int prot, int flags, int fd,
		    uint64_t offset);
	int (*munmap)(void *address, size_t length);
	int (*mprotect)(void *address, size_t length, int prot);
	int (*madvise)(void *address, size_t length, int advice);
	int (*move_mapping)(void *from, size_t length, void *to);
	/* not counted */
	int (*mremap)(void **out, void *from, size_t length, size_t new_length, int flags,
		      void *to);
	int (*munlock)(void *address, size_t length); /* not counted */
};

extern struct fake_hooks fake_hooks;

/* Clears counts, hooks and requested failures. */
void fake_reset(void);

/* Calls since fake_reset(), of one kind or of all kinds. */
unsigned long fake_count(enum fake_call call);
unsigned long fake_total(void);

/* Makes the n-th call of any kind from now on fail (1: the next). With `once`
 * false, all later calls fail, too. munmap and calls that cannot fail are not
 * counted. Allocations return NULL; system calls return `error`, or -EPERM if
 * it is 0. */
void fake_fail(unsigned long n, int error, int once);

/* The same for the n-th call of one kind. */
void fake_fail_call(enum fake_call call, unsigned long n, int error);

/* The kind of the call that failed last; FAKE_CALLS: no call failed. */
enum fake_call fake_failed(void);

int real_sys_open(const char *path, int flags) __asm__("__real_sys_open");
int real_sys_ioctl(int fd, unsigned long request, void *argument) __asm__("__real_sys_ioctl");
int real_sys_pread(int fd, void *buffer, size_t length,
		   uint64_t offset) __asm__("__real_sys_pread");
int real_sys_pwrite(int fd, const void *buffer, size_t length,
		    uint64_t offset) __asm__("__real_sys_pwrite");
int real_sys_readlink(const char *path, char *buffer, size_t length) __asm__("__real_sys_readlink");
int real_sys_fstat(int fd, struct stat *out) __asm__("__real_sys_fstat");
int real_sys_find_entry(const char *directory, const char *prefix, char *buffer,
			size_t length) __asm__("__real_sys_find_entry");
int real_sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
		  uint64_t offset) __asm__("__real_sys_mmap");
int real_sys_munmap(void *address, size_t length) __asm__("__real_sys_munmap");
int real_sys_mprotect(void *address, size_t length, int prot) __asm__("__real_sys_mprotect");
int real_sys_madvise(void *address, size_t length, int advice) __asm__("__real_sys_madvise");
int real_sys_move_mapping(void *from, size_t length, void *to) __asm__("__real_sys_move_mapping");
int real_sys_mremap(void **out, void *from, size_t length, size_t new_length, int flags,
		    void *to) __asm__("__real_sys_mremap");
int real_sys_munlock(void *address, size_t length) __asm__("__real_sys_munlock");

#endif
