// SPDX-License-Identifier: GPL-2.0
/*
 * The state that a driver saved when it took a device, to restore it when it
 * gives the device back. A driver that takes over a running device can't save
 * it anew, so it inherits what its predecessor saved.
 *
 * A saved state is read and written where it is. To load it into the device, as
 * pci_load_saved_state() does, would take it from a reset that is going on.
 *
 * The layout of a saved state in a blob is in <linux/kho/abi/vfio_pci.h>, "saved-state".
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

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

/* After the last capability comes one without a size. */
static struct pci_cap_saved_data *next_cap(struct pci_cap_saved_data *cap)
{
	return (void *)cap->data + cap->size;
}

static size_t saved_size(struct pci_saved_state *state)
{
	struct pci_cap_saved_data *cap;
	size_t size = sizeof(struct saved_ser);

	for (cap = state->cap; cap->size; cap = next_cap(cap))
		size += sizeof(struct saved_cap_ser) + cap->size;
	return size;
}

static void saved_write(struct pci_saved_state *state, void *data)
{
	struct saved_ser *ser = data;
	struct saved_cap_ser *to = data + sizeof(*ser);
	struct pci_cap_saved_data *cap;

	ser->command = cpu_to_be32(state->config_space[COMMAND_WORD] &
				   COMMAND_MASK);
	ser->cache = cpu_to_be32(state->config_space[CACHE_WORD] & CACHE_MASK);
	for (cap = state->cap; cap->size; cap = next_cap(cap)) {
		to->number = cpu_to_be16(cap->cap_nr);
		to->extended = cpu_to_be16(cap->cap_extended);
		to->len = cpu_to_be32(cap->size);
		memcpy(to->data, cap->data, cap->size);
		to = (void *)to->data + cap->size;
	}
}

/**
 * pci_liveupdate_get_saved - Put a saved state into a form that can be handed over
 * @state: what pci_store_saved_state() gave; stays the caller's
 * @data:  [OUT] the serialized state, to be freed with kfree()
 * @len:   [OUT] bytes at @data
 *
 * Context: The owner of @state; the device is not looked at.
 * Return: 0, -ENODATA when there is no state, -ENOMEM.
 */
int pci_liveupdate_get_saved(struct pci_saved_state *state, void **data,
			     size_t *len)
{
	if (!state)
		return -ENODATA;
	*len = saved_size(state);
	*data = kzalloc(*len, GFP_KERNEL);
	if (!*data)
		return -ENOMEM;
	saved_write(state, *data);
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_get_saved);

/**
 * pci_liveupdate_check_saved - Is a serialized state whole?
 * @data: from pci_liveupdate_get_saved(), in the previous kernel
 * @len:  bytes at @data
 *
 * Return: 0 or -EBADMSG.
 */
int pci_liveupdate_check_saved(const void *data, size_t len)
{
	if (len < sizeof(struct saved_ser))
		return -EBADMSG;
	data += sizeof(struct saved_ser);
	len -= sizeof(struct saved_ser);
	while (len) {
		const struct saved_cap_ser *ser = data;
		size_t size;

		if (len < sizeof(*ser))
			return -EBADMSG;
		size = be32_to_cpu(ser->len);
		if (!size || len - sizeof(*ser) < size ||
		    be16_to_cpu(ser->extended) > 1)
			return -EBADMSG;
		data += sizeof(*ser) + size;
		len -= sizeof(*ser) + size;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_check_saved);

static void set_bits(u32 *word, u32 value, u32 mask)
{
	*word = (*word & ~mask) | (value & mask);
}

static struct pci_cap_saved_data *find_cap(struct pci_saved_state *state,
					   const struct saved_cap_ser *ser)
{
	struct pci_cap_saved_data *cap;

	for (cap = state->cap; cap->size; cap = next_cap(cap))
		if (cap->cap_nr == be16_to_cpu(ser->number) &&
		    cap->cap_extended == be16_to_cpu(ser->extended) &&
		    cap->size == be32_to_cpu(ser->len))
			return cap;
	return NULL;
}

/*
 * How much the device may send or ask for at once has to fit the bridges above,
 * as this kernel has set them up. Device Control is the first register saved.
 */
static void inherit_cap(struct pci_cap_saved_data *cap,
			const struct saved_cap_ser *ser)
{
	const u16 sizes = PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ;
	bool express = !cap->cap_extended && cap->cap_nr == PCI_CAP_ID_EXP &&
		       cap->size >= sizeof(u16);
	u16 own = express ? get_unaligned((u16 *)cap->data) : 0;
	u16 was;

	memcpy(cap->data, ser->data, cap->size);
	if (!express)
		return;
	was = get_unaligned((u16 *)cap->data);
	put_unaligned((u16)((was & ~sizes) | (own & sizes)), (u16 *)cap->data);
}

static void inherit_caps(struct pci_dev *pdev, struct pci_saved_state *state,
			 const void *data, const void *end)
{
	while (data < end) {
		const struct saved_cap_ser *ser = data;
		struct pci_cap_saved_data *cap = find_cap(state, ser);

		if (cap)
			inherit_cap(cap, ser);
		else
			pci_info(pdev, "liveupdate: this kernel does not save %s capability %#x of %u bytes, it stays as it is\n",
				 ser->extended ? "extended" : "the",
				 be16_to_cpu(ser->number),
				 be32_to_cpu(ser->len));
		data += sizeof(*ser) + be32_to_cpu(ser->len);
	}
}

/**
 * pci_liveupdate_set_saved - Inherit a saved state
 * @pdev:  the device, for the log
 * @state: what pci_store_saved_state() gave for it in this kernel; becomes what
 *         is restored when the device is given back
 * @data:  from pci_liveupdate_get_saved() in the previous kernel
 * @len:   bytes at @data
 *
 * Where the device is in this kernel, and whether it may master the bus, is not
 * taken from there, nor are capabilities that this kernel does not save, or not
 * in the same length: which those are depends on its configuration.
 *
 * Return: 0, or -EBADMSG when the data is damaged; @state is then what it was.
 */
int pci_liveupdate_set_saved(struct pci_dev *pdev,
			     struct pci_saved_state *state, const void *data,
			     size_t len)
{
	const struct saved_ser *ser = data;
	int err = pci_liveupdate_check_saved(data, len);

	if (err)
		return err;
	set_bits(&state->config_space[COMMAND_WORD], be32_to_cpu(ser->command),
		 COMMAND_MASK);
	set_bits(&state->config_space[CACHE_WORD], be32_to_cpu(ser->cache),
		 CACHE_MASK);
	inherit_caps(pdev, state, ser + 1, data + len);
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_set_saved);
