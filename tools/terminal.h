/* SPDX-License-Identifier: BSD-3-Clause */
/* Width and characters of the terminal. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

/* The columns of the terminal on stdout; if it is none, $COLUMNS or 80. */
unsigned int terminal_width(void);

/* Whether the locale's encoding is UTF-8. */
bool terminal_unicode(void);

#endif
