/* SPDX-License-Identifier: GPL-2.0-only */
/* BARs and areas of them, from module parameters. */
#ifndef BARSPAN_AREAS_H
#define BARSPAN_AREAS_H

#include <linux/types.h>

#define MAX_BARS		64

struct pci_dev;

struct area {
	u64 offset;
	u64 length;
};

/* One BAR of one device, and areas of it. */
struct bar_areas {
	unsigned int domain;
	unsigned int bus;
	unsigned int devfn;
	unsigned int bar;
	unsigned int n_areas;
	struct area *areas;
};

struct bar_list {
	struct bar_areas bars[MAX_BARS];
	unsigned int n;
};

/* Parses DDDD:BB:DD.F/BAR:[OFFSET+LENGTH[,...]][;...], and writes to the text. */
int parse_bars(struct bar_list *list, char *rest);
void free_bars(struct bar_list *list);

/* Stores the device's BARs into found[], by number. */
void find_bars(const struct bar_areas **found, const struct bar_list *list, struct pci_dev *pdev);

/* The end of the areas that cover the BAR from start on without a gap. */
u64 covered_until(const struct bar_areas *bar, u64 bar_size, u64 start);

#endif
