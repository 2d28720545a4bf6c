/* SPDX-License-Identifier: BSD-3-Clause */
#include "register.h"

#include "arguments.h"

void register_parse(struct access *access, struct argp_state *state, const char *text)
{
	if (!state->arg_num)
		target_parse(&access->target, state, text);
	else if (state->arg_num == 1)
		access->region = argument_region(state, text);
	else
		access->offset = argument_number(state, "OFFSET", text);
}

void register_parse_end(struct argp_state *state)
{
	static const char *const names[] = { "DEVICE", "REGION", "OFFSET" };

	if (state->arg_num < sizeof(names) / sizeof(names[0]))
		argument_refuse_lack(state, names[state->arg_num]);
}

int register_read(const struct access *access, struct barspan *span, uint64_t *value)
{
	switch (access->width) {
	case 8:
		*value = barspan_read8(span, access->offset);
		break;
	case 16:
		*value = barspan_read16(span, access->offset);
		break;
	case 32:
		*value = barspan_read32(span, access->offset);
		break;
	default:
		*value = barspan_read64(span, access->offset);
	}
	return barspan_take_error(span, NULL);
}

int register_write(const struct access *access, struct barspan *span, uint64_t value)
{
	switch (access->width) {
	case 8:
		barspan_write8(span, access->offset, (uint8_t)value);
		break;
	case 16:
		barspan_write16(span, access->offset, (uint16_t)value);
		break;
	case 32:
		barspan_write32(span, access->offset, (uint32_t)value);
		break;
	default:
		barspan_write64(span, access->offset, value);
	}
	return barspan_take_error(span, NULL);
}
