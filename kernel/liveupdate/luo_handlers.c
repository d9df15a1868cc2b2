// SPDX-License-Identifier: GPL-2.0
/*
 * File handlers that are modules.
 *
 * Sessions from the previous kernel are read when /dev/liveupdate is opened for
 * the first time, and a file whose handler is not there then is lost for good.
 * So handlers that are modules are loaded right before. That they may register
 * at all is made possible here, too.
 */
#include <linux/export.h>
#include <linux/kconfig.h>
#include <linux/kmod.h>
#include <linux/liveupdate.h>

#include "luo_internal.h"

EXPORT_SYMBOL_GPL(liveupdate_enabled);
EXPORT_SYMBOL_GPL(liveupdate_register_file_handler);
EXPORT_SYMBOL_GPL(liveupdate_unregister_file_handler);

/**
 * luo_request_handlers - Load the file handlers that are modules
 *
 * One that can't be loaded is missed when a file needs it.
 *
 * Context: /dev/liveupdate is being opened; may sleep.
 */
void luo_request_handlers(void)
{
#if IS_MODULE(CONFIG_VFIO_PCI) && IS_ENABLED(CONFIG_VFIO_PCI_LIVEUPDATE)
	request_module("vfio_pci_liveupdate");
#endif
}
