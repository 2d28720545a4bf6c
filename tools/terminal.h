/* SPDX-License-Identifier: BSD-3-Clause */
/* What the place that the output goes to can show. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

/* Columns of the terminal that stdout is; else what $COLUMNS says, else 80. */
unsigned int terminal_width(void);

/* Whether the locale's characters are UTF-8. */
bool terminal_unicode(void);

#endif
