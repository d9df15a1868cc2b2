// SPDX-License-Identifier: GPL-2.0
/*
 * The state that a driver saved when it took a device, to restore it when it
 * gives the device back. A driver that takes over a running device can't save
 * it anew, so it inherits what its predecessor saved.
 *
 * The layout of a saved state is in <linux/kho/abi/vfio_pci.h>, "saved-state".
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>

#include "liveupdate.h"
#include "pci.h"

/* What a driver's open and close have to do with; not whether it runs. */
#define COMMAND_MASK	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY |		\
			 PCI_COMMAND_INVALIDATE | PCI_COMMAND_PARITY |	\
			 PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)

#define COMMAND_WORD	(PCI_COMMAND / 4)
#define CACHE_WORD	(PCI_CACHE_LINE_SIZE / 4)
#define CACHE_MASK	0xffff	/* and the latency timer; not BIST and type */

struct saved_ser {
	__be32 command;
	__be32 cache;
};

struct saved_cap_ser {
	__be16 number;
	__be16 extended;
	__be32 len;
	u8 data[];
};

static size_t saved_size(struct pci_dev *pdev)
{
	struct pci_cap_saved_state *cap;
	size_t size = sizeof(struct saved_ser);

	hlist_for_each_entry(cap, &pdev->saved_cap_space, next)
		size += sizeof(struct saved_cap_ser) + cap->cap.size;
	return size;
}

static void saved_write(struct pci_dev *pdev, void *data)
{
	struct saved_ser *ser = data;
	struct saved_cap_ser *to = data + sizeof(*ser);
	struct pci_cap_saved_state *cap;

	ser->command = cpu_to_be32(pdev->saved_config_space[COMMAND_WORD] &
				   COMMAND_MASK);
	ser->cache = cpu_to_be32(pdev->saved_config_space[CACHE_WORD] &
				 CACHE_MASK);
	hlist_for_each_entry(cap, &pdev->saved_cap_space, next) {
		to->number = cpu_to_be16(cap->cap.cap_nr);
		to->extended = cpu_to_be16(cap->cap.cap_extended);
		to->len = cpu_to_be32(cap->cap.size);
		memcpy(to->data, cap->cap.data, cap->cap.size);
		to = (void *)to->data + cap->cap.size;
	}
}

/**
 * pci_liveupdate_get_saved - Put a saved state into a form that can be handed over
 * @pdev:  the device
 * @state: what pci_store_saved_state() gave for it; stays the caller's
 * @data:  [OUT] the serialized state, to be freed with kfree()
 * @len:   [OUT] bytes at @data
 *
 * Context: The owner of the device; nobody else saves or restores it now.
 * Return: 0, -ENODATA when there is no state, -ENOMEM.
 */
int pci_liveupdate_get_saved(struct pci_dev *pdev,
			     struct pci_saved_state *state, void **data,
			     size_t *len)
{
	if (!state || pci_load_saved_state(pdev, state))
		return -ENODATA;
	*len = saved_size(pdev);
	*data = kzalloc(*len, GFP_KERNEL);
	if (!*data)
		return -ENOMEM;
	saved_write(pdev, *data);
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_get_saved);

static struct pci_cap_saved_state *find_cap(struct pci_dev *pdev,
					    const struct saved_cap_ser *ser)
{
	u16 number = be16_to_cpu(ser->number);

	if (!ser->extended && number > U8_MAX)
		return NULL;
	return ser->extended ? pci_find_saved_ext_cap(pdev, number) :
			       pci_find_saved_cap(pdev, number);
}

/* Check all of it, and take it over when @apply is set. */
static int saved_caps(struct pci_dev *pdev, const void *data, size_t len,
		      bool apply)
{
	while (len) {
		const struct saved_cap_ser *ser = data;
		struct pci_cap_saved_state *cap;
		size_t size;

		if (len < sizeof(*ser))
			return -EBADMSG;
		size = be32_to_cpu(ser->len);
		if (len - sizeof(*ser) < size || be16_to_cpu(ser->extended) > 1)
			return -EBADMSG;
		cap = find_cap(pdev, ser);
		if (!cap || cap->cap.size != size)
			return -EBADMSG;
		if (apply)
			memcpy(cap->cap.data, ser->data, size);
		data += sizeof(*ser) + size;
		len -= sizeof(*ser) + size;
	}
	return 0;
}

static void put_bits(u32 *word, u32 value, u32 mask)
{
	*word = (*word & ~mask) | (value & mask);
}

/**
 * pci_liveupdate_put_saved - Inherit a saved state
 * @pdev:  the device, its state saved anew by pci_save_state()
 * @state: [IN/OUT] what pci_store_saved_state() gave for it; replaced
 * @data:  from pci_liveupdate_get_saved() in the previous kernel
 * @len:   bytes at @data
 *
 * Where the device is in this kernel, and whether it may master the bus, is not
 * taken from there.
 *
 * Return: 0, -EBADMSG when the data does not fit the device, -ENOMEM; @state is
 *         then what it was.
 */
int pci_liveupdate_put_saved(struct pci_dev *pdev,
			     struct pci_saved_state **state, const void *data,
			     size_t len)
{
	const struct saved_ser *ser = data;
	struct pci_saved_state *inherited;
	int err;

	if (len < sizeof(*ser))
		return -EBADMSG;
	err = saved_caps(pdev, ser + 1, len - sizeof(*ser), false);
	if (err)
		return err;
	if (pci_load_saved_state(pdev, *state) || !*state)
		return -ENOMEM;
	put_bits(&pdev->saved_config_space[COMMAND_WORD],
		 be32_to_cpu(ser->command), COMMAND_MASK);
	put_bits(&pdev->saved_config_space[CACHE_WORD],
		 be32_to_cpu(ser->cache), CACHE_MASK);
	saved_caps(pdev, ser + 1, len - sizeof(*ser), true);
	inherited = pci_store_saved_state(pdev);
	if (!inherited)
		return -ENOMEM;
	kfree(*state);
	*state = inherited;
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_put_saved);
