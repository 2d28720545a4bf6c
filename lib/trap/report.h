/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts which instruction accesses which register. */
#ifndef TRAP_REPORT_H
#define TRAP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct barspan;
struct table;

enum report_access { REPORT_READ, REPORT_WRITE };

/* Allocates the table of counts. Without it nothing is counted. 0 or -errno.
 * Not for signal handlers. */
int report_prepare(void);

/* Counts into the file `fd`, which other processes share. -EPROTO: the file is
 * not a table of this version. Not for signal handlers. */
int report_share(int fd);

/* Counts an access of `width` bytes (0: unknown). Safe anywhere. */
void report_count(uintptr_t pc, const struct barspan *span, uint64_t offset,
		  enum report_access access, size_t width);

/* Count an access that failed in the device, and an access served by rescue.
 * Safe anywhere. */
void report_failed(void);
void report_rescued(void);

/* Measure the time from the start of the handler to its end. report_begin()
 * returns 0 if time is not measured. Safe anywhere. */
uint64_t report_begin(void);
void report_end(uint64_t begin);

/* The table of counts, or NULL. *shared tells whether other processes share it.
 * Safe anywhere. */
const struct table *report_table(bool *shared);

/* Writes the process's counts; see barspan_trap_report(). Safe anywhere if
 * `symbols` is false. */
int report_write(int fd, bool symbols);

/* The same before a fault ends the process, without symbols. Writes nothing if
 * the counts are in a shared file, which outlives the process. Safe
 * anywhere. */
void report_write_dying(int fd);

#endif
