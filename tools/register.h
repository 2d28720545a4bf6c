/* SPDX-License-Identifier: BSD-3-Clause */
/* A register by its region, offset and width, for read and write. */
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

/* Says which of the first three arguments is missing, if one is. */
void register_parse_end(struct argp_state *state);

/* Each makes one access with the library's accessor of that width. 0, or its
 * error. */
int register_read(const struct access *access, struct barspan *span, uint64_t *value);
int register_write(const struct access *access, struct barspan *span, uint64_t value);

#endif
