/* SPDX-License-Identifier: BSD-3-Clause */
/* The subcommands. argv[0] is the name for messages, such as "barspan show";
 * each returns an exit status. */
#ifndef COMMAND_H
#define COMMAND_H

int cmd_show(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_read(int argc, char **argv);
int cmd_write(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_run(int argc, char **argv);

#endif
