/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of a device's regions as an SVG picture for a document. */
#ifndef SVG_H
#define SVG_H

#include <stdio.h>

#include "survey.h"

/* Writes a picture that needs no other file. The caller checks the stream. */
void svg_print(FILE *out, const char *device, const struct survey *surveys, size_t n);

/* Writes the picture to a file. Returns 0 or a negative errno value. */
int svg_write(const char *path, const char *device, const struct survey *surveys, size_t n);

#endif
