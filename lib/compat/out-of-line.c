/* SPDX-License-Identifier: BSD-3-Clause */
/* Out-of-line copies of the inline functions. */
#define BARSPAN_OUT_OF_LINE_

#include <barspan/guard.h>
#include <barspan/io.h>
#include <barspan/ptr.h>
