/* SPDX-License-Identifier: BSD-3-Clause */
/* The troubles of a step: a failing call, a limit of the process, a refusing
 * device or a faulty transport. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "soak.h"

struct soak_trouble soak_trouble;
enum soak_transport soak_transport;
unsigned int soak_transport_countdown;

enum { MAX_LIMIT = 1 << 17 }; /* mappings; more take too long to use up */

static struct rlimit as_before, nofile_before;
static bool as_is_low, nofile_is_low;
static struct soak_region *refusing;
static bool refused_before[SOAK_REGION_PAGES];

/* Reaches vm.max_map_count: adjacent pages have different protections. */
static uint8_t *filler;
static size_t filler_length;

static enum soak_trigger trigger_of(enum fake_call call)
{
	switch (call) {
	case FAKE_MMAP:
		return SOAK_FAIL_MMAP;
	case FAKE_MUNMAP:
		return SOAK_FAIL_MUNMAP;
	case FAKE_MPROTECT:
		return SOAK_FAIL_MPROTECT;
	case FAKE_MOVE_MAPPING:
		return SOAK_FAIL_MREMAP;
	default:
		return SOAK_FAIL_OTHER;
	}
}

static void fail_a_call(enum fake_call favourite)
{
	static const enum fake_call calls[] = {
		FAKE_MMAP,	   FAKE_MMAP,	 FAKE_MMAP, FAKE_MUNMAP, FAKE_MPROTECT,
		FAKE_MOVE_MAPPING, FAKE_MADVISE, FAKE_OPEN, FAKE_FSTAT,	 FAKE_IOCTL,
	};
	static const int errors[] = { -ENOMEM, -EPERM, -EIO, -EINVAL };
	enum fake_call call = calls[soak_random(sizeof(calls) / sizeof(calls[0]))];

	if (favourite != FAKE_CALLS && soak_chance(2))
		call = favourite;
	if (soak_without(trigger_of(call)))
		return;
	soak_failure.call = call;
	soak_failure.error = errors[soak_random(4)];
	soak_failure.late = !soak_chance(2) && !soak_without(SOAK_LATE);
	soak_failure.persists = soak_chance(3) && !soak_without(SOAK_PERSIST);
	soak_failure.countdown = 1 + soak_random(soak_chance(2) ? 3 : 12);
	soak_trouble.any = true;
	soak_trace("  trouble: call %d fails, the %luth%s%s, %d", call, soak_failure.countdown,
		   soak_failure.persists ? " and later" : "", soak_failure.late ? ", late" : "",
		   soak_failure.error);
}

static void fail_memory(void)
{
	enum fake_call call = soak_chance(2) ? FAKE_CALLOC : FAKE_REALLOC;
	unsigned long n = 1 + soak_random(5);

	if (soak_without(SOAK_MEMORY))
		return;
	fake_fail_call(call, n, -ENOMEM);
	soak_trouble.any = soak_trouble.injected = true;
	soak_trace("  trouble: the %luth %s fails", n, call == FAKE_CALLOC ? "calloc" : "realloc");
}

/* Leaves the process address space for a few more pages. */
static void limit_addresses(const struct soak_region *region)
{
	size_t most = region ? (size_t)(region->size / soak_page) + 1 : 12;
	char text[64] = "";
	struct rlimit limit;
	int fd;

	if (soak_without(SOAK_RLIMIT_AS) || harness_instrumented())
		return;
	fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		soak_fail("cannot read /proc/self/statm");
	close(fd);
	getrlimit(RLIMIT_AS, &as_before);
	limit = as_before;
	limit.rlim_cur = ((rlim_t)atol(text) + soak_random(soak_chance(3) ? 12 : most)) * soak_page;
	if (setrlimit(RLIMIT_AS, &limit))
		return;
	as_is_low = soak_trouble.any = soak_trouble.limited = true;
	soak_trace("  trouble: RLIMIT_AS");
}

static void limit_descriptors(void)
{
	struct rlimit limit;
	int fd;

	if (soak_without(SOAK_RLIMIT_NOFILE))
		return;
	fd = fcntl(0, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	close(fd);
	getrlimit(RLIMIT_NOFILE, &nofile_before);
	limit = nofile_before;
	limit.rlim_cur = (rlim_t)fd;
	setrlimit(RLIMIT_NOFILE, &limit);
	nofile_is_low = soak_trouble.any = soak_trouble.limited = true;
	soak_trouble.no_proc = true;
	soak_trace("  trouble: RLIMIT_NOFILE %d", fd);
}

static void change_transport(void)
{
	soak_transport = (enum soak_transport)(1 + soak_random(4));
	soak_transport_countdown = 1 + (unsigned int)soak_random(5);
	if ((soak_transport == SOAK_PIECES && soak_without(SOAK_TWO_PIECES)) ||
	    (soak_transport == SOAK_CALLS_BACK && soak_without(SOAK_CALLBACK)) ||
	    (soak_transport == SOAK_LATE_REFUSAL && soak_without(SOAK_LATE)))
		soak_transport = SOAK_EARLY;
	soak_trouble.any = soak_trouble.injected = true;
	soak_trace("  trouble: transport %d, the %uth", soak_transport, soak_transport_countdown);
}

/* Leaves the process a few mappings. */
static void use_mappings_up(void)
{
	size_t limit = harness_map_limit(), spare = soak_random(soak_chance(2) ? 4 : 60), n;

	soak_maps_read();
	n = limit > soak_n_maps + spare ? limit - soak_n_maps - spare : 0;
	filler_length = (n + 1) * soak_page;
	/* Away from the arena and from the addresses that the kernel
	 * chooses. */
	filler = mmap(soak_arena - (1 << 30), filler_length, PROT_NONE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	SOAK_EXPECT(filler != MAP_FAILED, "no addresses for the filler");
	for (size_t i = 1; i < n && !mprotect(filler + i * soak_page, soak_page, PROT_READ); i += 2)
		;
	soak_trouble.any = soak_trouble.limited = true;
	soak_trace("  trouble: about %zu mappings are left", spare);
}

/* Makes the device refuse some pages until the end of the step. */
static void refuse_for_now(struct soak_region *region)
{
	uint64_t one_in = 1 + soak_random(8);

	if (!region || soak_without(SOAK_REFUSE))
		return;
	refusing = region;
	memcpy(refused_before, region->refused, sizeof(refused_before));
	for (size_t i = 0; i < SOAK_REGION_PAGES; i++)
		region->refused[i] |= soak_chance(one_in);
	soak_trouble.any = soak_trouble.injected = true;
	soak_trace("  trouble: the device refuses a page in %" PRIu64, one_in);
}

void soak_trouble_begin(struct soak_region *region, enum fake_call call)
{
	memset(&soak_trouble, 0, sizeof(soak_trouble));
	soak_trouble.any = region && soak_refuses(region);
	if (soak_kind == SOAK_LIMIT && harness_map_limit() <= MAX_LIMIT && soak_chance(2))
		use_mappings_up();
	if (soak_without(SOAK_FAIL) || !soak_chance(2))
		return;
	switch (soak_random(10)) {
	case 0:
		fail_memory();
		break;
	case 1:
		limit_addresses(region);
		break;
	case 2:
		limit_descriptors();
		break;
	case 3:
		change_transport();
		break;
	case 4:
		soak_failure.no_proc = !soak_without(SOAK_NO_PROC);
		soak_trouble.any |= soak_failure.no_proc;
		soak_trouble.no_proc = soak_failure.no_proc;
		soak_trace("  trouble: no /proc");
		if (soak_chance(2))
			fail_a_call(call);
		break;
	case 5:
		refuse_for_now(region);
		if (soak_chance(2))
			fail_a_call(call);
		break;
	default:
		fail_a_call(call);
	}
}

void soak_trouble_end(void)
{
	if (as_is_low)
		setrlimit(RLIMIT_AS, &as_before);
	if (nofile_is_low)
		setrlimit(RLIMIT_NOFILE, &nofile_before);
	as_is_low = nofile_is_low = false;
	if (refusing)
		memcpy(refusing->refused, refused_before, sizeof(refused_before));
	refusing = NULL;
	memset(&soak_failure, 0, sizeof(soak_failure));
	soak_failure.call = FAKE_CALLS;
	fake_fail_call(FAKE_CALLOC, 0, 0);
	fake_fail_call(FAKE_REALLOC, 0, 0);
	soak_transport = SOAK_NORMAL;
	if (filler)
		munmap(filler, filler_length);
	filler = NULL;
}
