/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Macros for the declarations of functions whose bodies are in this directory.
 * By default these are static and always inline. If BARSPAN_NO_INLINE is
 * defined before the first header is included, they are ordinary functions of
 * the library. Their bodies and the structures for these are then left out, and
 * struct barspan is opaque. This is for bindings to other languages and for
 * checkers.
 *
 * The library itself defines BARSPAN_OUT_OF_LINE_ once, to compile the bodies
 * as ordinary functions.
 */
#ifndef BARSPAN_INLINE_MACROS_H
#define BARSPAN_INLINE_MACROS_H

/* Around the declarations of a header: C linkage and default visibility. */
#ifdef __cplusplus
#define BARSPAN_BEGIN_DECLS_ \
	_Pragma("GCC visibility push(default)") extern "C" \
	{
#define BARSPAN_END_DECLS_ \
	} \
	_Pragma("GCC visibility pop")
#else
#define BARSPAN_BEGIN_DECLS_ _Pragma("GCC visibility push(default)")
#define BARSPAN_END_DECLS_ _Pragma("GCC visibility pop")
#endif

#define BARSPAN_HELPER_ static __inline__ __attribute__((always_inline, unused))

#if defined(BARSPAN_NO_INLINE) || defined(BARSPAN_OUT_OF_LINE_)
#define BARSPAN_INLINE_
#else
#define BARSPAN_INLINE_ BARSPAN_HELPER_
#endif

#endif
