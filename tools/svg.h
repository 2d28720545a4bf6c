/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of a device's regions as a picture for a document. */
#ifndef SVG_H
#define SVG_H

#include "survey.h"

/* Writes a picture that needs no other file. 0, or a negative errno value. */
int svg_write(const char *path, const char *device, const struct survey *surveys, size_t n);

#endif
