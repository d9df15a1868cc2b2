// SPDX-License-Identifier: GPL-2.0
/*
 * The list of devices as it is handed over: a chain of blocks.
 *
 * The last block that holds anything may have room, those before it are full,
 * those behind it empty. A block that was added stays until the list goes.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/err.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/pci.h>

#include "liveupdate.h"

/**
 * pci_ser_next - The next block of a list
 * @ser: a block of a list that was made here or that pci_ser_is_sane() accepted
 *
 * Return: the block, or NULL after the last one.
 */
struct pci_ser *pci_ser_next(const struct pci_ser *ser)
{
	return ser->next ? phys_to_virt(ser->next) : NULL;
}

/**
 * pci_ser_find - A device's entry
 * @ser:    the list's first block, or NULL
 * @domain: PCI segment
 * @bdf:    bus number << 8 | devfn
 *
 * Return: the entry, or NULL.
 */
struct pci_dev_ser *pci_ser_find(struct pci_ser *ser, u32 domain, u16 bdf)
{
	for (; ser; ser = pci_ser_next(ser))
		for (u32 i = 0; i < ser->count; i++)
			if (ser->devices[i].bdf == bdf &&
			    ser->devices[i].domain == domain)
				return &ser->devices[i];
	return NULL;
}

/**
 * pci_ser_new - A list without a device
 *
 * Return: its first block, preserved, to be freed with pci_ser_free(), or an
 *         ERR_PTR.
 */
struct pci_ser *pci_ser_new(void)
{
	return kho_alloc_preserve(PCI_SER_SIZE);
}

static struct pci_ser *ser_grow(struct pci_ser *last)
{
	struct pci_ser *ser = pci_ser_new();

	if (!IS_ERR(ser))
		last->next = virt_to_phys(ser);
	return ser;
}

/**
 * pci_ser_add - An entry that is not used yet
 * @ser: the list's first block
 *
 * Return: the entry, all 0, or an ERR_PTR: -ENOSPC for a full list, -ENOMEM.
 */
struct pci_dev_ser *pci_ser_add(struct pci_ser *ser)
{
	struct pci_dev_ser *entry;

	for (int blocks = 1; ser->count == PCI_SER_MAX; blocks++) {
		if (blocks == PCI_SER_MAX_BLOCKS)
			return ERR_PTR(-ENOSPC);
		ser = pci_ser_next(ser) ?: ser_grow(ser);
		if (IS_ERR(ser))
			return ERR_CAST(ser);
	}
	entry = &ser->devices[ser->count++];
	memset(entry, 0, sizeof(*entry));
	return entry;
}

/**
 * pci_ser_remove - Take an entry off a list
 * @ser:   the list's first block
 * @entry: the entry; another one may have its place afterwards
 */
void pci_ser_remove(struct pci_ser *ser, struct pci_dev_ser *entry)
{
	struct pci_ser *next = pci_ser_next(ser);

	while (next && next->count) {
		ser = next;
		next = pci_ser_next(ser);
	}
	*entry = ser->devices[--ser->count];
}

/**
 * pci_ser_free - Free a list that was made here
 * @ser: its first block
 */
void pci_ser_free(struct pci_ser *ser)
{
	while (ser) {
		struct pci_ser *next = pci_ser_next(ser);

		kho_unpreserve_free(ser);
		ser = next;
	}
}

static bool block_is_sane(u64 data)
{
	const struct pci_ser *ser = phys_to_virt(data);

	if (!PAGE_ALIGNED(data) ||
	    kho_restorable_order(data) != PCI_SER_ORDER) {
		pr_err("no list at %#llx\n", data);
		return false;
	}
	if (ser->count > PCI_SER_MAX || ser->reserved) {
		pr_err("list of %u devices refused\n", ser->count);
		return false;
	}
	return true;
}

/**
 * pci_ser_is_sane - Can a list of the previous kernel be read?
 * @data: physical address of its first block, or what is said to be one
 *
 * Return: false after a line in the log.
 */
bool pci_ser_is_sane(u64 data)
{
	int blocks = 0;

	for (; data; data = ((struct pci_ser *)phys_to_virt(data))->next) {
		if (blocks++ == PCI_SER_MAX_BLOCKS) {
			pr_err("list without an end refused\n");
			return false;
		}
		if (!block_is_sane(data))
			return false;
	}
	return blocks;
}

/**
 * pci_ser_restore_free - Free a list of the previous kernel
 * @ser: its first block; pci_ser_is_sane() was true
 */
void pci_ser_restore_free(struct pci_ser *ser)
{
	while (ser) {
		struct pci_ser *next = pci_ser_next(ser);

		kho_restore_free(ser);
		ser = next;
	}
}
