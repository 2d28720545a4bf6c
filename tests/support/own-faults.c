/* SPDX-License-Identifier: BSD-3-Clause */
/* For programs that handle faults themselves. */

/* The program's own handlers, not the sanitizer's, handle faults. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0:use_sigaltstack=0";
}
const char *__tsan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0";
}
