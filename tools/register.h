/* SPDX-License-Identifier: BSD-3-Clause */
/* A register: region, offset and width. For read and write. */
#ifndef REGISTER_H
#define REGISTER_H

#include <argp.h>
#include <stdint.h>

#include "target.h"

struct access {
	struct target target;
	unsigned int region;
	uint64_t offset;
	unsigned int width; /* in bits */
};

/* Takes argument 0, 1 or 2: DEVICE, REGION or OFFSET. */
void register_parse(struct access *access, struct argp_state *state, const char *text);

/* Refuses a command line without one of the first three arguments. */
void register_parse_end(struct argp_state *state);

/* Each makes one access with the library's accessor of that width. Returns 0 or
 * the accessor's error. */
int register_read(const struct access *access, struct barspan *span, uint64_t *value);
int register_write(const struct access *access, struct barspan *span, uint64_t value);

#endif
