/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of the library's public interface on real VFIO devices, in the guest.
 * What the cases have in common. */
#ifndef TESTS_VM_DEVICE_H
#define TESTS_VM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan.h>

#include "complain.h"
#include "plan.h"

/* Under memcheck: no raw access that is meant to fault, and less of
 * everything. */
extern bool under_memcheck;

/* These end the program when they fail. */
struct barspan_device *open_device(const char *address);
struct barspan *map_region(struct barspan_device *device, unsigned int index,
			   const struct barspan_options *options);
struct barspan_extent need_extent(const struct barspan *span, uint64_t offset);
unsigned int parse_number(const char *text);
const struct plan *need_plan(const char *name);
void *need_memory(size_t length);

/* The signal with which a raw load of one byte ends; 0: it succeeds. */
int fault_of_load(const volatile void *address);

/* "0x1000 direct, 0x2000 sparse": a span's extents in order. */
void describe_extents(const struct barspan *span, char *out, size_t length);

/* What the process has mapped and open. */
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

/* Follows the steps of one phase of a plan, and does the same to the image. */
void follow_plan(struct barspan *span, const struct plan *plan, unsigned int phase, uint8_t *image);
/* Reads the span in every way, and compares with the image. */
void compare_with_image(struct barspan *span, const uint8_t *image);

#endif
