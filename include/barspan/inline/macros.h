/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How functions are declared whose bodies are in this folder. They are static
 * and always inline. With BARSPAN_NO_INLINE defined before the first header,
 * they are ordinary functions of the library, their bodies and the structures
 * that these need are left out, and struct barspan is opaque: for bindings to
 * other languages and for checkers.
 *
 * The library itself defines BARSPAN_OUT_OF_LINE_ once, to compile the bodies
 * into these ordinary functions.
 */
#ifndef BARSPAN_INLINE_MACROS_H
#define BARSPAN_INLINE_MACROS_H

#define BARSPAN_HELPER_ static __inline__ __attribute__((always_inline, unused))

#if defined(BARSPAN_NO_INLINE) || defined(BARSPAN_OUT_OF_LINE_)
#define BARSPAN_INLINE_
#else
#define BARSPAN_INLINE_ BARSPAN_HELPER_
#endif

#endif
