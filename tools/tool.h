/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages, exit status and standard output of all subcommands. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>

/* With EXIT_SUCCESS and EXIT_FAILURE: all that barspan exits with. */
enum { EXIT_USAGE = 2 };

/* To be called first: makes the standard descriptors safe to use, hears the
 * library, and sees to it that output which cannot be written is a failure
 * whatever main() returns. */
void tool_start(void);

/* Writes "barspan: MESSAGE" to stderr. */
__attribute__((format(printf, 1, 2))) void tool_say(const char *format, ...);

/* Writes "barspan: MESSAGE: ENAME (text)" to stderr. r is a negative errno
 * value. Returns EXIT_FAILURE. */
__attribute__((format(printf, 2, 3))) int tool_fail(int r, const char *format, ...);

/* Writes out what is buffered for stdout; false, after a message, when that
 * fails or has failed. */
bool tool_flush(void);

/* Holds the library's messages back, for questions that may be answered with
 * no. tool_release_log(true) prints the last of them. */
void tool_hold_log(void);
void tool_release_log(bool show);

#endif
