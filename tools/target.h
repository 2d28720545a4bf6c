/* SPDX-License-Identifier: BSD-3-Clause */
/* DEVICE: a PCI address or a software device's layout. */
#ifndef TARGET_H
#define TARGET_H

#include <argp.h>

#include <barspan.h>

#include "parse.h"

struct target {
	const char *text;	   /* as the user wrote it */
	struct soft_layout layout; /* without regions: a PCI device */
};

/* Says how a DEVICE is written; for the end of a help text. */
#define TARGET_HELP \
	"DEVICE is the address of a PCI device that is bound to a VFIO driver, such as 0000:01:00.0, or soft:LAYOUT, " \
	"a software device made of memory that starts as zeros. LAYOUT is SIZE[@ACCESS][:[AREA,...]], with ';' " \
	"between regions. AREA is OFFSET+LENGTH, a part that can be mapped. Without the colon all of the region can " \
	"be mapped; with nothing behind it, nothing. ACCESS is what a region allows: r (read), w (write), m " \
	"(mapping); rwm if not given.\n" \
	"  soft:0x4000:0+0x1000,0x3000+0x1000  two areas with a hole between them\n" \
	"  soft:16K;256@rw                     two regions; the second cannot be mapped\n" \
	"  soft:0x4000:                        sparse, without any area\n" \
	"\n" \
	"Numbers are decimal, or hex after 0x, with K, M, G or T for powers of 1024."

#define TARGET_REGION_HELP " REGION is a number, or one of BAR0 to BAR5, ROM and CONFIG."

/* Reads a DEVICE argument; ends the program by argp_error() when it makes no
 * sense. */
void target_parse(struct target *out, struct argp_state *state, const char *text);

/* For a target that is not opened. */
void target_free(struct target *target);

/* Opens it, which uses the target up. Says what is wrong when it fails. */
int target_open(struct target *target, struct barspan_device **out);

/* Opens it and maps one region; of the two only the span is to be released. */
int target_map(struct target *target, unsigned int region, struct barspan **out);

#endif
