// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The smallest live update of a device: what is added to a program that has one.
 *
 *   cc vmm.c device.c -o vmm $(pkg-config --cflags --libs libcarryover)
 *   vmm 0000:00:03.0		in the old kernel, then kexec; and in the new one
 */
#include "device.h"

int main(int argc, char **argv)
{
	int luo, session, file[FILES];

	DO(luo = co_luo_open());
	session = co_session_retrieve(luo, "vmm");
	if (session >= 0) {			/* this is the new kernel */
		for (int i = 0; i < FILES; i++)
			DO(file[i] = co_session_retrieve_fd(session, i));
		DO(co_session_finish(session));
		return device_go_on(file);
	}
	if (argc < 2 || device_start(argv[1], file))
		return 1;
	DO(session = co_session_create(luo, "vmm"));
	for (int i = 0; i < FILES; i++)
		DO(co_session_preserve(session, file[i], i));
	return device_drive(file);		/* until the kexec */
}
