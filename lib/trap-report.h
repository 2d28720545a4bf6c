/* SPDX-License-Identifier: BSD-3-Clause */
/* Which instruction touches which register. */
#ifndef TRAP_REPORT_H
#define TRAP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct barspan;

enum report_access { REPORT_READ, REPORT_WRITE };

/* Counts an access of `width` bytes; 0: nobody knows how many. Safe anywhere. */
void report_count(uintptr_t pc, const struct barspan *span, uint64_t offset, enum report_access access, size_t width);

/* Writes all that was counted; see barspan_trap_report(). Without symbols it is safe anywhere. */
int report_write(int fd, bool symbols);

#endif
