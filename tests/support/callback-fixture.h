/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport that runs a test's functions inside its own `map` and `close`. */
#ifndef CALLBACK_FIXTURE_H
#define CALLBACK_FIXTURE_H

#include <semaphore.h>
#include <stdbool.h>

#include "harness.h"

enum { RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE, PAGES = 4 };

extern size_t page;
extern int memory;
extern struct barspan_device *device;
extern char *before;

/* `map` calls the first before it maps, `close` calls the second. NULL: no
 * call. */
extern void (*inside_map)(void), (*inside_close)(void);
extern bool is_refusing; /* `map` fails */
extern struct barspan *span, *other;
extern const struct barspan_device_ops ops;

void set_up(void);

void tear_down(void);

extern int results[8]; /* results of the calls inside `map` */
extern sem_t entered, go;

#endif
