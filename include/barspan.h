/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libbarspan: a contiguous view of a PCI BAR that VFIO can map only in parts.
 *
 * This header includes all others. Start with barspan(7).
 *
 *     device.h   sources of regions: VFIO devices and your own transports
 *     soft.h     software devices, to test drivers without hardware
 *     span.h     map a region as a span; suspend, resume and unmap it
 *     guard.h    query which offsets are direct and which are holes, and why
 *     io.h       register accessors by offset
 *     mmap.h     drop-in functions for mmap(2) and munmap(2)
 *     ptr.h      register accessors by address
 *     log.h      a callback for messages; the library never prints
 *     trap.h     serve or explain raw loads and stores in holes
 */
#ifndef BARSPAN_H
#define BARSPAN_H

#include <barspan/device.h>
#include <barspan/guard.h>
#include <barspan/io.h>
#include <barspan/log.h>
#include <barspan/mmap.h>
#include <barspan/ptr.h>
#include <barspan/soft.h>
#include <barspan/span.h>
#include <barspan/trap.h>

#define BARSPAN_VERSION_MAJOR 0
#define BARSPAN_VERSION_MINOR 1
#define BARSPAN_VERSION_MICRO 0
#define BARSPAN_VERSION "0.1.0"

BARSPAN_BEGIN_DECLS_

/* The version of the library at run time, such as "0.1.0"; BARSPAN_VERSION is
 * the version of these headers. Safe anywhere. */
const char *barspan_version(void);

BARSPAN_END_DECLS_

#endif
