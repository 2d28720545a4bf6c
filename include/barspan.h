/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libbarspan: a contiguous view of a PCI BAR of which VFIO lets a process map
 * only parts.
 *
 * This header includes every topic. Start with barspan(7); the topics are
 *
 *     device.h   the sources of regions: VFIO, or a transport of your own
 *     soft.h     regions made of memory, to test drivers without hardware
 *     span.h     map a region as one range of addresses, suspend and resume it, unmap it
 *     guard.h    ask which offsets are mapped (direct) and which are holes, and why
 *     io.h       register accessors that work on both
 *     mmap.h     the drop-in: mmap(2) as it was, over holes
 *     ptr.h      register accessors by address
 *     log.h      hear what the library has to say; it never prints
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

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs, such as "0.1.0"; BARSPAN_VERSION is
 * that of these headers. Safe anywhere. */
#pragma GCC visibility push(default)
const char *barspan_version(void);
#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
