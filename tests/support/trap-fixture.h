/* SPDX-License-Identifier: BSD-3-Clause */
/* A span with a hole, the trap, and children that may die of it: what the
 * trap's tests share. */
#ifndef TRAP_FIXTURE_H
#define TRAP_FIXTURE_H

#include <barspan/trap.h>

#include "harness.h"

enum { RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE, PAGE = 4096, SIZE = 4 * PAGE, HOLE = PAGE };

extern struct barspan_device *device;
extern struct barspan *span;
extern volatile uint8_t *base;
extern int output; /* where explanations go */

void set_up_device(const struct barspan_soft_region *region);

/* Enables the trap, and returns what that does. */
int enable(unsigned int flags);

/* A region whose first page is direct, and the trap. */
void set_up(unsigned int flags);
void tear_down(void);

struct barspan_trap_counts count(void);

volatile uint32_t *reg32(uint64_t offset);
const char *read_back(int fd);

/* How a child ends that does something. */
int end_of(void (*act)(void));
void check_killed(void (*act)(void));

/* A device that answers trapped accesses from `registers`, or fails them once
 * it is `gone`, while its mapped page faults. The trap rescues. */
extern uint8_t registers[SIZE];
extern bool gone;
void set_up_registers(void);

/* Makes the first page, of a device of set_up(), fault: with SIGBUS, for there
 * is no file behind it, or with SIGSEGV. */
void lose_page(void);
void protect_page(int prot);

#endif
