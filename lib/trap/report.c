/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/report.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <barspan/span.h>

#include "util/sys.h"
#include "trap/module.h"
#include "trap/scratch.h"
#include "trap/table.h"

/* The process's index in the table plus one; 0 if it has none. A child of
 * fork(2) gets a zeroed copy, and so an index of its own. */
static uint32_t *own_process;

/* Shared with other processes; or private and zeroed in a child, since the
 * parent reports its own counts. */
static struct table *table;
static bool is_shared;

/* An access with everything that identifies its row. */
struct seen {
	uint64_t key;
	uintptr_t pc;
	uint64_t offset; /* in the region */
	size_t width;
	uint32_t process;
	unsigned int region;
	enum report_access access;
	const char *device;
};

static uint64_t mix_in(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Rows with equal keys would be counted as one. With 64 bits such a collision
 * is negligible. */
static uint64_t key_of(const struct seen *seen)
{
	uint64_t hash = mix_in(mix_in(1, seen->pc), seen->process);

	hash = mix_in(hash, (uint64_t)seen->width << 32 | seen->region << 1 | seen->access);
	for (const char *c = seen->device; *c; c++)
		hash = mix_in(hash, (unsigned char)*c);
	return hash ? hash : 1;
}

static uint64_t load_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store_word(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static bool swap_word(uint64_t *word, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

static bool swap_state(uint32_t *state, enum table_state from, enum table_state to)
{
	uint32_t before = from;

	return __atomic_compare_exchange_n(state, &before, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

static bool is_ready(const uint32_t *state)
{
	return __atomic_load_n(state, __ATOMIC_ACQUIRE) == TABLE_READY;
}

static void set_ready(uint32_t *state)
{
	__atomic_store_n(state, TABLE_READY, __ATOMIC_RELEASE);
}

static void copy_name(char *to, const char *from, size_t capacity)
{
	size_t n = strlen(from);

	/* The end of a long name says more than its start. */
	if (n >= capacity)
		from += n - (capacity - 1);
	memcpy(to, from, n < capacity ? n + 1 : capacity);
}

/* The index of a name in the table; 0 if the table is full. */
static uint16_t object_number(struct table *t, const char *path)
{
	for (uint16_t i = 1; i < TABLE_OBJECTS; i++) {
		struct table_object *object = &t->objects[i];

		if (swap_state(&object->state, TABLE_FREE, TABLE_CLAIMED)) {
			copy_name(object->path, path, sizeof(object->path));
			set_ready(&object->state);
			return i;
		}
		if (is_ready(&object->state) && !strncmp(object->path, path, sizeof(object->path)))
			return i;
	}
	return 0;
}

static uint16_t device_number(struct table *t, const char *name)
{
	for (uint16_t i = 1; i < TABLE_DEVICES; i++) {
		struct table_device *device = &t->devices[i];

		if (swap_state(&device->state, TABLE_FREE, TABLE_CLAIMED)) {
			copy_name(device->name, name, sizeof(device->name));
			set_ready(&device->state);
			return i;
		}
		if (is_ready(&device->state) && !strncmp(device->name, name, sizeof(device->name)))
			return i;
	}
	return 0;
}

/* Adds this process to the table, unless another thread has just done so. */
static uint32_t register_process(struct table *t)
{
	uint32_t i = 1, none = 0;

	while (i < TABLE_PROCESSES &&
	       !swap_state(&t->processes[i].state, TABLE_FREE, TABLE_CLAIMED))
		i++;
	i %= TABLE_PROCESSES;
	if (i) {
		t->processes[i].pid = getpid();
		if (sys_readlink("/proc/self/exe", t->processes[i].program, TABLE_PATH))
			copy_name(t->processes[i].program, "?", TABLE_PATH);
		set_ready(&t->processes[i].state);
	}
	if (__atomic_compare_exchange_n(own_process, &none, i + 1, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED))
		return i;
	if (i)
		__atomic_store_n(&t->processes[i].state, TABLE_FREE, __ATOMIC_RELEASE);
	return none - 1;
}

static uint32_t process_number(struct table *t)
{
	uint32_t known = __atomic_load_n(own_process, __ATOMIC_RELAXED);

	return known ? known - 1 : register_process(t);
}

/* Finds the file of the instruction; stays 0 if no scratch buffer is free. */
static void find_place(struct table *t, struct table_row *row)
{
	struct module *module = scratch_take();

	row->object = 0;
	row->offset = 0;
	if (!module)
		return;
	module_find(module, (uintptr_t)row->pc);
	if (module_is_file(module))
		row->object = object_number(t, module->path);
	if (row->object)
		row->offset = row->pc - module->start + module->offset;
	scratch_give(module);
}

static void fill_row(struct table *t, struct table_row *row, const struct seen *seen)
{
	row->pc = seen->pc;
	row->width = (uint32_t)seen->width;
	row->process = (uint16_t)seen->process;
	row->region = (uint16_t)seen->region;
	row->access = seen->access;
	row->device = device_number(t, seen->device);
	find_place(t, row);
	set_ready(&row->state);
}

/* Reuses a row for another instruction. Fails if another thread is reusing
 * it. */
static bool replace_row(struct table *t, struct table_row *row, const struct seen *seen)
{
	if (!swap_state(&row->state, TABLE_READY, TABLE_CLAIMED))
		return false;
	store_word(&row->error, load_word(&row->count));
	store_word(&row->end, 0);
	store_word(&row->unstart, 0);
	for (size_t i = 0; i < TABLE_REGISTERS; i++) {
		store_word(&row->registers[i], 0);
		store_word(&row->counts[i], 0);
		store_word(&row->errors[i], 0);
	}
	__atomic_store_n(&row->key, seen->key, __ATOMIC_RELEASE);
	fill_row(t, row, seen);
	return true;
}

/* Finds the row of an access. Returns NULL if another thread is reusing the row
 * that this one would reuse. */
static struct table_row *row_of(struct table *t, const struct seen *seen)
{
	struct table_row *least = NULL;

	for (size_t i = 0; i < TABLE_PROBES; i++) {
		struct table_row *row = &t->rows[(seen->key + i) % TABLE_ROWS];
		uint64_t there = load_word(&row->key);

		if (!there && swap_word(&row->key, 0, seen->key)) {
			fill_row(t, row, seen);
			return row;
		}
		if (load_word(&row->key) == seen->key)
			return row;
		if (!least || load_word(&row->count) < load_word(&least->count))
			least = row;
	}
	return replace_row(t, least, seen) ? least : NULL;
}

static void raise_word(uint64_t *word, uint64_t value)
{
	uint64_t now = load_word(word);

	while (now < value && !__atomic_compare_exchange_n(word, &now, value, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void count_register(struct table_row *row, uint64_t offset)
{
	uint64_t key = offset + 1;
	size_t least = 0, i;

	for (i = 0; i < TABLE_REGISTERS; i++) {
		uint64_t there = load_word(&row->registers[i]);

		if (there == key || (!there && swap_word(&row->registers[i], 0, key)))
			break;
		if (load_word(&row->counts[i]) < load_word(&row->counts[least]))
			least = i;
	}
	if (i == TABLE_REGISTERS) {
		i = least;
		if (swap_word(&row->registers[i], load_word(&row->registers[i]), key))
			store_word(&row->errors[i], load_word(&row->counts[i]));
	}
	__atomic_fetch_add(&row->counts[i], 1, __ATOMIC_RELAXED);
}

void report_count(uintptr_t pc, const struct barspan *span, uint64_t offset,
		  enum report_access access, size_t width)
{
	struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	struct seen seen = {
		.pc = pc,
		.offset = barspan_region_offset(span) + offset,
		.width = width,
		.access = access,
		.region = barspan_region_index(span),
		.device = barspan_device_name(barspan_device_of(span)),
	};
	struct table_row *row;

	if (!t)
		return;
	seen.process = process_number(t);
	seen.key = key_of(&seen);
	row = row_of(t, &seen);
	if (!row) {
		__atomic_fetch_add(&t->lost, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_fetch_add(&row->count, 1, __ATOMIC_RELAXED);
	raise_word(&row->end, seen.offset + (width ? width : 1));
	raise_word(&row->unstart, ~seen.offset);
	count_register(row, seen.offset);
}

void report_failed(void)
{
	struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);

	if (t)
		__atomic_fetch_add(&t->failed, 1, __ATOMIC_RELAXED);
}

void report_rescued(void)
{
	struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);

	if (t)
		__atomic_fetch_add(&t->rescued, 1, __ATOMIC_RELAXED);
}

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t report_begin(void)
{
	const struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);

	return t && load_word(&t->timed) ? clock_now() : 0;
}

void report_end(uint64_t begin)
{
	struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);

	if (begin && t)
		__atomic_fetch_add(&t->nanoseconds, clock_now() - begin, __ATOMIC_RELAXED);
}

/* Maps zeroed memory that fork(2) zeroes in the child. Kernels before 4.14 do
 * not support this; there a child continues with its parent's counts. */
static int map_wiped(void **out, size_t length)
{
	int r = sys_mmap(out, NULL, length, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (!r)
		sys_madvise(*out, length, MADV_WIPEONFORK);
	return r;
}

static int prepare_process(void)
{
	void *memory;
	int r = own_process ? 0 : map_wiped(&memory, sys_page_size());

	if (!r && !own_process)
		own_process = memory;
	return r;
}

int report_prepare(void)
{
	void *memory;
	int r = prepare_process();

	if (r || table)
		return r;
	r = map_wiped(&memory, sizeof(*table));
	if (!r)
		__atomic_store_n(&table, memory, __ATOMIC_RELEASE);
	return r;
}

int report_share(int fd)
{
	uint64_t head[2];
	void *memory;
	char last;
	int r = prepare_process();

	if (!r)
		r = sys_pread(fd, head, sizeof(head), 0);
	if (!r && (head[0] != TABLE_MAGIC || head[1] != sizeof(*table) ||
		   sys_pread(fd, &last, 1, head[1] - 1)))
		r = -EPROTO;
	if (!r)
		r = sys_mmap(&memory, NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			     0);
	if (r)
		return r;
	is_shared = true;
	__atomic_store_n(&table, memory, __ATOMIC_RELEASE);
	return 0;
}

const struct table *report_table(bool *shared)
{
	const struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);

	*shared = is_shared;
	return t;
}
