/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "words.h"

enum { QUIET_MS = 1000, INTERVAL_MS = 200 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_start(struct progress *progress, uint64_t total)
{
	*progress = (struct progress){ .total = total,
				       .wanted = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) };
	progress->next_ms = now_ms() + QUIET_MS;
}

void progress_show(struct progress *progress, uint64_t done)
{
	char part[WORDS_SIZE], whole[WORDS_SIZE];

	if (!progress->wanted || now_ms() < progress->next_ms)
		return;
	fprintf(stderr, "\r\033[Kbarspan: %3.0f %%, %s of %s",
		100.0 * (double)done / (double)progress->total, words_size(part, done),
		words_size(whole, progress->total));
	progress->next_ms = now_ms() + INTERVAL_MS;
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
