/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks are called in the trap's signal handler, in the thread that has
 * made the access. They record the first rule that the driver breaks, and the
 * test reports it.
 */
#include "nic-model.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static void break_rule(struct nic_model *model, const char *rule, uint64_t at)
{
	if (model->broken_rule)
		return;
	model->broken_rule = rule;
	model->broken_at = at;
}

/* The card's way to memory. */
static void *find_memory(const struct nic_model *model, uint64_t address, uint64_t length)
{
	uint64_t offset = address - model->memory.bus;

	return offset < NIC_MEMORY && length <= NIC_MEMORY - offset ? model->memory.bytes + offset
								    : NULL;
}

static bool send_packet(struct nic_model *model, uint64_t address)
{
	struct nic_descriptor *descriptor = find_memory(model, address, sizeof(*descriptor));
	uint16_t length = descriptor ? le16toh(descriptor->length) : 0;
	void *packet = length ? find_memory(model, le64toh(descriptor->address), length) : NULL;

	if (!packet) {
		break_rule(model, "descriptors and packets are in memory of the card", NIC_TX_TAIL);
		return false;
	}
	if (descriptor->status)
		break_rule(model, "descriptors have status 0 when the doorbell rings", NIC_TX_TAIL);
	model->on_packet(model, packet, length);
	model->sent++;
	model->packets++;
	model->bytes += length;
	descriptor->status = htole16(NIC_DESCRIPTOR_DONE);
	return true;
}

static void raise_irq(struct nic_model *model, uint32_t cause)
{
	static const uint64_t once = 1;

	model->irq_cause |= cause;
	if (model->irq_cause & model->irq_mask &&
	    write(model->irq_fd, &once, sizeof(once)) != sizeof(once))
		break_rule(model, "interrupts are taken", NIC_IRQ_CAUSE);
}

static void send_packets(struct nic_model *model)
{
	if (model->head == model->tail)
		return;
	for (; model->head != model->tail; model->head = (model->head + 1) % model->tx_size)
		if (!send_packet(model,
				 model->tx_base + model->head * sizeof(struct nic_descriptor)))
			return;
	raise_irq(model, NIC_IRQ_SENT);
}

static void ring_doorbell(struct nic_model *model, uint32_t tail)
{
	if (!model->enabled || tail >= model->tx_size) {
		break_rule(model, "the tail is in a ring that is enabled", NIC_TX_TAIL);
		return;
	}
	model->tail = tail;
	if (!model->holds)
		send_packets(model);
}

void nic_model_resume(struct nic_model *model)
{
	model->holds = false;
	send_packets(model);
}

static void reset_model(struct nic_model *model)
{
	model->reset_left = model->reset_reads;
	model->enabled = false;
	model->irq_cause = model->irq_mask = model->packets = 0;
	model->tx_base = model->bytes = 0;
	model->tx_size = model->head = model->tail = 0;
}

static uint32_t read_control(struct nic_model *model)
{
	if (model->reset_left)
		model->reset_left--;
	return model->reset_left ? NIC_CONTROL_RESET : 0;
}

static uint32_t take_counter(uint32_t *counter)
{
	uint32_t value = *counter;

	*counter = 0;
	return value;
}

static uint32_t read_mac(const struct nic_model *model, size_t first, size_t length)
{
	uint32_t value = 0;

	memcpy(&value, model->mac + first, length);
	return le32toh(value);
}

static uint64_t read_register(struct nic_model *model, uint64_t offset)
{
	uint64_t value;

	switch (offset) {
	case NIC_ID:
		return NIC_ID_VALUE;
	case NIC_CONTROL:
		return read_control(model);
	case NIC_STATUS:
		return model->has_link ? NIC_STATUS_LINK : 0;
	case NIC_IRQ_CAUSE:
		return take_counter(&model->irq_cause);
	case NIC_MAC_LOW:
		return read_mac(model, 0, 4);
	case NIC_MAC_HIGH:
		return read_mac(model, 4, 2);
	case NIC_TX_PACKETS:
		return take_counter(&model->packets);
	case NIC_TX_BYTES:
		value = model->bytes;
		model->bytes = 0;
		return value;
	default:
		break_rule(model, "reads are of registers that can be read", offset);
		return 0;
	}
}

static void write_ring_register(struct nic_model *model, uint64_t offset, uint32_t value)
{
	if (model->enabled && offset != NIC_TX_CONTROL)
		break_rule(model, "an enabled ring is not changed", offset);
	if (offset == NIC_TX_BASE_LOW)
		model->tx_base = (model->tx_base & ~(uint64_t)UINT32_MAX) | value;
	else if (offset == NIC_TX_BASE_HIGH)
		model->tx_base = (uint32_t)model->tx_base | (uint64_t)value << 32;
	else if (offset == NIC_TX_SIZE)
		model->tx_size = value;
	else
		model->enabled = value & NIC_TX_CONTROL_ENABLE;
}

static void write_register(struct nic_model *model, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case NIC_CONTROL:
		if (value & NIC_CONTROL_RESET)
			reset_model(model);
		return;
	case NIC_IRQ_ENABLE:
		model->irq_mask |= value;
		return;
	case NIC_IRQ_DISABLE:
		model->irq_mask &= ~value;
		return;
	case NIC_TX_BASE_LOW:
	case NIC_TX_BASE_HIGH:
	case NIC_TX_SIZE:
	case NIC_TX_CONTROL:
		write_ring_register(model, offset, value);
		return;
	case NIC_TX_TAIL:
		ring_doorbell(model, value);
		return;
	default:
		break_rule(model, "writes are to registers that can be written", offset);
	}
}

/* What all accesses have in common. Returns the error of the access, or 0. */
static int begin_access(struct nic_model *model, uint64_t offset, size_t length)
{
	bool fails = model->fails_next;

	model->fails_next = false;
	if (model->accesses++ >= model->answers)
		return -ENODEV;
	if (fails)
		return -EIO;
	if (model->reset_left && offset != NIC_CONTROL && offset != NIC_ID)
		break_rule(model, "no other register is accessed during a reset", offset);
	if (length != (offset == NIC_TX_BYTES ? 8 : 4))
		break_rule(model, "accesses are as wide as the register", offset);
	return 0;
}

static int on_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	struct nic_model *model = context;
	int r = begin_access(model, offset, length);
	uint64_t value;

	if (r)
		return r; /* the driver reads all ones */
	value = htole64(read_register(model, offset));
	memset(buffer, 0, length);
	memcpy(buffer, &value, length < sizeof(value) ? length : sizeof(value));
	return 0;
}

static int on_write(void *context, uint64_t offset, const void *buffer, size_t length)
{
	struct nic_model *model = context;
	int r = begin_access(model, offset, length);
	uint32_t value = 0;

	if (r)
		return r; /* the write is lost */
	memcpy(&value, buffer, length < sizeof(value) ? length : sizeof(value));
	write_register(model, offset, le32toh(value));
	return 0;
}

int nic_model_open(struct nic_model *model)
{
	/* Without BARSPAN_REGION_MMAP no part of it can be mapped: all is one
	 * hole, and every access calls a hook. */
	const struct barspan_soft_region bar = {
		.size = NIC_BAR_SIZE,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
		.read = on_read,
		.write = on_write,
		.context = model,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&bar, 1);
	const struct barspan_trap_options trap = { .size = sizeof(trap),
						   .flags = BARSPAN_TRAP_EMULATE };
	int r = barspan_device_open_soft(&model->device, &options);

	if (r)
		return r;
	r = barspan_map(&model->span, model->device, 0, NULL);
	barspan_device_close(model->device); /* the span holds it */
	if (r)
		return r;
	r = barspan_trap_enable(&trap);
	if (r)
		barspan_unmap(model->span);
	return r;
}

void nic_model_close(struct nic_model *model)
{
	barspan_trap_disable();
	barspan_unmap(model->span);
}

volatile void *nic_model_bar(struct nic_model *model)
{
	return barspan_base(model->span);
}
