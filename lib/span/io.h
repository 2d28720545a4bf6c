/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies by volatile accesses, each as wide as natural alignment and the length
 * allow. Safe anywhere. */
#ifndef IO_H
#define IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct barspan;

/* Records an access that failed with error r for barspan_take_error(), unless
 * an earlier one is recorded. Safe anywhere. */
void io_note_failure(struct barspan *span, uint64_t offset, unsigned int width, bool is_write,
		     int r);

void io_load(uint8_t *to, uintptr_t from, size_t length);
void io_store(uintptr_t to, const uint8_t *from, size_t length);

#endif
