/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model of the card's registers, behind an address that the driver takes for
 * BAR 0. Every load and store of the driver there calls the model.
 */
#ifndef NIC_MODEL_H
#define NIC_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <barspan.h>

#include "nic.h"

/* The compiler keeps the order of volatile accesses. It does not know that an
 * access to a register of the card calls the model, and could move ordinary
 * ones past it. */
struct nic_model {
	/* The test sets these. */
	volatile unsigned int reset_reads; /* reads of NIC_CONTROL that a reset takes */
	volatile uint64_t answers;	   /* accesses until the card is gone */
	volatile bool fails_next;	   /* the next access fails with -EIO */
	volatile bool holds;		   /* the card does not send, see nic_model_resume() */
	volatile bool has_link;
	uint8_t mac[6];
	int irq_fd;
	struct nic_memory memory; /* all memory that the card can reach */
	void (*on_packet)(struct nic_model *model, const uint8_t *packet, size_t length);

	/* The test looks at these. */
	const char *volatile broken_rule; /* the first that the driver has broken, or NULL */
	volatile uint64_t broken_at;	  /* the register */
	volatile uint64_t sent, accesses;
	volatile bool enabled; /* the ring */
	volatile uint32_t tx_size, irq_mask;

	/* Registers and the parts of the model. */
	uint32_t reset_left, irq_cause, packets, head, tail;
	uint64_t bytes, tx_base;
	struct barspan_device *device;
	struct barspan *span;
};

/* Maps the model and enables the trap. -EOPNOTSUPP: this machine, or this build
 * of libbarspan-trap, cannot serve plain loads and stores. */
int nic_model_open(struct nic_model *model);
void nic_model_close(struct nic_model *model);

/* What the driver takes for BAR 0. */
volatile void *nic_model_bar(struct nic_model *model);

/* Ends `holds`: the card sends all packets that it was handed. */
void nic_model_resume(struct nic_model *model);

#endif
