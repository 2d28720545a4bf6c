/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first failed access to a span. An accessor may run in a signal handler
 * and cannot log there. The next call outside of a handler logs the failure.
 */
#include <barspan/io.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "span/span.h"
#include "util/border.h"
#include "util/fork.h"
#include "util/log.h"

/* Taken to read or take a failure. Accesses do not take it. */
static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;

PROTECT_ACROSS_FORK(failure_lock, 101);

enum { CAUSE_TEXT = 64 };

/* Returns whether the span has a failure. *is_first tells whether it must be
 * logged. */
static bool read_failure(struct span *span, bool take, struct access_failure *out, bool *is_first)
{
	bool known;

	pthread_mutex_lock(&failure_lock);
	known = __atomic_load_n(&span->failure.state, __ATOMIC_ACQUIRE) == FAILURE_KNOWN;
	*is_first = known && !span->failure_logged;
	if (known) {
		*out = span->failure;
		span->failure_logged = true;
		if (take)
			__atomic_store_n(&span->failure.state, FAILURE_NONE, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&failure_lock);
	return known;
}

/* The cause of a failure that the library itself has found, before it asked the
 * device; otherwise "". */
static const char *describe_cause(char text[CAUSE_TEXT], const struct span *span,
				  const struct access_failure *failure)
{
	int prot = failure->is_write ? PROT_WRITE : PROT_READ;

	text[0] = '\0';
	if (failure->error == -ERANGE)
		snprintf(text, CAUSE_TEXT, ": past the end of the span at 0x%" PRIx64,
			 span->window.offset + span->window.length);
	else if (failure->error == -EACCES && !(span->prot & prot))
		snprintf(text, CAUSE_TEXT, ": the span is mapped without %s",
			 failure->is_write ? "PROT_WRITE" : "PROT_READ");
	return text;
}

static void log_failure(const struct span *span, const struct access_failure *failure)
{
	char text[CAUSE_TEXT];

	log_error("%s region %u: %u-byte %s at 0x%" PRIx64 " failed: %s%s", span->window.device,
		  span->index, failure->width, failure->is_write ? "write" : "read",
		  span->window.offset + failure->offset, log_error_name(failure->error),
		  describe_cause(text, span, failure));
}

void span_log_failure(struct span *span)
{
	struct access_failure failure;
	bool is_first;

	if (read_failure(span, false, &failure, &is_first) && is_first)
		log_failure(span, &failure);
}

int barspan_take_error(struct barspan *span, uint64_t *offset)
{
	BORDER();
	struct access_failure failure;
	bool is_first;

	if (!read_failure(to_span(span), true, &failure, &is_first))
		return 0;
	if (is_first)
		log_failure(to_span(span), &failure);
	if (offset)
		*offset = failure.offset;
	return failure.error;
}
