/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes each system call and allocation of each public function fail, once or
 * permanently. */
#include <errno.h>
#include <sys/mman.h>

#include "support/fixture.h"
#include "support/scenario.h"
#include "util/sys.h"

static void prepare_scenario(const struct scenario *scenario)
{
	device = FIXTURE_UNTOUCHED;
	span = FIXTURE_UNTOUCHED;
	if (scenario->act == act_open) {
		fixture_play_vfio(true);
		return;
	}
	ck_assert_zero(scenario->open(&device));
	if (scenario->map_first)
		ck_assert_zero(act_map(scenario));
	if (scenario->suspend_first)
		ck_assert_zero(barspan_suspend(span));
}

static void clean_up(void)
{
	if (span != FIXTURE_UNTOUCHED)
		barspan_unmap(span);
	if (device != FIXTURE_UNTOUCHED)
		barspan_device_close(device);
	fake_reset();
}

/* Whether a failure may have no effect. Without addresses for a trial mapping,
 * resume restores access to the old mappings. Suspend and resume have spare
 * memory for their tables. */
static bool may_go_unnoticed(const struct scenario *scenario, enum fake_call call, int error)
{
	if (scenario->act == act_suspend)
		return call == FAKE_CALLOC;
	return scenario->act == act_resume &&
	       (call == FAKE_CALLOC ||
		(error == -ENOMEM && (call == FAKE_MMAP || call == FAKE_MADVISE)));
}

/* Whether the function may return `r` if the n-th call fails with `error`. */
static bool is_right(const struct scenario *scenario, int r, enum fake_call call, int error,
		     bool once)
{
	if (r == error)
		return true;
	if (call == FAKE_CALLOC || call == FAKE_REALLOC || !once)
		if (r == -ENOMEM)
			return true;
	/* Files other than VFIO devices answer the first ioctl so. */
	if (call == FAKE_IOCTL && scenario->act == act_open && error == -EPERM && r == -ENOTTY)
		return true;
	/* Under valgrind only /proc shows whether a range is still reserved,
	 * and here all calls fail. */
	return !once && scenario->options && r == -EEXIST && scenario->options->address &&
	       sys_under_valgrind();
}

/* After the failure has passed, everything works. */
static void check_recovery(const struct scenario *scenario, int r, bool once)
{
	/* A suspend that could not be undone. See
	 * a_failed_suspend_can_be_retried(). */
	if (r && scenario->act == act_suspend && !once)
		r = barspan_resume(span);
	if (r && scenario->act == act_map && scenario->options->address && !once &&
	    sys_under_valgrind())
		munmap(scenario->options->address, FIXTURE_PAGES * sys_page_size());
	if (r) {
		ck_assert_ptr_eq(span, scenario->map_first ? span : FIXTURE_UNTOUCHED);
		ck_assert_ptr_eq(device, scenario->act == act_open ? FIXTURE_UNTOUCHED : device);
		ck_assert_zero(scenario->act(scenario));
	}
	if (span == FIXTURE_UNTOUCHED)
		return;
	fixture_check(span);
	ck_assert_zero(barspan_suspend(span));
	fixture_check(span);
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_NONE), 0);
	ck_assert_zero(barspan_resume(span));
	fixture_check(span);
	/* Independent extents that count as lost cannot be mapped again. */
	if (once || !scenario->options || !(scenario->options->flags & BARSPAN_INDEPENDENT))
		ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED), 0);
	ck_assert_uint_ge(harness_count_extents(span, BARSPAN_REASON_NONE), 1);
}

/* Under valgrind, without /proc, reserved addresses may remain that look like
 * another mapping. Nothing accessible may remain. */
static void check_nothing_left(const char *before, const char *after, bool once,
			       enum fake_call call)
{
	char *lines, *rest;

	if (!strcmp(before, after))
		return;
	ck_assert_msg(sys_under_valgrind() && !once &&
			      (call == FAKE_MMAP || call == FAKE_MOVE_MAPPING),
		      "left:\n%swas:\n%s", after, before);
	lines = strdup(after);
	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		ck_assert_msg(strstr(before, line) || strstr(line, " ---"), "left: %s", line);
	free(lines);
}

/* The number of calls that can fail. */
static unsigned long failable_calls(void)
{
	return fake_total() - fake_count(FAKE_MUNMAP);
}

/* The number of such calls without a failure. */
static unsigned long count_calls(const struct scenario *scenario)
{
	unsigned long before, n;

	prepare_scenario(scenario);
	before = failable_calls();
	ck_assert_zero(scenario->act(scenario));
	n = failable_calls() - before;
	clean_up();
	return n;
}

/* Makes the n-th of `usual` calls fail. Returns the kind of the call. If it
 * fails permanently, `first` gives the kind. */
static enum fake_call fail_nth(const struct scenario *scenario, unsigned long n,
			       unsigned long usual, int error, bool once, enum fake_call first)
{
	char *before = harness_snapshot(), *after;
	unsigned long before_act;
	enum fake_call call;
	int r;

	prepare_scenario(scenario);
	before_act = failable_calls();
	fake_fail(n, error, once);
	r = scenario->act(scenario);
	fake_fail(0, 0, 1);
	call = once ? fake_failed() : first;
	ck_assert_int_ne(fake_failed(), FAKE_CALLS);
	ck_assert_msg(!r || is_right(scenario, r, call, error, once),
		      "%s, call %lu of kind %d fails with %d (%s): %d", scenario->name, n, call,
		      error, once ? "once" : "permanently", r);
	/* One area is a hole, or the library has taken another way, with more
	 * calls. The way to a character device has as many calls if the group's
	 * node is not permitted as if it is missing. */
	ck_assert_msg(r || failable_calls() - before_act > usual ||
			      may_go_unnoticed(scenario, call, error) ||
			      (scenario->open == fixture_open_pci_cdev && call == FAKE_OPEN &&
			       error == -EPERM && once) ||
			      (scenario->act != act_open &&
			       harness_count_extents(span, BARSPAN_REASON_FAILED)),
		      "%s, call %lu of kind %d fails with %d (%s): no effect", scenario->name, n,
		      call, error, once ? "once" : "permanently");
	check_recovery(scenario, r, once);
	clean_up();
	after = harness_snapshot();
	check_nothing_left(before, after, once, call);
	if (scenario->options && scenario->options->address && !once)
		munmap(scenario->options->address, FIXTURE_PAGES * sys_page_size());
	free(before);
	free(after);
	return call;
}

static void fail_all(const struct scenario *scenario)
{
	static const int errors[] = { -ENOMEM, -EPERM, -EIO };
	size_t n_errors = harness_instrumented() ? 1 : 3;
	unsigned long usual;

	fake_reset();
	fixture_play_vfio(true); /* makes the memory, which exists before and after */
	usual = count_calls(scenario);
	/* Other devices have calls without any system call. */
	ck_assert(usual || scenario->open != fixture_open_vfio);
	for (unsigned long n = 1; n <= usual; n++)
		for (size_t i = 0; i < n_errors; i++) {
			enum fake_call call =
				fail_nth(scenario, n, usual, errors[i], true, FAKE_CALLS);

			fail_nth(scenario, n, usual, errors[i], false, call);
		}
	fake_reset();
	fixture_end();
}

START_TEST(a_device_that_cannot_be_opened_leaves_nothing_behind)
{
	static const struct scenario scenarios[] = {
		{ .name = "open_soft", .open = fixture_open_soft, .act = act_open },
		{ .name = "open_ops", .open = fixture_open_ops, .act = act_open },
		{ .name = "open_vfio", .open = fixture_open_vfio, .act = act_open },
		{ .name = "open_pci, group", .open = fixture_open_pci_group, .act = act_open },
		{ .name = "open_pci, character device",
		  .open = fixture_open_pci_cdev,
		  .act = act_open },
	};

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		fail_all(&scenarios[i]);
}
END_TEST

/* The options of the scenarios. Some depend on the page size and on
 * addresses. */
enum { PLAIN, STRICT, INDEPENDENT, WINDOW, AT_ADDRESS, REPLACE, ALIGNED, KINDS };

static struct barspan_options options[KINDS];

static void make_options(void)
{
	static struct barspan_range hole;
	size_t page = sys_page_size();

	hole = (struct barspan_range){ 10 * page + 5, 1 };
	for (int i = 0; i < KINDS; i++)
		options[i].size = sizeof(options[i]);
	options[STRICT].flags = BARSPAN_STRICT;
	options[INDEPENDENT].flags = BARSPAN_INDEPENDENT;
	options[WINDOW].offset = 2 * page;
	options[WINDOW].length = 9 * page + 7;
	options[WINDOW].holes = &hole;
	options[WINDOW].n_holes = 1;
	options[AT_ADDRESS].address = options[REPLACE].address = fixture_address();
	options[REPLACE].flags = BARSPAN_FIXED;
	options[ALIGNED].alignment = 1 << 22;
}

static int (*const kinds_of_device[])(struct barspan_device **out) = { fixture_open_soft,
								       fixture_open_ops,
								       fixture_open_vfio };
enum { DEVICES = sizeof(kinds_of_device) / sizeof(kinds_of_device[0]) };

static void fail_all_with(struct scenario scenario)
{
	char name[80];

	make_options();
	for (int i = 0; i < DEVICES; i++)
		for (int j = 0; j < KINDS; j++) {
			snprintf(name, sizeof(name), "%s, device %d, options %d", scenario.name, i,
				 j);

			struct scenario one = scenario;

			one.name = name;
			one.open = kinds_of_device[i];
			one.options = &options[j];
			fail_all(&one);
		}
}

START_TEST(a_failed_map_leaves_nothing_behind)
{
	fail_all_with((struct scenario){ .name = "map", .act = act_map });
}
END_TEST

START_TEST(a_failed_suspend_leaves_nothing_behind)
{
	fail_all_with(
		(struct scenario){ .name = "suspend", .map_first = true, .act = act_suspend });
}
END_TEST

static int refuse_mprotect(void *address, size_t length, int prot)
{
	(void)address;
	(void)length;
	(void)prot;
	return -EPERM;
}

/* mprotect fails, and undoing it fails, too: the span counts as suspended, but
 * its holes can be read. */
START_TEST(a_failed_suspend_can_be_retried)
{
	make_options();
	ck_assert_zero(fixture_open_soft(&device));
	ck_assert_zero(barspan_map(&span, device, 1, &options[PLAIN]));
	fake_hooks.mprotect = refuse_mprotect;
	ck_assert_int_eq(barspan_suspend(span), -EPERM);
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	fixture_check(span);
	clean_up();
}
END_TEST

START_TEST(a_failed_resume_leaves_nothing_behind)
{
	fail_all_with((struct scenario){
		.name = "resume", .map_first = true, .suspend_first = true, .act = act_resume });
}
END_TEST

START_TEST(failures_of_accesses_and_descriptions_are_returned)
{
	static int (*const acts[])(const struct scenario *scenario) = {
		act_region, act_read, act_read32, act_write, act_device_access,
	};

	make_options();
	for (int i = 0; i < DEVICES; i++)
		for (size_t j = 0; j < sizeof(acts) / sizeof(acts[0]); j++)
			fail_all(&(struct scenario){ .name = "access",
						     .open = kinds_of_device[i],
						     .options = &options[PLAIN],
						     .map_first = acts[j] != act_region &&
								  acts[j] != act_device_access,
						     .act = acts[j] });
}
END_TEST

/* Each operation of a transport fails once. A failed map leaves a gap. */
START_TEST(a_failed_transport_leaves_nothing_behind)
{
	/* The description; then four extents. The first has two areas, which
	 * the library tries one by one. */
	static const struct {
		int r;
		size_t failed;
	} wanted[] = {
		{ -EIO, 0 }, { 0, 0 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 0, 0 },
	};

	for (unsigned long n = 1; n <= 6; n++) {
		ck_assert_zero(fixture_open_ops(&device));
		fixture_fail_operation(n, -EIO);
		ck_assert_int_eq(barspan_map(&span, device, 1, NULL), wanted[n - 1].r);
		fixture_fail_operation(0, 0);
		if (!wanted[n - 1].r) {
			ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED),
					  wanted[n - 1].failed);
			fixture_check(span);
			barspan_unmap(span);
		}
		barspan_device_close(device);
	}
	fixture_end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault");

	harness_add(suite, "fault",
		    (const TTest *const[]){ a_device_that_cannot_be_opened_leaves_nothing_behind,
					    a_failed_map_leaves_nothing_behind,
					    a_failed_suspend_leaves_nothing_behind,
					    a_failed_suspend_can_be_retried,
					    a_failed_resume_leaves_nothing_behind,
					    failures_of_accesses_and_descriptions_are_returned,
					    a_failed_transport_leaves_nothing_behind, NULL });
	return harness_run(suite);
}
