/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices of all kinds, with the same regions and contents, for tests that make
 * calls fail. Checks of the spans of these devices. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <barspan.h>

#include "fake.h"
#include "harness.h"

/* Regions 0 and 1 have FIXTURE_PAGES pages and areas, some of which touch.
 * Region 7 is a configuration space with an MSI-X capability. */
enum { FIXTURE_PAGES = 12, FIXTURE_AREAS = 5 };

extern const struct barspan_range fixture_areas[FIXTURE_AREAS]; /* in pages */

/* The value of a device or span pointer before a call that may fail. */
#define FIXTURE_UNTOUCHED ((void *)0x5a5a5a5a)

/* Open devices with fixture_byte() as their contents. fake_hooks simulate the
 * VFIO ones: after fake_reset(), call fixture_play_vfio() again. fixture_end()
 * releases the resources behind all devices. */
int fixture_open_soft(struct barspan_device **out);
int fixture_open_ops(struct barspan_device **out);
int fixture_open_vfio(struct barspan_device **out);
int fixture_open_pci_group(struct barspan_device **out);
int fixture_open_pci_cdev(struct barspan_device **out);
void fixture_play_vfio(bool groups);
void fixture_end(void);

uint8_t fixture_byte(unsigned int index, uint64_t offset);

/* Makes the n-th call of an operation of the ops device fail; 0: no call.
 * Returns the number of calls since the previous fixture_fail_operation(). */
unsigned long fixture_fail_operation(unsigned long n, int error);

/* A free address in the middle of a large gap, the same each time. The kernel
 * does not choose it by itself. */
void *fixture_address(void);

/* Checks that every direct byte is the device's at its natural offset, that
 * every hole faults, and that accessors reach the whole region. */
void fixture_check(struct barspan *span);

#endif
