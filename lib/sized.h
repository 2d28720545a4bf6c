/* SPDX-License-Identifier: BSD-3-Clause */
/* Structures of callers that begin with their size and may be older or newer than this library's. */
#ifndef SIZED_H
#define SIZED_H

#include <stddef.h>

/* Copies what the caller gave into a structure of `known` bytes, the rest of which becomes zero. -EINVAL: it is smaller
 * than `least`; -E2BIG: it has a part that is not known here and not zero. */
int sized_copy(void *to, size_t known, const void *from, size_t least);

#endif
