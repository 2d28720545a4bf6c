/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of a driver without its card: nic-driver.c runs unchanged against
 * nic-model.c. It needs no privilege, and prints TAP.
 *
 *     cc -o nic-test nic-test.c nic-driver.c nic-model.c \
 *         $(pkg-config --cflags --libs barspan-trap)
 *
 * Under valgrind, add --vex-iropt-register-updates=allregs-at-mem-access and
 * --vex-guest-chase=no.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "nic-model.h"

enum { PACKETS = 6400, LENGTHS = 1400, SHORTEST = 60 };

/* The card has its own addresses, so the tests notice a driver that passes it a
 * pointer. */
#define BUS_ADDRESS UINT64_C(0x123400000)

static const uint8_t mac[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
static struct nic_model model;
static struct nic nic;
static unsigned int number, failures;

static void report(int good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++number, what);
	failures += !good;
}

#define EXPECT(good) \
	do { \
		if (!(good)) { \
			printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #good); \
			return 0; \
		} \
	} while (0)

/* Packet n has a length and contents of its own. */
static size_t make_packet(uint8_t *packet, uint64_t n)
{
	size_t length = SHORTEST + n % LENGTHS;

	for (size_t i = 0; i < length; i++)
		packet[i] = (uint8_t)(n * 7 + i);
	return length;
}

/* Called by the model, in the signal handler. */
static volatile unsigned int wrong_packets;

static void check_packet(struct nic_model *from, const uint8_t *packet, size_t length)
{
	uint8_t expected[SHORTEST + LENGTHS];

	wrong_packets += make_packet(expected, from->sent) != length ||
			 memcmp(packet, expected, length) != 0;
}

static int start_driver(void)
{
	return nic_start(&nic, nic_model_bar(&model), &model.memory, model.irq_fd);
}

/* Every test has a card of its own. */
static int open_card(void)
{
	model = (struct nic_model){
		.reset_reads = 3,
		.answers = UINT64_MAX,
		.has_link = true,
		.irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.memory = { aligned_alloc(64, NIC_MEMORY), BUS_ADDRESS },
		.on_packet = check_packet,
	};
	memcpy(model.mac, mac, sizeof(mac));
	wrong_packets = 0;
	if (model.irq_fd < 0 || !model.memory.bytes)
		return -ENOMEM;
	memset(model.memory.bytes, 0, NIC_MEMORY);
	return nic_model_open(&model);
}

static void close_card(void)
{
	nic_model_close(&model);
	free(model.memory.bytes);
	close(model.irq_fd);
}

static int it_starts(void)
{
	EXPECT(start_driver() == 0);
	EXPECT(model.enabled && model.tx_size == NIC_RING && model.irq_mask == NIC_IRQ_SENT);
	EXPECT(!memcmp(nic.mac, mac, sizeof(mac)));
	EXPECT(nic_has_link(&nic) == 1);
	model.has_link = false;
	EXPECT(nic_has_link(&nic) == 0);
	nic_stop(&nic);
	EXPECT(!model.enabled && !model.irq_mask);
	return 1;
}

static int packets_are_sent(void)
{
	uint8_t packet[SHORTEST + LENGTHS];
	struct timespec start, end;
	uint64_t bytes = 0;
	double seconds;

	EXPECT(start_driver() == 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (uint64_t n = 0; n < PACKETS; n++) {
		size_t length = make_packet(packet, n);

		EXPECT(nic_send(&nic, packet, length) == 0 && !model.broken_rule);
		bytes += length;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	EXPECT(model.sent == PACKETS && !wrong_packets);
	EXPECT(nic_update_statistics(&nic) == 0 && nic_update_statistics(&nic) == 0);
	EXPECT(nic.statistics.packets == PACKETS && nic.statistics.bytes == bytes);
	EXPECT(nic_send(&nic, packet, 0) == -EMSGSIZE);
	EXPECT(nic_send(&nic, packet, NIC_BUFFER + 1) == -EMSGSIZE);
	seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	printf("# %d packets in %.1f ms\n", PACKETS, seconds * 1e3);
	return 1;
}

static int a_full_ring_is_reported(void)
{
	uint8_t packet[SHORTEST + LENGTHS];
	uint64_t n = 0;

	EXPECT(start_driver() == 0);
	model.holds = true;
	while (n < NIC_RING && !nic_send(&nic, packet, make_packet(packet, n)))
		n++;
	EXPECT(n == NIC_RING - 1 && !model.sent);
	EXPECT(nic_send(&nic, packet, make_packet(packet, n)) == -EAGAIN);
	nic_model_resume(&model);
	EXPECT(nic_send(&nic, packet, make_packet(packet, n)) == 0);
	EXPECT(model.sent == NIC_RING && !wrong_packets);
	return 1;
}

static int interrupts_arrive(void)
{
	uint8_t packet[SHORTEST + LENGTHS];
	uint64_t times;

	EXPECT(start_driver() == 0);
	EXPECT(nic_wait_sent(&nic, 0) == -ETIMEDOUT);
	EXPECT(nic_send(&nic, packet, make_packet(packet, 0)) == 0);
	EXPECT(nic_wait_sent(&nic, 1000) == 0);
	EXPECT(nic_wait_sent(&nic, 0) == -ETIMEDOUT);
	nic_stop(&nic);
	EXPECT(read(model.irq_fd, &times, sizeof(times)) < 0 && errno == EAGAIN);
	return 1;
}

static int an_endless_reset_times_out(void)
{
	model.reset_reads = UINT32_MAX;
	EXPECT(start_driver() == -ETIMEDOUT);
	EXPECT(!model.enabled);
	return 1;
}

/* The card goes after each access of the start in turn. */
static int a_removed_card_is_noticed(void)
{
	uint64_t needed;

	EXPECT(start_driver() == 0);
	needed = model.accesses;
	for (uint64_t answers = 0; answers < needed; answers++) {
		model.accesses = 0;
		model.answers = answers;
		EXPECT(start_driver() == -ENODEV);
	}
	model.accesses = 0;
	model.answers = needed;
	EXPECT(start_driver() == 0);
	EXPECT(nic_has_link(&nic) == -ENODEV);
	EXPECT(nic_update_statistics(&nic) == -ENODEV);
	EXPECT(barspan_take_error(model.span, NULL) == -ENODEV);
	return 1;
}

static int one_failed_access_is_noticed(void)
{
	uint64_t offset = 0;

	EXPECT(start_driver() == 0);
	model.fails_next = true;
	EXPECT(nic_has_link(&nic) == -ENODEV);
	EXPECT(barspan_take_error(model.span, &offset) == -EIO && offset == NIC_STATUS);
	EXPECT(nic_has_link(&nic) == 1);
	EXPECT(barspan_take_error(model.span, NULL) == 0);
	return 1;
}

static const struct test {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "the driver starts the card", it_starts },
	{ "6400 packets are sent unchanged", packets_are_sent },
	{ "a full ring is reported", a_full_ring_is_reported },
	{ "interrupts arrive", interrupts_arrive },
	{ "an endless reset times out", an_endless_reset_times_out },
	{ "a removed card is noticed", a_removed_card_is_noticed },
	{ "one failed access is noticed", one_failed_access_is_noticed },
};

enum { TESTS = sizeof(tests) / sizeof(tests[0]) };

int main(void)
{
	for (size_t i = 0; i < TESTS; i++) {
		int r = open_card(), good;

		if (r == -EOPNOTSUPP) {
			printf("1..0 # SKIP the trap cannot serve accesses here\n");
			return 77;
		}
		if (r) {
			printf("Bail out! no card: %s\n", strerror(-r));
			return 1;
		}
		good = tests[i].run();
		if (model.broken_rule)
			printf("# rule broken at 0x%04x: %s\n", (unsigned int)model.broken_at,
			       model.broken_rule);
		report(good && !model.broken_rule, tests[i].name);
		close_card();
	}
	printf("1..%u\n", number);
	return failures ? 1 : 0;
}
