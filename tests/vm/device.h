/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of the library's public interface on real VFIO devices, in the guest:
 * declarations that the cases share. */
#ifndef TESTS_VM_DEVICE_H
#define TESTS_VM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan.h>

#include "complain.h"
#include "plan.h"

/* Under memcheck the cases make no raw access that faults, and fewer accesses
 * in all. */
extern bool under_memcheck;

/* These end the program when they fail. */
struct barspan_device *open_device(const char *address);
struct barspan *map_region(struct barspan_device *device, unsigned int index,
			   const struct barspan_options *options);
struct barspan_extent need_extent(const struct barspan *span, uint64_t offset);
unsigned int parse_number(const char *text);
const struct plan *need_plan(const char *name);
void *need_memory(size_t length);

/* Returns the signal that a raw load of one byte raises, or 0. */
int fault_of_load(const volatile void *address);

/* Writes a span's extents in order: "0x1000 direct, 0x2000 sparse". */
void describe_extents(const struct barspan *span, char *out, size_t length);

/* Compare the process's mappings and descriptors before and after a case. */
void snapshot_take(void);
void snapshot_compare(void);

/* The cases. Arguments are in the table of device.c; argv[0] is the case's
 * name. */
void case_regions(char **argv);
void case_open_fails(char **argv);
void case_open_twice(char **argv);
void case_open_denied(char **argv);
void case_open_descriptor(char **argv);
void case_extents(char **argv);
void case_strict_fails(char **argv);
void case_plain_mmap(char **argv);
void case_edu(char **argv);
void case_small(char **argv);
void case_ports(char **argv);
void case_no_area(char **argv);
void case_msix(char **argv);
void case_data(char **argv);
void case_suspend(char **argv);
void case_threads(char **argv);

/* Follows the steps of one phase of a plan, and applies them to the image. */
void follow_plan(struct barspan *span, const struct plan *plan, unsigned int phase, uint8_t *image);
/* Reads the span in every way and compares it with the image. */
void compare_with_image(struct barspan *span, const uint8_t *image);

#endif
