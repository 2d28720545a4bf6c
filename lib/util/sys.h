/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every system call and every allocation of the libraries: tests count them,
 * and make each one fail. Calls about signals are in trap/sys-signal.h. Calls
 * of the C library that cannot fail (locks, clocks, getpid()) are anywhere.
 *
 * Functions return 0, or what they say, or a negative errno value; they leave
 * errno alone. None is a cancellation point.
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

/* Rounded up to whole pages; what is less than a page from the end of 64 bits
 * wraps. */
uint64_t sys_page_up(uint64_t length);

/* Close-on-exec is added. Return a descriptor. */
int sys_open(const char *path, int flags);

/* The library's own descriptors have high numbers, which programs do not take
 * for theirs; see owned.h. sys_keep() moves one there, closes the one that it
 * was, and returns it. It cannot fail: one that cannot be moved stays. */
int sys_memfd_create(const char *name);
int sys_dup(int fd);
int sys_keep(int fd, int lowest);

/* Straight to the kernel, as the mappings below. The second is for descriptors
 * of sys_open() that sys_keep() has not seen. */
void sys_close(int fd);
void sys_close_unkept(int fd);

/* -EFBIG, and no SIGXFSZ: the file would be larger than RLIMIT_FSIZE or than a
 * file can be. */
int sys_ftruncate(int fd, uint64_t length);

struct stat;
int sys_fstat(int fd, struct stat *out);

/* Returns the ioctl's own result. Straight to the kernel: what programs are
 * told of regions is edited. */
int sys_ioctl(int fd, unsigned long request, void *argument);

/* All of the bytes, or an error. Async-signal-safe. */
int sys_write(int fd, const void *buffer, size_t length);

/* Back to a file's first byte. */
int sys_rewind(int fd);

/* Returns how many bytes were read; 0 at the end. */
int sys_read(int fd, void *buffer, size_t length);

/* All of the bytes, or an error: -EIO where the file says that there are no
 * more. Async-signal-safe. */
int sys_pread(int fd, void *buffer, size_t length, uint64_t offset);
int sys_pwrite(int fd, const void *buffer, size_t length, uint64_t offset);

/* Puts the text of a link, as a string, into `buffer`; -ENAMETOOLONG where it
 * does not fit. */
int sys_readlink(const char *path, char *buffer, size_t length);

/* Puts the name of the first entry of a directory that begins with `prefix`
 * into `buffer`; -ENOENT: there is none. */
int sys_find_entry(const char *directory, const char *prefix, char *buffer, size_t length);

/* A file offset as the kernel's mmap call takes it: in units of `unit` bytes,
 * at most `most` of them. Pure.
 * -EINVAL: not a multiple of the page size; -EOVERFLOW: too large for the call,
 * which would cut it. */
int sys_mmap_units(uint64_t *units, uint64_t offset, uint64_t page_size, uint64_t unit,
		   uint64_t most);

/* These four go to the kernel straight, past whatever stands in for the C
 * library's functions: see lib/preload/preload.c. */
int sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
	     uint64_t offset);
int sys_munmap(void *address, size_t length);
int sys_mprotect(void *address, size_t length, int prot);

/* As mremap(2). */
int sys_mremap(void **out, void *from, size_t length, size_t new_length, int flags, void *to);

/* Moves a mapping onto `to`, over what is there. */
int sys_move_mapping(void *from, size_t length, void *to);

int sys_madvise(void *address, size_t length, int advice);
int sys_munlock(void *address, size_t length);

/* Whether all of a range, whole pages, is mapped. */
bool sys_is_mapped(void *address, size_t length);

/* Whether two descriptors are of the same open file. False where the kernel
 * cannot tell. */
bool sys_is_same_file(int fd, int other);

/* x86 only. Async-signal-safe. */
int sys_arch_prctl(int code, unsigned long *value);

bool sys_under_valgrind(void);

#endif
