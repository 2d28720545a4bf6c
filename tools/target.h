/* SPDX-License-Identifier: BSD-3-Clause */
/* DEVICE: a PCI address or a software device's layout. */
#ifndef TARGET_H
#define TARGET_H

#include <argp.h>

#include <barspan.h>

#include "parse.h"

struct target {
	const char *text;	   /* as the user wrote it */
	struct soft_layout layout; /* has no regions if this is a PCI device */
};

/* The syntax of DEVICE and of numbers, for the end of a help text. */
#define TARGET_HELP \
	"DEVICE is the address of a PCI device that is bound to a VFIO driver, such as " \
	"0000:01:00.0, or soft:LAYOUT, a software device: memory that starts as zeros. " \
	"LAYOUT is SIZE[@ACCESS][:[AREA,...]], with ';' between regions. AREA is " \
	"OFFSET+LENGTH, a part that can be mapped. Without the colon the whole region can be " \
	"mapped; with a colon and no AREA, none of it. ACCESS lists the permitted accesses: " \
	"r (read), w (write), m (mapping). The default is rwm.\n" \
	"  soft:0x4000:0+0x1000,0x3000+0x1000  two areas with a hole between them\n" \
	"  soft:16K;256@rw                     two regions; the second cannot be mapped\n" \
	"  soft:0x4000:                        sparse, without an area\n" \
	"\n" \
	"Numbers are decimal, or hex after 0x, with K, M, G or T for powers of 1024."

#define TARGET_REGION_HELP " REGION is a number, or one of BAR0 to BAR5, ROM and CONFIG."

/* Reads a DEVICE argument. If it is neither a PCI address nor a valid layout,
 * ends the program by argp_error(). */
void target_parse(struct target *out, struct argp_state *state, const char *text);

/* Releases a target that was not opened. */
void target_free(struct target *target);

/* Opens a target and releases it. Prints a message on failure. */
int target_open(struct target *target, struct barspan_device **out);

/* Opens a target and maps one region. The span holds the device: unmap the span
 * and nothing else. Prints a message on failure. */
int target_map(struct target *target, unsigned int region, struct barspan **out);

#endif
