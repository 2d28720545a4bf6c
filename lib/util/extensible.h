/* SPDX-License-Identifier: BSD-3-Clause */
/* Structures of callers that begin with their size and may be older or newer
 * than this library's. */
#ifndef EXTENSIBLE_H
#define EXTENSIBLE_H

#include <stddef.h>

/* The size of the largest structure that is looked at, in bytes. The kernel has
 * the same limit: copy_struct_from_user() and its callers. */
enum { EXTENSIBLE_MAX = 4096 };

/* Copies the caller's structure into one of `known` bytes; bytes that the
 * caller does not have become zero. -EINVAL: its size is less than `least`;
 * -E2BIG: its size is more than EXTENSIBLE_MAX, in which case nothing behind
 * the size is read, or it has a part that is not known here and not zero. */
int copy_extensible(void *to, size_t known, const void *from, size_t least);

/* The same for a structure whose size is given apart from it. */
int copy_extensible_sized(void *to, size_t known, const void *from, size_t size, size_t least);

#endif
