/* SPDX-License-Identifier: BSD-3-Clause */
#include "nic.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RESET_POLLS = 100, RESET_POLL_NANOSECONDS = 10000 };

/* Orders writes to memory before writes to the card. */
#if defined(__x86_64__) || defined(__i386__)
#define write_barrier() __asm__ __volatile__("" ::: "memory")
#elif defined(__aarch64__)
#define write_barrier() __asm__ __volatile__("dmb oshst" ::: "memory")
#else
#define write_barrier() __sync_synchronize()
#endif

static uint32_t read_reg(const struct nic *nic, unsigned int offset)
{
	return le32toh(*(volatile uint32_t *)(nic->bar + offset));
}

static uint64_t read_reg64(const struct nic *nic, unsigned int offset)
{
	return le64toh(*(volatile uint64_t *)(nic->bar + offset));
}

static void write_reg(struct nic *nic, unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(nic->bar + offset) = htole32(value);
}

/* A card that is gone reads all ones. */
static int is_gone(uint32_t value)
{
	return value == UINT32_MAX;
}

static int reset_card(struct nic *nic)
{
	static const struct timespec pause = { .tv_nsec = RESET_POLL_NANOSECONDS };
	uint32_t control;

	write_reg(nic, NIC_CONTROL, NIC_CONTROL_RESET);
	for (int i = 0; i < RESET_POLLS; i++) {
		control = read_reg(nic, NIC_CONTROL);
		if (is_gone(control))
			return -ENODEV;
		if (!(control & NIC_CONTROL_RESET))
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static void read_mac(struct nic *nic)
{
	uint32_t low = htole32(read_reg(nic, NIC_MAC_LOW));
	uint32_t high = htole32(read_reg(nic, NIC_MAC_HIGH));

	memcpy(nic->mac, &low, 4);
	memcpy(nic->mac + 4, &high, 2);
}

static void start_ring(struct nic *nic)
{
	nic->ring = (struct nic_descriptor *)(void *)nic->memory.bytes;
	nic->tail = 0;
	nic->oldest = 0;
	write_reg(nic, NIC_TX_BASE_LOW, (uint32_t)nic->memory.bus);
	write_reg(nic, NIC_TX_BASE_HIGH, (uint32_t)(nic->memory.bus >> 32));
	write_reg(nic, NIC_TX_SIZE, NIC_RING);
	write_reg(nic, NIC_TX_CONTROL, NIC_TX_CONTROL_ENABLE);
}

int nic_start(struct nic *nic, volatile void *bar, const struct nic_memory *memory, int irq_fd)
{
	int r;

	memset(nic, 0, sizeof(*nic));
	nic->bar = bar;
	nic->memory = *memory;
	nic->irq_fd = irq_fd;
	if (read_reg(nic, NIC_ID) != NIC_ID_VALUE)
		return -ENODEV;
	r = reset_card(nic);
	if (r)
		return r;
	read_mac(nic);
	start_ring(nic);
	write_reg(nic, NIC_IRQ_DISABLE, ~(uint32_t)NIC_IRQ_SENT);
	write_reg(nic, NIC_IRQ_ENABLE, NIC_IRQ_SENT);
	/* Also tells whether the card is still there. */
	return nic_update_statistics(nic);
}

static void reclaim_sent(struct nic *nic)
{
	while (nic->oldest != nic->tail &&
	       le16toh(__atomic_load_n(&nic->ring[nic->oldest].status, __ATOMIC_ACQUIRE)) &
		       NIC_DESCRIPTOR_DONE)
		nic->oldest = (nic->oldest + 1) % NIC_RING;
}

int nic_send(struct nic *nic, const void *packet, size_t length)
{
	size_t buffer = NIC_RING * sizeof(struct nic_descriptor) + (size_t)nic->tail * NIC_BUFFER;
	unsigned int next = (nic->tail + 1) % NIC_RING;
	struct nic_descriptor *descriptor = &nic->ring[nic->tail];

	if (!length || length > NIC_BUFFER)
		return -EMSGSIZE;
	reclaim_sent(nic);
	if (next == nic->oldest)
		return -EAGAIN;
	memcpy(nic->memory.bytes + buffer, packet, length);
	descriptor->address = htole64(nic->memory.bus + buffer);
	descriptor->length = htole16((uint16_t)length);
	descriptor->status = 0;
	nic->tail = next;
	write_barrier(); /* the card must see the descriptor before the doorbell */
	write_reg(nic, NIC_TX_TAIL, next);
	return 0;
}

int nic_wait_sent(struct nic *nic, int milliseconds)
{
	struct pollfd irq = { .fd = nic->irq_fd, .events = POLLIN };
	uint64_t times;
	uint32_t cause;

	for (;;) {
		if (poll(&irq, 1, milliseconds) <= 0 ||
		    read(nic->irq_fd, &times, sizeof(times)) != sizeof(times))
			return -ETIMEDOUT;
		cause = read_reg(nic, NIC_IRQ_CAUSE);
		if (is_gone(cause))
			return -ENODEV;
		if (cause & NIC_IRQ_SENT)
			return 0;
	}
}

int nic_has_link(const struct nic *nic)
{
	uint32_t status = read_reg(nic, NIC_STATUS);

	return is_gone(status) ? -ENODEV : !!(status & NIC_STATUS_LINK);
}

int nic_update_statistics(struct nic *nic)
{
	uint32_t packets = read_reg(nic, NIC_TX_PACKETS);
	uint64_t bytes = read_reg64(nic, NIC_TX_BYTES);

	/* Counters can be all ones. The identification cannot. */
	if (read_reg(nic, NIC_ID) != NIC_ID_VALUE)
		return -ENODEV;
	nic->statistics.packets += packets;
	nic->statistics.bytes += bytes;
	return 0;
}

void nic_stop(struct nic *nic)
{
	write_reg(nic, NIC_IRQ_DISABLE, UINT32_MAX);
	write_reg(nic, NIC_TX_CONTROL, 0);
}
