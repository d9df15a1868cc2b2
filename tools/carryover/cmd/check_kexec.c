// SPDX-License-Identifier: GPL-2.0-only
/* Whether the running kernel lets a kernel be loaded, and that one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "check.h"
#include "host.h"

static void check_sysctls(struct report *report)
{
	char *off = host_read(host_path("/proc/sys/kernel/kexec_load_disabled"));
	char *limit = host_read(host_path("/proc/sys/kernel/kexec_load_limit_reboot"));

	if (off && off[0] == '1')
		report_add(report, LEVEL_FAIL, "kexec", NULL,
			   "reboot; kernel.kexec_load_disabled cannot be taken back",
			   "loading kernels is forbidden by kernel.kexec_load_disabled");
	else if (limit && !strcmp(limit, "0"))
		report_add(report, LEVEL_FAIL, "kexec", NULL,
			   "reboot; kernel.kexec_load_limit_reboot can only be made smaller",
			   "no kernel can be loaded any more: kernel.kexec_load_limit_reboot is 0");
	free(off);
	free(limit);
}

/* The word in brackets is the one that counts. */
static bool locked_down(const char *text)
{
	const char *mode = text ? strchr(text, '[') : NULL;

	return mode && strncmp(mode, "[none]", 6);
}

static bool wants_signature(const struct machine *machine)
{
	char *lockdown = host_read(host_path("/sys/kernel/security/lockdown"));
	bool wanted = locked_down(lockdown) || config_on(machine->config, "KEXEC_SIG_FORCE");

	free(lockdown);
	return wanted;
}

static void check_signature(struct report *report, const struct machine *machine,
			    const struct plan *plan, const struct image *image)
{
	if (wants_signature(machine) && !image->is_signed)
		report_add(report, LEVEL_FAIL, "image-signature", plan->kernel,
			   "sign it with a key that this kernel trusts, with sbsign for example",
			   "the running kernel loads signed images only, and it is not signed");
	else if (wants_signature(machine))
		report_add(report, LEVEL_NOTE, "image-signature", plan->kernel, NULL,
			   "it is signed; whether this kernel trusts the key shows when it is loaded");
}

/* IMA's policy can have a say of its own; it may be unreadable. */
static void check_ima(struct report *report, const struct plan *plan)
{
	char *policy = host_read(host_path("/sys/kernel/security/ima/policy"));
	char *line, *rest = policy;

	while (rest && (line = strsep(&rest, "\n")))
		if (strstr(line, "func=KEXEC_KERNEL_CHECK") && !strncmp(line, "appraise", 8)) {
			report_add(report, LEVEL_WARN, "image-signature", plan->kernel,
				   "kexec -s -l tells; sign it with evmctl ima_sign if it says EACCES",
				   "IMA's policy appraises kernels that are loaded");
			break;
		}
	free(policy);
}

/* By its configuration, for it may be another machine's that is looked at. */
static const char *running_arch(const struct machine *machine)
{
	struct utsname name;

	if (config_on(machine->config, "X86_64"))
		return "x86_64";
	if (config_on(machine->config, "ARM64"))
		return "arm64";
	if (uname(&name))
		return "";
	return !strcmp(name.machine, "aarch64") ? "arm64" :
		!strcmp(name.machine, "x86_64") ? "x86_64" : "";
}

static void check_arch(struct report *report, const struct machine *machine,
		       const struct plan *plan, const struct image *image)
{
	const char *arch = running_arch(machine);
	bool x86 = !strcmp(arch, "x86_64");

	if (image->arch[0] && arch[0] && strcmp(image->arch, arch))
		report_add(report, LEVEL_FAIL, "image-arch", plan->kernel,
			   "take a kernel for this machine",
			   "it is a kernel for %s, and this machine is %s", image->arch, arch);
	else if (!image->loadable || (x86 && strcmp(image->container, "bzImage")))
		report_add(report, LEVEL_FAIL, "image-arch", plan->kernel,
			   x86 ? "take arch/x86/boot/bzImage of the same build" :
				 "take arch/arm64/boot/Image of the same build",
			   "kexec -s does not load such a file (%s)", image->format);
}

void check_kexec(struct report *report, const struct machine *machine,
		 const struct plan *plan, const struct image *image)
{
	check_sysctls(report);
	if (!image)
		return;
	check_arch(report, machine, plan, image);
	check_signature(report, machine, plan, image);
	check_ima(report, plan);
}
