/* SPDX-License-Identifier: BSD-3-Clause */
/* A span to suspend, and checks of it while it is suspended and afterwards. */
#ifndef SUSPEND_FIXTURE_H
#define SUSPEND_FIXTURE_H

#include <stdint.h>

#include "harness.h"

enum { MAPPABLE = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP, SIZE = 0x8000 };

extern const struct barspan_range areas[3];
extern struct barspan_device *device;
extern struct barspan *span;

void set_up(unsigned int flags);

void tear_down(void);

enum barspan_reason reason_at(uint64_t offset);

volatile uint8_t *span_base(void);

void expect_suspended(void);

void expect_resumed(void);

/* For fake_hooks.mmap: refuses every mapping of a file. */
int refuse_device(void **out, void *address, size_t length, int prot, int flags, int fd,
		  uint64_t offset);

/* For fake_hooks.mprotect: after `protects` is set to 0, the first call
 * succeeds and all later calls fail. */
extern unsigned int protects;
int protect_once(void *address, size_t length, int prot);

#endif
