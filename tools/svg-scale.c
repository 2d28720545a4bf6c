/* SPDX-License-Identifier: BSD-3-Clause */
#include "svg-scale.h"

/* Shares what the widened extents leave among the others; returns whether one
 * of these is too narrow, and widens it. */
static bool widen_narrow(double *widths, const struct barspan_extent *extents, size_t n,
			 double room, double least)
{
	double rest = room, bytes = 0;
	bool again = false;

	for (size_t i = 0; i < n; i++)
		if (widths[i] > 0)
			rest -= least;
		else
			bytes += (double)extents[i].length;
	for (size_t i = 0; i < n; i++)
		if (!(widths[i] > 0) && (double)extents[i].length * rest < least * bytes) {
			widths[i] = least;
			again = true;
		}
	return again;
}

bool svg_scale(double *widths, const struct barspan_extent *extents, size_t n, double room,
	       double least)
{
	double rest = room, bytes = 0;
	bool to_scale = true;

	/* A width of 0: in proportion, as far as is known. */
	for (size_t i = 0; i < n; i++)
		widths[i] = 0;
	while (widen_narrow(widths, extents, n, room, least))
		to_scale = false;
	for (size_t i = 0; i < n; i++)
		if (widths[i] > 0)
			rest -= least;
		else
			bytes += (double)extents[i].length;
	for (size_t i = 0; i < n; i++)
		if (!(widths[i] > 0))
			widths[i] = (double)extents[i].length * rest / bytes;
	return to_scale;
}
