/* SPDX-License-Identifier: BSD-3-Clause */
#include "svg-scale.h"

/* Divides the rest of the room among the extents that are not widened. Widens
 * those that would be too narrow; returns whether there are any. */
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

	/* A width of 0 means in proportion. */
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
