/* SPDX-License-Identifier: BSD-3-Clause */
/* The functions that headers have inline, for callers that cannot inline. */
#define BARSPAN_OUT_OF_LINE_

#include <barspan/guard.h>
#include <barspan/io.h>
#include <barspan/ptr.h>
