/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan.h>

const char *barspan_version(void)
{
	return BARSPAN_VERSION;
}
