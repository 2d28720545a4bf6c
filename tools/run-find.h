/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that barspan run needs. */
#ifndef RUN_FIND_H
#define RUN_FIND_H

#include <limits.h>

/* Finds the object to preload: in the program's own folder, in an installed
 * tree relative to the program, or in the folder of `make install`. Returns 0;
 * -ENOENT; -EINVAL after a message if its path cannot be in LD_PRELOAD or the
 * program is built without shared libraries. */
int run_find_preload(char path[PATH_MAX]);

/* Finds the file that execvp(3) would run for a name. Returns 0; -ENOENT;
 * -EACCES if it cannot be executed or is a directory. */
int run_find_command(char path[PATH_MAX], const char *name);

/* Makes the path of `to` relative to the folder `from`. Both are absolute. Only
 * for this module and its tests. */
void run_relative(char out[PATH_MAX], const char *from, const char *to);

#endif
