/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image FILE PLAN: on the host, compares the memory behind a device's BAR with
 * the plan, byte for byte.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"

enum { MAX_SHOWN = 16 };

static uint8_t *read_file(const char *path)
{
	uint8_t *bytes = malloc(PLAN_SIZE);
	FILE *file = fopen(path, "rb");

	if (!bytes || !file || fread(bytes, 1, PLAN_SIZE, file) != PLAN_SIZE ||
	    fgetc(file) != EOF) {
		printf("cannot read %s, or it is not %d bytes long\n", path, PLAN_SIZE);
		exit(1);
	}
	fclose(file);
	return bytes;
}

static uint8_t *expected_image(const char *name)
{
	const struct plan *plan = plan_find(name);
	uint8_t *image = calloc(1, PLAN_SIZE);

	if (!plan || !image) {
		printf("\"%s\" is not a plan, or there is no memory\n", name);
		exit(2);
	}
	for (unsigned int phase = 0; phase < PLAN_PHASES; phase++)
		plan_apply(plan, phase, image);
	return image;
}

int main(int argc, char **argv)
{
	size_t differ = 0, written = 0;

	if (argc != 3)
		return 2;

	uint8_t *device = read_file(argv[1]), *image = expected_image(argv[2]);

	for (size_t i = 0; i < PLAN_SIZE; i++) {
		written += image[i] != 0;
		if (device[i] == image[i])
			continue;
		if (differ++ < MAX_SHOWN)
			printf("byte 0x%zx is 0x%02x, not 0x%02x\n", i, device[i], image[i]);
	}
	printf("%d bytes compared, %zu of them not 0: %zu differ\n", PLAN_SIZE, written, differ);
	free(device);
	free(image);
	return differ ? 1 : 0;
}
