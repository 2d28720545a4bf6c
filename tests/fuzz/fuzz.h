/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzz targets. Each is one function; libFuzzer or driver.c calls it. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(expression) \
	do { \
		if (!(expression)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expression); \
			abort(); \
		} \
	} while (0)

#endif
