/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies by volatile accesses, each the widest naturally aligned one that fits. Safe anywhere. */
#ifndef IO_H
#define IO_H

#include <stddef.h>
#include <stdint.h>

struct barspan;

/* Keeps an error for barspan_error(), unless an earlier one is kept. Safe
 * anywhere. */
void io_note_error(struct barspan *span, int r);

void io_load(uint8_t *to, uintptr_t from, size_t length);
void io_store(uintptr_t to, const uint8_t *from, size_t length);

#endif
