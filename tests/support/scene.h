/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices of all kinds with the same regions and contents, for tests that let calls fail; and what must hold of their spans. */
#ifndef SCENE_H
#define SCENE_H

#include <barspan.h>

#include "fake.h"
#include "harness.h"

/* Region 0 and 1: SCENE_PAGES pages, with areas some of which touch. Region 7: a configuration space with an MSI-X
 * capability. */
enum { SCENE_PAGES = 12, SCENE_AREAS = 5 };

extern const struct barspan_range scene_areas[SCENE_AREAS];	/* in pages */

/* What a device or span is set to before a call that may fail. */
#define SCENE_UNTOUCHED ((void *)0x5a5a5a5a)

/* Devices, the contents of which are scene_byte(). The VFIO ones are played by fake_hooks, which fake_reset() clears: then
 * scene_play_vfio() sets them again. scene_end() gives up what is behind all of them. */
int scene_open_soft(struct barspan_device **out);
int scene_open_ops(struct barspan_device **out);
int scene_open_vfio(struct barspan_device **out);
int scene_open_pci_group(struct barspan_device **out);
int scene_open_pci_cdev(struct barspan_device **out);
void scene_play_vfio(bool groups);
void scene_end(void);

uint8_t scene_byte(unsigned int index, uint64_t offset);

/* Makes the n-th call of an operation of the ops device fail; 0: none. Returns how many there were since. */
unsigned long scene_fail_operation(unsigned long n, int error);

/* An address, always the same, with nothing around it, where the kernel puts nothing by itself. */
void *scene_address(void);

/* Every direct byte is the device's at its natural offset, every hole faults, and accessors see all of the region. */
void scene_check(struct barspan *span);

#endif
