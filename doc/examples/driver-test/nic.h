/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver for a small network card, which does not exist. The driver knows
 * nothing of libbarspan.
 */
#ifndef NIC_H
#define NIC_H

#include <stddef.h>
#include <stdint.h>

/* Registers: offsets in BAR 0. All are 32 bits wide, except NIC_TX_BYTES. */
enum {
	NIC_ID = 0x0000,
	NIC_CONTROL = 0x0004, /* NIC_CONTROL_RESET clears itself when the reset is done */
	NIC_STATUS = 0x0008,
	NIC_IRQ_CAUSE = 0x0010,	  /* a read clears it */
	NIC_IRQ_ENABLE = 0x0014,  /* write 1 to set a bit of the mask */
	NIC_IRQ_DISABLE = 0x0018, /* write 1 to clear a bit of the mask */
	NIC_MAC_LOW = 0x0100,
	NIC_MAC_HIGH = 0x0104,
	NIC_TX_PACKETS = 0x0200, /* a read clears it */
	NIC_TX_BYTES = 0x0208,	 /* 64 bits; a read clears it */
	NIC_TX_BASE_LOW = 0x1000,
	NIC_TX_BASE_HIGH = 0x1004,
	NIC_TX_SIZE = 0x1008, /* descriptors in the ring, a power of two */
	NIC_TX_CONTROL = 0x100c,
	NIC_TX_TAIL = 0x2000, /* doorbell: the first descriptor that is not ready */
	NIC_BAR_SIZE = 0x4000,
};

enum {
	NIC_ID_VALUE = 0x4e494331,
	NIC_CONTROL_RESET = 1 << 0,
	NIC_STATUS_LINK = 1 << 0,
	NIC_IRQ_SENT = 1 << 0,
	NIC_TX_CONTROL_ENABLE = 1 << 0,
	NIC_DESCRIPTOR_DONE = 1 << 0,
	NIC_RING = 256,	   /* descriptors in this driver's ring */
	NIC_BUFFER = 2048, /* bytes of a packet, at most */
};

/* Little-endian, in memory that the card reads and writes. */
struct nic_descriptor {
	uint64_t address; /* on the bus */
	uint16_t length;
	uint16_t status; /* NIC_DESCRIPTOR_DONE: the card has sent the packet */
	uint32_t reserved;
};

/* Memory that the card can reach: NIC_MEMORY bytes at `bytes`, which the card
 * finds at the address `bus`. */
struct nic_memory {
	uint8_t *bytes;
	uint64_t bus;
};

enum { NIC_MEMORY = NIC_RING * (sizeof(struct nic_descriptor) + NIC_BUFFER) };

struct nic_statistics {
	uint64_t packets, bytes;
};

struct nic {
	volatile uint8_t *bar;
	struct nic_memory memory;
	struct nic_descriptor *ring; /* at the start of the memory; the buffers follow */
	unsigned int tail, oldest;   /* next to use; oldest that may be unsent */
	int irq_fd;		     /* an eventfd */
	uint8_t mac[6];
	struct nic_statistics statistics;
};

/* Resets the card and starts its ring. -ENODEV: it is not this card, or gone;
 * -ETIMEDOUT: the reset does not complete. */
int nic_start(struct nic *nic, volatile void *bar, const struct nic_memory *memory, int irq_fd);

/* Copies a packet and passes it to the card. -EMSGSIZE: too long, or empty;
 * -EAGAIN: the ring is full. */
int nic_send(struct nic *nic, const void *packet, size_t length);

/* Waits until the card has sent something. -ETIMEDOUT; -ENODEV: it is gone. */
int nic_wait_sent(struct nic *nic, int milliseconds);

/* Returns 1: there is a link; 0: there is none; -ENODEV: the card is gone. */
int nic_has_link(const struct nic *nic);

/* Adds what the card has counted since the last call. -ENODEV: it is gone. */
int nic_update_statistics(struct nic *nic);

void nic_stop(struct nic *nic);

#endif
