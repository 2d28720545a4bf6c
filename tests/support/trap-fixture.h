/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the trap's tests: a span with a hole, the trap, and child processes
 * that may die. */
#ifndef TRAP_FIXTURE_H
#define TRAP_FIXTURE_H

#include <barspan/trap.h>

#include "harness.h"

enum { RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE, PAGE = 4096, SIZE = 4 * PAGE, HOLE = PAGE };

extern struct barspan_device *device;
extern struct barspan *span;
extern volatile uint8_t *base;
extern int output; /* file that receives explanations */

void set_up_device(const struct barspan_soft_region *region);

/* Enables the trap, and returns the result. */
int enable(unsigned int flags);

/* Opens a region whose first page is direct, and enables the trap. */
void set_up(unsigned int flags);
void tear_down(void);

struct barspan_trap_counts count(void);

volatile uint32_t *reg32(uint64_t offset);
const char *read_back(int fd);

/* Expects that act() kills a child process with SIGSEGV. */
void check_killed(void (*act)(void));

/* A device that serves trapped accesses from `registers`, or fails them while
 * `gone` is set. Its mapped page faults. The trap rescues. */
extern uint8_t registers[SIZE];
extern bool gone;
void set_up_registers(void);

/* Make the first page fault after set_up(): lose_page() with SIGBUS, because
 * the file behind the page is cut; protect_page() with SIGSEGV. */
void lose_page(void);
void protect_page(int prot);

#endif
