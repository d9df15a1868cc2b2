// SPDX-License-Identifier: GPL-2.0
/*
 * What comes from the previous kernel is compared, and refused when it does not
 * fit (I4). The devices are those of the machine; they are only read.
 */
#include <kunit/test.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "liveupdate.h"

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

/* The state of a device, as it is handed over; @state is its owner's. */
static void *handed_over(struct kunit *test, struct pci_dev *pdev,
			 struct pci_saved_state **state, size_t *len)
{
	void *data = NULL;

	pci_save_state(pdev);
	*state = pci_store_saved_state(pdev);
	KUNIT_ASSERT_NOT_NULL(test, *state);
	KUNIT_ASSERT_EQ(test, pci_liveupdate_get_saved(pdev, *state, &data, len),
			0);
	return data;
}

/* The first capability alone, whole but for two bytes, and its length says so. */
static void shorter_capability(struct kunit *test, struct pci_dev *pdev,
			       struct pci_saved_state **state, u8 *data)
{
	u32 size = get_unaligned_be32(data + 12);

	put_unaligned_be32(size - 2, data + 12);
	KUNIT_EXPECT_EQ(test,
			pci_liveupdate_put_saved(pdev, state, data, 16 + size - 2),
			-EBADMSG);
	put_unaligned_be32(size, data + 12);
}

static void saved_state(struct kunit *test)
{
	struct pci_dev *pdev = any_endpoint(test);
	struct pci_saved_state *state;
	u16 command;
	size_t len;
	u8 *data = handed_over(test, pdev, &state, &len);

	KUNIT_EXPECT_EQ(test, pci_liveupdate_put_saved(pdev, &state, data, len), 0);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_put_saved(pdev, &state, data, 0),
			-EBADMSG);
	KUNIT_EXPECT_EQ(test, pci_liveupdate_put_saved(pdev, &state, data, 7),
			-EBADMSG);
	KUNIT_EXPECT_EQ(test,
			pci_liveupdate_put_saved(pdev, &state, data, len - 1),
			-EBADMSG);
	/* Behind the two words of the head: ID, kind and length of the first. */
	for (int at = 8; at < 16; at++) {
		data[at] ^= 0x40;
		KUNIT_EXPECT_EQ(test,
				pci_liveupdate_put_saved(pdev, &state, data, len),
				-EBADMSG);
		data[at] ^= 0x40;
	}
	shorter_capability(test, pdev, &state, data);
	/* Whether it may master the bus is not inherited. */
	data[3] |= PCI_COMMAND_MASTER;
	KUNIT_EXPECT_EQ(test, pci_liveupdate_put_saved(pdev, &state, data, len), 0);
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	KUNIT_EXPECT_EQ(test, pdev->saved_config_space[PCI_COMMAND / 4] &
			PCI_COMMAND_MASTER, command & PCI_COMMAND_MASTER);
	kfree(state);
	kfree(data);
	pci_dev_put(pdev);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(same_device),
	KUNIT_CASE(other_device),
	KUNIT_CASE(saved_state),
	{}
};

static struct kunit_suite suite = {
	.name = "pci-liveupdate",
	.test_cases = cases,
};

kunit_test_suite(suite);
