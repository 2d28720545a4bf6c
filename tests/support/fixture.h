/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices of all kinds with the same regions and contents, for tests that let
 * calls fail; and what must hold of their spans. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <barspan.h>

#include "fake.h"
#include "harness.h"

/* Region 0 and 1: FIXTURE_PAGES pages, with areas some of which touch. Region
 * 7: a configuration space with an MSI-X capability. */
enum { FIXTURE_PAGES = 12, FIXTURE_AREAS = 5 };

extern const struct barspan_range fixture_areas[FIXTURE_AREAS]; /* in pages */

/* What a device or span is set to before a call that may fail. */
#define FIXTURE_UNTOUCHED ((void *)0x5a5a5a5a)

/* Devices, the contents of which are fixture_byte(). The VFIO ones are played
 * by fake_hooks, which fake_reset() clears: then fixture_play_vfio() sets them
 * again. fixture_end() gives up what is behind all of them. */
int fixture_open_soft(struct barspan_device **out);
int fixture_open_ops(struct barspan_device **out);
int fixture_open_vfio(struct barspan_device **out);
int fixture_open_pci_group(struct barspan_device **out);
int fixture_open_pci_cdev(struct barspan_device **out);
void fixture_play_vfio(bool groups);
void fixture_end(void);

uint8_t fixture_byte(unsigned int index, uint64_t offset);

/* Makes the n-th call of an operation of the ops device fail; 0: none. Returns
 * how many there were since. */
unsigned long fixture_fail_operation(unsigned long n, int error);

/* An address, always the same, with nothing around it, where the kernel puts
 * nothing by itself. */
void *fixture_address(void);

/* Every direct byte is the device's at its natural offset, every hole faults,
 * and accessors see all of the region. */
void fixture_check(struct barspan *span);

#endif
