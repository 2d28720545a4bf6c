/* SPDX-License-Identifier: BSD-3-Clause */
/* Replaces libFuzzer: replays the files of the folder FUZZ_CORPUS, and then a
 * fixed sequence of random mutations of them. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

enum { MAX_SEEDS = 64, MAX_BYTES = 8192, MUTATIONS = 200000 };

struct seed {
	size_t size;
	uint8_t bytes[MAX_BYTES];
};

static struct seed seeds[MAX_SEEDS];
static size_t n_seeds;
static uint64_t state = 1;

/* SplitMix64. */
static uint64_t next_random(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_seed(const char *name)
{
	struct seed *seed = &seeds[n_seeds];
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", FUZZ_CORPUS, name);
	file = fopen(path, "re");
	if (!file)
		return;
	seed->size = fread(seed->bytes, 1, sizeof(seed->bytes), file);
	fclose(file);
	n_seeds++;
}

/* Changes a few bytes, numbers or the size, and mixes in parts of another
 * seed. */
static void mutate_seed(struct seed *seed)
{
	static const uint64_t numbers[] = { 0,
					    1,
					    16,
					    4095,
					    4096,
					    4097,
					    0x10000,
					    UINT32_MAX,
					    INT64_MAX,
					    UINT64_MAX,
					    UINT64_MAX - 4095 };

	for (uint64_t n = 1 + next_random() % 6; n; n--) {
		size_t room = seed->size ? seed->size : 1, at = next_random() % room,
		       length = (size_t)1 << next_random() % 4;
		const struct seed *other = &seeds[next_random() % n_seeds];
		uint64_t value = numbers[next_random() % (sizeof(numbers) / sizeof(numbers[0]))];

		if (length > seed->size - (at < seed->size ? at : seed->size))
			length = 0;
		switch (next_random() % 6) {
		case 0:
			seed->bytes[at] ^= (uint8_t)(1 << next_random() % 8);
			break;
		case 1:
			seed->bytes[at] = (uint8_t)next_random();
			break;
		case 2:
			memcpy(seed->bytes + at, &value, length);
			break;
		case 3:
			value = next_random();
			memcpy(seed->bytes + at, &value, length);
			break;
		case 4:
			seed->size = next_random() % 4 ? seed->size + next_random() % 24
						       : next_random() % (seed->size + 1);
			seed->size = seed->size < MAX_BYTES ? seed->size : MAX_BYTES;
			break;
		default:
			if (other->size > at && other->size - at >= length)
				memcpy(seed->bytes + at, other->bytes + at, length);
		}
	}
}

int main(void)
{
	static struct seed changed;
	const char *preload = getenv("LD_PRELOAD");
	struct dirent **names;
	int n = scandir(FUZZ_CORPUS, &names, NULL, by_name);
	int mutations = preload && strstr(preload, "vgpreload") ? MUTATIONS / 100 : MUTATIONS;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..2\n");
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' && n_seeds < MAX_SEEDS)
			load_seed(names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	for (size_t i = 0; i < n_seeds; i++)
		LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].size);
	printf("%sok 1 - %zu seeds of " FUZZ_CORPUS "\n", n_seeds ? "" : "not ", n_seeds);
	for (int i = 0; n_seeds && i < mutations; i++) {
		changed = seeds[next_random() % n_seeds];
		mutate_seed(&changed);
		LLVMFuzzerTestOneInput(changed.bytes, changed.size);
	}
	printf("%sok 2 - %d mutations of them\n", n_seeds ? "" : "not ", mutations);
	return n_seeds ? EXIT_SUCCESS : EXIT_FAILURE;
}
