/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages, exit status and standard output of all subcommands. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>

/* With EXIT_SUCCESS and EXIT_FAILURE, every status that barspan ends with, but
 * for those of `barspan run`. EXIT_NOT_DIRECT: the answer of `barspan
 * query`. */
enum { EXIT_USAGE = 2, EXIT_NOT_DIRECT = 3 };

/* Call this first. It makes the standard descriptors safe to use and prints the
 * library's messages. It also checks standard output at the end: if output
 * cannot be written, the program fails whatever main() returns; if the reader
 * of a pipe has left, the program ends by SIGPIPE, without a message. */
void tool_start(void);

/* Writes "barspan: MESSAGE" to stderr. */
__attribute__((format(printf, 1, 2))) void tool_say(const char *format, ...);

/* Writes "barspan: MESSAGE: ENAME (text)" to stderr. r is a negative errno
 * value. Returns EXIT_FAILURE. */
__attribute__((format(printf, 2, 3))) int tool_fail(int r, const char *format, ...);

/* Writes the buffer of stdout. Returns false, after a message, if that fails or
 * has failed before. */
bool tool_flush(void);

/* Holds the library's messages back, for questions that may be answered with
 * no. tool_release_log(true) prints the last of them. */
void tool_hold_log(void);
void tool_release_log(bool show);

#endif
