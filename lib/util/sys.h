/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All system calls and allocations of the libraries are made here. Tests count
 * them and make each one fail. Calls about signals are in trap/sys-signal.h. C
 * library calls that cannot fail (locks, clocks, getpid()) are made directly.
 *
 * Unless stated otherwise, functions return 0 or a negative errno value. All
 * leave errno unchanged. None is a cancellation point.
 */
#ifndef SYS_H
#define SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *sys_calloc(size_t n, size_t size);
void *sys_realloc(void *memory, size_t size);
void sys_free(void *memory);

size_t sys_page_size(void);

/* Rounds up to whole pages. Wraps to 0 within a page of 2^64. */
uint64_t sys_page_up(uint64_t length);

/* Adds O_CLOEXEC. Returns a descriptor. */
int sys_open(const char *path, int flags);

/* The library's own descriptors have high numbers, separate from those that
 * programs expect to get; see owned.h. sys_keep() moves a descriptor there,
 * closes the original and returns the new number. It cannot fail: if the
 * descriptor cannot be moved, it returns the original. */
int sys_memfd_create(const char *name);
int sys_dup(int fd);
int sys_keep(int fd, int lowest);

/* Both call the kernel directly, as the mapping calls below do.
 * sys_close_unkept() is for descriptors of sys_open() that were not passed to
 * sys_keep(). */
void sys_close(int fd);
void sys_close_unkept(int fd);

/* -EFBIG, without SIGXFSZ: the length exceeds RLIMIT_FSIZE or the largest file
 * size. */
int sys_ftruncate(int fd, uint64_t length);

struct stat;
int sys_fstat(int fd, struct stat *out);

/* Returns the result of the ioctl. Calls the kernel directly, because the
 * preloaded object edits the region information that ioctl() returns. */
int sys_ioctl(int fd, unsigned long request, void *argument);

/* Writes all bytes or fails. Async-signal-safe. */
int sys_write(int fd, const void *buffer, size_t length);

/* Seeks to the start of a file. */
int sys_rewind(int fd);

/* Returns the number of bytes read, 0 at the end of the file. */
int sys_read(int fd, void *buffer, size_t length);

/* Transfer all bytes or fail; -EIO if the file ends early.
 * Async-signal-safe. */
int sys_pread(int fd, void *buffer, size_t length, uint64_t offset);
int sys_pwrite(int fd, const void *buffer, size_t length, uint64_t offset);

/* Stores the target of a symbolic link in `buffer` as a string. -ENAMETOOLONG:
 * the buffer is too small. */
int sys_readlink(const char *path, char *buffer, size_t length);

/* Stores the name of the first directory entry that begins with `prefix` in
 * `buffer`. -ENOENT: there is none. */
int sys_find_entry(const char *directory, const char *prefix, char *buffer, size_t length);

/* Converts a file offset to the argument of the kernel's mmap call: units of
 * `unit` bytes, at most `most` of them. Pure.
 * -EINVAL: not a multiple of the page size; -EOVERFLOW: too large for the call,
 * which would truncate it. */
int sys_mmap_units(uint64_t *units, uint64_t offset, uint64_t page_size, uint64_t unit,
		   uint64_t most);

/* These call the kernel directly and bypass functions that are interposed over
 * the C library's: see lib/preload/preload.c. */
int sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
	     uint64_t offset);
int sys_munmap(void *address, size_t length);
int sys_mprotect(void *address, size_t length, int prot);

/* As mremap(2). */
int sys_mremap(void **out, void *from, size_t length, size_t new_length, int flags, void *to);

/* Moves a mapping to `to` and replaces the mappings there. */
int sys_move_mapping(void *from, size_t length, void *to);

int sys_madvise(void *address, size_t length, int advice);
int sys_munlock(void *address, size_t length);

/* Whether every page of a range of whole pages is mapped. */
bool sys_is_mapped(void *address, size_t length);

/* Whether two descriptors refer to the same open file description. False if the
 * kernel cannot tell. */
bool sys_is_same_file(int fd, int other);

/* x86 only. Async-signal-safe. */
int sys_arch_prctl(int code, unsigned long *value);

bool sys_under_valgrind(void);

#endif
