// SPDX-License-Identifier: GPL-2.0-only
/* The parameters "areas" and "refuse" of the variant driver. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "areas.h"

#define MAX_AREAS		1024

static int parse_area(const char *text, struct area *out)
{
	char buffer[48];
	char *length;
	int ret;

	if (strscpy(buffer, text, sizeof(buffer)) < 0)
		return -EINVAL;
	length = strchr(buffer, '+');
	if (!length)
		return -EINVAL;
	*length++ = '\0';
	ret = kstrtou64(buffer, 0, &out->offset);
	return ret ? ret : kstrtou64(length, 0, &out->length);
}

static unsigned int count_items(const char *list)
{
	unsigned int n = *list ? 1 : 0;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

static int parse_areas(struct bar_areas *bar, char *list)
{
	unsigned int i, n = count_items(list);
	int ret;

	if (n > MAX_AREAS)
		return -E2BIG;
	if (!n)
		return 0;
	bar->areas = kcalloc(n, sizeof(*bar->areas), GFP_KERNEL);
	if (!bar->areas)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		ret = parse_area(strsep(&list, ","), &bar->areas[i]);
		if (ret)
			return ret;
	}
	bar->n_areas = n;
	return 0;
}

static int parse_bar(struct bar_areas *bar, char *text)
{
	unsigned int device, function;
	int used = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x/%1u:%n", &bar->domain, &bar->bus,
		   &device, &function, &bar->bar, &used) != 5 || !used)
		return -EINVAL;
	if (device > 31 || function > 7 || bar->bar >= PCI_STD_NUM_BARS)
		return -EINVAL;
	bar->devfn = PCI_DEVFN(device, function);
	return parse_areas(bar, text + used);
}

void free_bars(struct bar_list *list)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		kfree(list->bars[i].areas);
}

int parse_bars(struct bar_list *list, char *rest)
{
	char *item;
	int ret;

	while ((item = strsep(&rest, ";"))) {
		if (!*item)
			continue;
		if (list->n == MAX_BARS)
			return -E2BIG;
		ret = parse_bar(&list->bars[list->n++], item);
		if (ret) {
			pr_err("cannot parse areas at \"%.64s\"\n", item);
			return ret;
		}
	}
	return 0;
}

void find_bars(const struct bar_areas **found, const struct bar_list *list, struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < list->n; i++) {
		const struct bar_areas *bar = &list->bars[i];

		if (bar->domain == pci_domain_nr(pdev->bus) &&
		    bar->bus == pdev->bus->number && bar->devfn == pdev->devfn)
			found[bar->bar] = bar;
	}
}

/*
 * End of the area, or 0 for one that overflows and permits nothing. An area up
 * to the BAR's end includes the rest of the BAR's last page: vfio-pci-core keeps
 * it free of other devices.
 */
static u64 area_end(const struct area *area, u64 bar_size)
{
	u64 end;

	if (check_add_overflow(area->offset, area->length, &end))
		return 0;
	return end >= bar_size ? PAGE_ALIGN(bar_size) : end;
}

u64 covered_until(const struct bar_areas *bar, u64 bar_size, u64 start)
{
	bool moved;
	unsigned int i;

	do {
		moved = false;
		for (i = 0; i < bar->n_areas; i++) {
			const struct area *area = &bar->areas[i];
			u64 end = area_end(area, bar_size);

			if (area->length && area->offset <= start && start < end) {
				start = end;
				moved = true;
			}
		}
	} while (moved);
	return start;
}
