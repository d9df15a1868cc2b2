// SPDX-License-Identifier: GPL-2.0
/*
 * What comes from the previous kernel is compared, and refused when it does not
 * fit (I4). The devices are those of the machine; they are only read.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/pci-ecam.h>
#include <linux/pci_liveupdate.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "liveupdate.h"
#include "pci.h"

static struct pci_dev *any_endpoint(struct kunit *test)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (!pci_is_bridge(pdev) && !hlist_empty(&pdev->saved_cap_space))
			return pdev;
	kunit_skip(test, "no endpoint with a capability to save");
	return NULL;
}

static void same_device(struct kunit *test)
{
	struct pci_dev *pdev = any_endpoint(test);
	struct pci_dev_ser is = {}, was = {};

	pci_liveupdate_identify(pdev, &is);
	pci_liveupdate_identify(pdev, &was);
	KUNIT_EXPECT_NULL(test, pci_liveupdate_difference(&is, &was));
	KUNIT_EXPECT_EQ(test, is.vendor, pdev->vendor);
	KUNIT_EXPECT_EQ(test, is.bdf, pci_dev_id(pdev));
	KUNIT_EXPECT_EQ(test, is.class_revision >> 8, pdev->class);
	pci_dev_put(pdev);
}

/* A byte each; the words are little endian. */
static const struct {
	const char *name;
	size_t at;
} fields[] = {
	{ "vendor", offsetof(struct pci_dev_ser, vendor) },
	{ "device ID", offsetof(struct pci_dev_ser, device) },
	{ "subsystem vendor", offsetof(struct pci_dev_ser, subsystem_vendor) },
	{ "subsystem ID", offsetof(struct pci_dev_ser, subsystem_device) },
	{ "revision", offsetof(struct pci_dev_ser, class_revision) },
	{ "class", offsetof(struct pci_dev_ser, class_revision) + 1 },
	{ "class", offsetof(struct pci_dev_ser, class_revision) + 3 },
	{ "serial number", offsetof(struct pci_dev_ser, serial) },
};

static void other_device(struct kunit *test)
{
	struct pci_dev *pdev = any_endpoint(test);
	struct pci_dev_ser is = {};

	pci_liveupdate_identify(pdev, &is);
	pci_dev_put(pdev);
	for (int i = 0; i < ARRAY_SIZE(fields); i++) {
		struct pci_dev_ser was = is;

		((u8 *)&was)[fields[i].at] ^= 1;
		KUNIT_EXPECT_STREQ(test, pci_liveupdate_difference(&is, &was),
				   fields[i].name);
	}
}

/* Capabilities of a saved state, as a kernel with this configuration has them. */
struct made_cap {
	u16 number;
	bool extended;
	unsigned int size;
};

static struct pci_saved_state *made_state(struct kunit *test, u8 fill,
					  const struct made_cap *made, int n)
{
	struct pci_saved_state *state = kunit_kzalloc(test, 1024, GFP_KERNEL);
	struct pci_cap_saved_data *cap;

	KUNIT_ASSERT_NOT_NULL(test, state);
	memset(state->config_space, fill, sizeof(state->config_space));
	cap = state->cap;
	for (int i = 0; i < n; i++) {
		cap->cap_nr = made[i].number;
		cap->cap_extended = made[i].extended;
		cap->size = made[i].size;
		memset(cap->data, fill, cap->size);
		cap = (void *)cap->data + cap->size;
	}
	return state;
}

static const struct made_cap made_caps[] = {
	{ PCI_CAP_ID_EXP, false, 14 },
	{ PCI_EXT_CAP_ID_ERR, true, 20 },
	{ PCI_CAP_ID_PCIX, false, 2 },
};

/* As it is handed over; the caller frees it. */
static u8 *handed_over(struct kunit *test, size_t *len)
{
	struct pci_saved_state *state = made_state(test, 0xff, made_caps,
						   ARRAY_SIZE(made_caps));
	void *data = NULL;

	KUNIT_ASSERT_EQ(test, pci_liveupdate_get_saved(state, &data, len), 0);
	return data;
}

static void saved_state(struct kunit *test)
{
	struct pci_saved_state *state = made_state(test, 0, made_caps,
						   ARRAY_SIZE(made_caps));
	struct pci_dev *pdev = any_endpoint(test);
	u8 *exp = (u8 *)state->cap->data;
	size_t len;
	u8 *data = handed_over(test, &len);

	KUNIT_EXPECT_EQ(test, pci_liveupdate_set_saved(pdev, state, data, len),
			0);
	/* Sizes of transactions are those of this kernel's bridges. */
	KUNIT_EXPECT_EQ(test, get_unaligned((u16 *)exp),
			0xffff & ~(PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ));
	KUNIT_EXPECT_EQ(test, exp[13], 0xff);
	/* Neither addresses nor Bus Master are inherited. */
	KUNIT_EXPECT_EQ(test, state->config_space[PCI_COMMAND / 4] &
			PCI_COMMAND_MASTER, 0);
	KUNIT_EXPECT_NE(test, state->config_space[PCI_COMMAND / 4], 0);
	KUNIT_EXPECT_EQ(test, state->config_space[PCI_BASE_ADDRESS_0 / 4], 0);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_get_saved(NULL, (void **)&data, &len),
			-ENODATA);
	kfree(data);
	pci_dev_put(pdev);
}

/* Which capabilities are saved, and how much of them, is up to each kernel. */
static void saved_by_another_configuration(struct kunit *test)
{
	static const struct made_cap other[] = {
		{ PCI_CAP_ID_PCIX, false, 2 },
		{ PCI_CAP_ID_EXP, false, 12 },
		{ PCI_EXT_CAP_ID_LTR, true, 4 },
	};
	struct pci_saved_state *state = made_state(test, 0, other,
						   ARRAY_SIZE(other));
	struct pci_dev *pdev = any_endpoint(test);
	u8 *pcix = (u8 *)state->cap->data;
	size_t len;
	u8 *data = handed_over(test, &len);

	KUNIT_EXPECT_EQ(test, pci_liveupdate_set_saved(pdev, state, data, len),
			0);
	KUNIT_EXPECT_EQ(test, pcix[1], 0xff);
	/* The other two: 12 bytes and 4, each behind a head, are what they were. */
	KUNIT_EXPECT_NULL(test, memchr_inv(pcix + 2 + 8, 0, 12));
	KUNIT_EXPECT_NULL(test, memchr_inv(pcix + 2 + 8 + 12 + 8, 0, 4));
	kfree(data);
	pci_dev_put(pdev);
}

/* I4: what comes from another kernel is not believed. */
static void saved_state_damaged(struct kunit *test)
{
	size_t len;
	u8 *data = handed_over(test, &len);

	KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, len), 0);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, 0), -EBADMSG);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, 7), -EBADMSG);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, 8), 0);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, len - 1), -EBADMSG);
	/* Behind the two words of the head: ID, then kind and length of the first. */
	for (int at = 10; at < 16; at++) {
		data[at] ^= 0x40;
		KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, len),
				-EBADMSG);
		data[at] ^= 0x40;
	}
	put_unaligned_be32(0, data + 12);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, len), -EBADMSG);
	put_unaligned_be32(U32_MAX, data + 12);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check_saved(data, len), -EBADMSG);
	kfree(data);
}

#define MANY	1000

/* A list may have more than one block, and is whole after each removal (I2). */
static void many_devices(struct kunit *test)
{
	struct pci_ser *list = pci_ser_new();
	struct pci_dev_ser *entry;

	KUNIT_ASSERT_FALSE(test, IS_ERR(list));
	for (u32 i = 0; i < MANY; i++) {
		entry = pci_ser_add(list);
		KUNIT_ASSERT_FALSE(test, IS_ERR(entry));
		entry->domain = i;
		entry->bdf = i * 8;
	}
	KUNIT_EXPECT_TRUE(test, list->next);
	for (u32 i = 0; i < MANY; i += 2)
		pci_ser_remove(list, pci_ser_find(list, i, i * 8));
	for (u32 i = 0; i < MANY; i++) {
		entry = pci_ser_find(list, i, i * 8);
		KUNIT_EXPECT_EQ(test, !!entry, i % 2);
		KUNIT_EXPECT_TRUE(test, !entry || entry->domain == i);
	}
	/* What was given up is used again. */
	KUNIT_EXPECT_EQ(test, list->count, PCI_SER_MAX);
	KUNIT_EXPECT_EQ(test, pci_ser_next(list)->count, MANY / 2 - PCI_SER_MAX);
	pci_ser_free(list);
}

/* A full list says so, and can still be freed. */
static void too_many_devices(struct kunit *test)
{
	struct pci_ser *list = pci_ser_new();
	struct pci_dev_ser *entry = NULL;
	unsigned long n = 0;

	KUNIT_ASSERT_FALSE(test, IS_ERR(list));
	while (!IS_ERR(entry = pci_ser_add(list)))
		n++;
	KUNIT_EXPECT_TRUE(test, PTR_ERR(entry) == -ENOSPC ||
			  PTR_ERR(entry) == -ENOMEM);
	KUNIT_EXPECT_LE(test, n, PCI_SER_MAX_BLOCKS * PCI_SER_MAX);
	pci_ser_free(list);
}

/* Memory that KHO did not preserve is no list, whatever it holds (I4). */
static void no_list(struct kunit *test)
{
	struct pci_ser *page = (void *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_FALSE(test, pci_ser_is_sane(virt_to_phys(page)));
	KUNIT_EXPECT_FALSE(test, pci_ser_is_sane(virt_to_phys(page) + 8));
	KUNIT_EXPECT_FALSE(test, pci_ser_is_sane(0));
	free_page((unsigned long)page);
}

/* Which bridges a device was below: by the numbers of the previous kernel. */
static void bridges_above(struct kunit *test)
{
	struct pci_incoming bridge = { .ser = {
		.domain = 1, .flags = PCI_DEV_SER_BRIDGE,
		.bridge = { 0x00050300 },
	} };
	struct pci_incoming in = { .ser = { .domain = 1 } };
	static const struct {
		u32 domain;
		u8 bus;
		bool below;
	} rows[] = {
		{ 1, 2, false }, { 1, 3, true }, { 1, 5, true },
		{ 1, 6, false }, { 0, 4, false },
	};

	for (int i = 0; i < ARRAY_SIZE(rows); i++) {
		in.ser.domain = rows[i].domain;
		in.ser.bdf = rows[i].bus << 8;
		KUNIT_EXPECT_EQ(test, pci_incoming_leads_to(&bridge, &in),
				rows[i].below);
	}
	bridge.ser.flags = 0;
	in.ser.domain = 1;
	in.ser.bdf = 0x400;
	KUNIT_EXPECT_FALSE(test, pci_incoming_leads_to(&bridge, &in));
}

static void __maybe_unused shuts_down(struct platform_device *host) { }

/* A device on a root bus of a host bridge of its own. */
struct made_host {
	struct platform_driver driver;
	struct platform_device device;
	struct pci_host_bridge bridge;
	struct pci_bus bus;
	struct pci_dev pdev;
};

static struct made_host *make_host(struct kunit *test)
{
	struct made_host *made = kunit_kzalloc(test, sizeof(*made), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, made);
	made->device.dev.bus = &platform_bus_type;
	made->bridge.dev.parent = &made->device.dev;
	made->bus.bridge = &made->bridge.dev;
	/* Where an architecture looks for what else is above. */
	made->bus.sysdata = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, made->bus.sysdata);
	made->pdev.bus = &made->bus;
	return made;
}

/* Host bridges that stop the bus, or may: refused (I4). */
static void host_bridges(struct kunit *test)
{
	struct made_host *made = make_host(test);

	made->bridge.dev.parent = NULL;
	KUNIT_EXPECT_EQ(test, pci_liveupdate_blocker(&made->pdev),
			PCI_LIVEUPDATE_NO_BLOCKER);
	made->bridge.dev.parent = &made->device.dev;
	KUNIT_EXPECT_EQ(test, pci_liveupdate_blocker(&made->pdev),
			PCI_LIVEUPDATE_NO_BLOCKER);
	made->device.dev.driver = &made->driver.driver;
	KUNIT_EXPECT_EQ(test, pci_liveupdate_blocker(&made->pdev),
			PCI_LIVEUPDATE_HOST_STOPS);
#ifdef CONFIG_PCI_ECAM
	made->bridge.ops = (struct pci_ops *)&pci_generic_ecam_ops.pci_ops;
	KUNIT_EXPECT_EQ(test, pci_liveupdate_blocker(&made->pdev),
			PCI_LIVEUPDATE_NO_BLOCKER);
	made->driver.shutdown = shuts_down;
	KUNIT_EXPECT_EQ(test, pci_liveupdate_blocker(&made->pdev),
			PCI_LIVEUPDATE_HOST_STOPS);
#endif
}

#if IS_ENABLED(CONFIG_VMD)
/* Intel's VMD: a function of another bus does what these do (I4). */
static void behind_device(struct kunit *test)
{
	struct made_host *made = make_host(test);
	struct pci_sysdata *data = made->bus.sysdata;

	data->vmd_dev = kunit_kzalloc(test, sizeof(*data->vmd_dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, data->vmd_dev);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_blocker(&made->pdev),
			PCI_LIVEUPDATE_BEHIND_DEVICE);
}
#endif

static void set_incoming(struct pci_incoming *in, struct pci_dev *pdev)
{
	in->pdev = pdev;
	in->state = pdev ? PCI_INCOMING_RUNNING : PCI_INCOMING_STOPPED;
}

/* A file that names the address of another file's device does not get it (I4). */
static void other_file(struct kunit *test)
{
	struct pci_dev *pdev = any_endpoint(test);
	struct pci_dev_ser ser = { .handle = 1 };
	struct pci_incoming *in = NULL;

	KUNIT_EXPECT_EQ(test, pci_liveupdate_check(pdev, 1), -ENXIO);
	pci_liveupdate_identify(pdev, &ser);
	scoped_guard(mutex, &pci_incoming_lock)
		if (!pci_incoming_add(&ser))
			in = pci_incoming_find(pdev);
	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check(pdev, 1), -ENXIO);
	scoped_guard(mutex, &pci_incoming_lock)
		set_incoming(in, pdev);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check(pdev, 1), 0);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_check(pdev, 2), -ENXIO);
	scoped_guard(mutex, &pci_incoming_lock) {
		set_incoming(in, NULL);
		pci_incoming_drop(in);
	}
	pci_dev_put(pdev);
}

static struct kunit_case cases[] = {
#if IS_ENABLED(CONFIG_VMD)
	KUNIT_CASE(behind_device),
#endif
	KUNIT_CASE(host_bridges),
	KUNIT_CASE(many_devices),
	KUNIT_CASE(too_many_devices),
	KUNIT_CASE(no_list),
	KUNIT_CASE(bridges_above),
	KUNIT_CASE(same_device),
	KUNIT_CASE(other_device),
	KUNIT_CASE(other_file),
	KUNIT_CASE(saved_state),
	KUNIT_CASE(saved_by_another_configuration),
	KUNIT_CASE(saved_state_damaged),
	{}
};

static struct kunit_suite suite = {
	.name = "pci-liveupdate",
	.test_cases = cases,
};

kunit_test_suite(suite);
