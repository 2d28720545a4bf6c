// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vfio-pci variant driver that makes chosen BARs sparse.
 *
 * It stands in for hardware whose driver lets user space map only parts of a
 * BAR: region info carries VFIO_REGION_INFO_CAP_SPARSE_MMAP with the areas
 * named in a module parameter, and mmap of anything else is refused.
 * vfio-pci-core does all other work. For tests only.
 *
 *   areas=0000:00:05.0/2:0+0x1000,0x3000+0x1000;0000:00:06.0/0:
 *
 * makes BAR 2 of 00:05.0 sparse with two areas, and BAR 0 of 00:06.0 sparse
 * with none. Areas are reported exactly as written, in that order: a test can
 * have a kernel that reports malformed ones.
 *
 *   refuse=0000:00:05.0/2:0x3000+0x1000
 *
 * makes mmap of anything that overlaps 0x3000+0x1000 fail with ENXIO, even in a
 * reported area.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "areas.h"

#define MAX_TEXT		32768
#define MAX_IDS_TEXT		1024
#define MAX_NAME		32

static char areas_text[MAX_TEXT];
module_param_string(areas, areas_text, sizeof(areas_text), 0);
MODULE_PARM_DESC(areas, "DDDD:BB:DD.F/BAR:[OFFSET+LENGTH[,...]][;...]: sparse BARs and their areas");

static char refuse_text[MAX_TEXT];
module_param_string(refuse, refuse_text, sizeof(refuse_text), 0);
MODULE_PARM_DESC(refuse, "as areas: ranges of BARs of which mmap is refused");

static char ids_text[MAX_IDS_TEXT];
module_param_string(ids, ids_text, sizeof(ids_text), 0);
MODULE_PARM_DESC(ids, "vendor:device[:subvendor[:subdevice[:class[:class_mask]]]][,...]: devices to bind");

static char name_text[MAX_NAME] = "barspan-vfio-pci";
module_param_string(name, name_text, sizeof(name_text), 0444);
MODULE_PARM_DESC(name, "name to register the driver under (default barspan-vfio-pci)");

struct barspan_device {
	struct vfio_pci_core_device core;
	const struct bar_areas *sparse[PCI_STD_NUM_BARS];	/* NULL: not sparse */
	const struct bar_areas *refused[PCI_STD_NUM_BARS];	/* NULL: nothing is */
};

/* Only module init writes these, before the driver is registered. */
static struct bar_list sparse_bars;
static struct bar_list refused_bars;

static struct barspan_device *to_barspan(struct vfio_device *vdev)
{
	return container_of(vdev, struct barspan_device, core.vdev);
}

/* Region info. */

static const struct bar_areas *sparse_bar_at(struct barspan_device *device, unsigned int index)
{
	/* Without FLAG_MMAP by the core there is nothing to restrict. */
	if (index >= PCI_STD_NUM_BARS || !device->core.bar_mmap_supported[index])
		return NULL;
	return device->sparse[index];
}

static int add_msix_mappable(struct vfio_info_cap *caps)
{
	struct vfio_info_cap_header header = {
		.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
		.version = 1,
	};

	return vfio_info_add_capability(caps, &header, sizeof(header));
}

static int add_sparse_mmap(struct vfio_info_cap *caps, const struct bar_areas *bar)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	size_t size = struct_size(sparse, areas, bar->n_areas);
	unsigned int i;
	int ret;

	sparse = kzalloc(size, GFP_KERNEL);
	if (!sparse)
		return -ENOMEM;
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = bar->n_areas;
	for (i = 0; i < bar->n_areas; i++) {
		sparse->areas[i].offset = bar->areas[i].offset;
		sparse->areas[i].size = bar->areas[i].length;
	}
	ret = vfio_info_add_capability(caps, &sparse->header, size);
	kfree(sparse);
	return ret;
}

static int add_caps(struct barspan_device *device, struct vfio_info_cap *caps,
		    const struct bar_areas *bar)
{
	int ret = 0;

	if (bar->bar == device->core.msix_bar)
		ret = add_msix_mappable(caps);
	return ret ? ret : add_sparse_mmap(caps, bar);
}

/*
 * Answers like vfio_pci_core_ioctl() for a mappable BAR, with one capability
 * more. The core copies its finished chain to user space: nothing can be added
 * afterwards.
 */
static int answer_region_info(struct barspan_device *device, struct vfio_region_info *info,
			      void __user *arg, const struct bar_areas *bar)
{
	struct vfio_info_cap caps = {};
	int ret;

	ret = add_caps(device, &caps, bar);
	if (ret)
		goto out;
	info->size = pci_resource_len(device->core.pdev, bar->bar);
	info->offset = VFIO_PCI_INDEX_TO_OFFSET(bar->bar);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		      VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < sizeof(*info) + caps.size) {
		info->argsz = sizeof(*info) + caps.size;
		info->cap_offset = 0;
	} else {
		vfio_info_cap_shift(&caps, sizeof(*info));
		if (copy_to_user(arg + sizeof(*info), caps.buf, caps.size)) {
			ret = -EFAULT;
			goto out;
		}
		info->cap_offset = sizeof(*info);
	}
	ret = copy_to_user(arg, info, sizeof(*info)) ? -EFAULT : 0;
out:
	kfree(caps.buf);
	return ret;
}

static long barspan_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct barspan_device *device = to_barspan(vdev);
	const struct bar_areas *bar;
	struct vfio_region_info info;

	if (cmd != VFIO_DEVICE_GET_REGION_INFO)
		return vfio_pci_core_ioctl(vdev, cmd, arg);
	if (copy_from_user(&info, (void __user *)arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info))
		return -EINVAL;
	bar = sparse_bar_at(device, info.index);
	if (!bar)
		return vfio_pci_core_ioctl(vdev, cmd, arg);
	return answer_region_info(device, &info, (void __user *)arg, bar);
}

/* mmap. */

static bool is_refused(struct barspan_device *device, unsigned long index, u64 start, u64 length)
{
	const struct bar_areas *bar = index < PCI_STD_NUM_BARS ? device->refused[index] : NULL;
	unsigned int i;

	for (i = 0; bar && i < bar->n_areas; i++)
		if (start < bar->areas[i].offset + bar->areas[i].length &&
		    bar->areas[i].offset < start + length)
			return true;
	return false;
}

static int barspan_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	const unsigned int shift = VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT;
	struct barspan_device *device = to_barspan(vdev);
	unsigned long index = vma->vm_pgoff >> shift;
	u64 start = (u64)(vma->vm_pgoff & ((1UL << shift) - 1)) << PAGE_SHIFT;
	u64 length = vma->vm_end - vma->vm_start;
	const struct bar_areas *bar;

	bar = index < PCI_STD_NUM_BARS ? sparse_bar_at(device, index) : NULL;
	if (bar) {
		u64 size = pci_resource_len(device->core.pdev, index);

		if (covered_until(bar, size, start) < start + length)
			return -EINVAL;
	}
	if (is_refused(device, index, start, length))
		return -ENXIO;
	return vfio_pci_core_mmap(vdev, vma);
}

/* The driver, as in vfio-pci. */

static int barspan_open_device(struct vfio_device *vdev)
{
	struct barspan_device *device = to_barspan(vdev);
	int ret;

	ret = vfio_pci_core_enable(&device->core);
	if (ret)
		return ret;
	vfio_pci_core_finish_enable(&device->core);
	return 0;
}

static const struct vfio_device_ops barspan_ops = {
	.name		= "barspan-vfio-pci",
	.init		= vfio_pci_core_init_dev,
	.release	= vfio_pci_core_release_dev,
	.open_device	= barspan_open_device,
	.close_device	= vfio_pci_core_close_device,
	.ioctl		= barspan_ioctl,
	.device_feature	= vfio_pci_core_ioctl_feature,
	.read		= vfio_pci_core_read,
	.write		= vfio_pci_core_write,
	.mmap		= barspan_mmap,
	.request	= vfio_pci_core_request,
	.match		= vfio_pci_core_match,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	.bind_iommufd	= vfio_iommufd_physical_bind,
	.unbind_iommufd	= vfio_iommufd_physical_unbind,
	.attach_ioas	= vfio_iommufd_physical_attach_ioas,
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	.detach_ioas	= vfio_iommufd_physical_detach_ioas,
#endif
};

static int barspan_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct barspan_device *device;
	int ret;

	device = vfio_alloc_device(barspan_device, core.vdev, &pdev->dev, &barspan_ops);
	if (IS_ERR(device))
		return PTR_ERR(device);
	find_bars(device->sparse, &sparse_bars, pdev);
	find_bars(device->refused, &refused_bars, pdev);
	dev_set_drvdata(&pdev->dev, &device->core);
	ret = vfio_pci_core_register_device(&device->core);
	if (ret)
		vfio_put_device(&device->core.vdev);
	return ret;
}

static void barspan_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

/* No id table: devices are bound by driver_override or the ids parameter. */
static struct pci_driver barspan_driver = {
	.name			= name_text,
	.probe			= barspan_probe,
	.remove			= barspan_remove,
	.err_handler		= &vfio_pci_core_err_handlers,
	.driver_managed_dma	= true,
};

static int add_id(const char *text)
{
	unsigned int vendor, device, subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID;
	unsigned int class = 0, class_mask = 0;

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &vendor, &device, &subvendor,
		   &subdevice, &class, &class_mask) < 2)
		return -EINVAL;
	return pci_add_dynid(&barspan_driver, vendor, device, subvendor,
			     subdevice, class, class_mask, 0);
}

static int add_ids(void)
{
	char *rest = ids_text;
	char *item;
	int ret;

	while ((item = strsep(&rest, ","))) {
		if (!*item)
			continue;
		ret = add_id(item);
		if (ret) {
			pr_err("cannot add id \"%s\"\n", item);
			return ret;
		}
	}
	return 0;
}

static bool name_is_valid(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

static int __init barspan_init(void)
{
	int ret;

	if (!name_is_valid(name_text))
		return -EINVAL;
	ret = parse_bars(&sparse_bars, areas_text);
	if (ret)
		goto err_free_bars;
	ret = parse_bars(&refused_bars, refuse_text);
	if (ret)
		goto err_free_bars;
	ret = pci_register_driver(&barspan_driver);
	if (ret)
		goto err_free_bars;
	ret = add_ids();
	if (ret)
		goto err_unregister;
	return 0;

err_unregister:
	pci_unregister_driver(&barspan_driver);
err_free_bars:
	free_bars(&refused_bars);
	free_bars(&sparse_bars);
	return ret;
}
module_init(barspan_init);

static void __exit barspan_exit(void)
{
	pci_unregister_driver(&barspan_driver);
	free_bars(&refused_bars);
	free_bars(&sparse_bars);
}
module_exit(barspan_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("vfio-pci variant driver that makes BARs sparse, for tests");
