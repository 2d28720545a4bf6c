/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts which instruction touches which register. */
#ifndef TRAP_REPORT_H
#define TRAP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct barspan;
struct table;

enum report_access { REPORT_READ, REPORT_WRITE };

/* Makes room for counts. Before it, and if it fails, nothing is counted. 0 or
 * -errno. Not for signal handlers. */
int report_prepare(void);

/* Counts into the file `fd` from now on, which other processes share. -EPROTO:
 * the file is no table of this version. Not for signal handlers. */
int report_share(int fd);

/* Counts an access of `width` bytes; 0: the width is unknown. Safe anywhere. */
void report_count(uintptr_t pc, const struct barspan *span, uint64_t offset,
		  enum report_access access, size_t width);

/* Counts an access that failed in the device, and one that was served by
 * rescue. Safe anywhere. */
void report_failed(void);
void report_rescued(void);

/* The time at which the handler begins, or 0 where time is not taken; and the
 * end of what began then. Safe anywhere. */
uint64_t report_begin(void);
void report_end(uint64_t begin);

/* The counts; NULL: there are none. Whether other processes share them. Safe
 * anywhere. */
const struct table *report_table(bool *shared);

/* Writes the process's counts; see barspan_trap_report(). Without symbols it is
 * safe anywhere. */
int report_write(int fd, bool symbols);

/* The same before the process dies of a fault, without symbols. Counts in a
 * shared file outlive it: nothing is written. Safe anywhere. */
void report_write_dying(int fd);

#endif
