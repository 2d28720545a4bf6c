/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that barspan run needs. */
#ifndef RUN_FIND_H
#define RUN_FIND_H

#include <limits.h>

/* Finds the object to preload: in the program's own folder, where an installed
 * tree has it relative to the program, or where it was to be installed.
 * -ENOENT, or -EINVAL after a message: its path cannot be in LD_PRELOAD, or the
 * program was built without shared libraries. */
int run_find_preload(char path[PATH_MAX]);

/* Finds the file that execvp(3) would run for a name. -ENOENT; -EACCES: it
 * cannot be executed, or is a directory. */
int run_find_command(char path[PATH_MAX], const char *name);

/* The second path from the folder that the first names: two absolute paths that
 * were known when the program was built. For tests, too. */
void run_relative(char out[PATH_MAX], const char *from, const char *to);

#endif
