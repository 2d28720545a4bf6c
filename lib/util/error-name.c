/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/log.h"

#include <string.h>

const char *log_error_name(int r)
{
	const char *name = strerrorname_np(-r);

	return name ? name : "an unknown error";
}
