// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The live update. Four files go into a session; the next kernel's hypervisor takes
 * them out and has all it needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hypervisor.h"

enum { TOKEN_STATE = 1, TOKEN_MEMORY, TOKEN_IOMMUFD, TOKEN_DEVICE };

#define BUSY_MS	10000
#define STEP_MS	20

/*
 * Only one process can have /dev/liveupdate open. All programs of a host are asked to
 * prepare at the same moment and have it for the moment it takes to make a session;
 * whoever has it for longer is named by co_error().
 */
static int open_luo(void)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	int luo = co_luo_open();

	for (int ms = 0; luo == -EBUSY && ms < BUSY_MS; ms += STEP_MS) {
		nanosleep(&step, NULL);
		luo = co_luo_open();
	}
	return luo;
}

/* -------------------------------------------------------- the old kernel -- */

static int preserve(const struct vm *vm, int session)
{
	const struct { int fd; uint64_t token; } file[] = {
		{ vm->kept.fd, TOKEN_STATE },
		{ vm->ram.fd, TOKEN_MEMORY },
		{ vm->disk.nvme.iommufd, TOKEN_IOMMUFD },
		{ vm->disk.nvme.device, TOKEN_DEVICE },
	};
	int ret = 0;

	for (unsigned int i = 0; !ret && i < sizeof(file) / sizeof(file[0]); i++)
		ret = co_session_preserve(session, file[i].fd, file[i].token);
	return ret;
}

/* Where an agent has /dev/liveupdate, it gives out sessions by descriptor. */
static int open_session(const struct options *options)
{
	char name[64];
	int luo, session;

	if (options->into >= 0) {
		session = co_session_name(options->into, name, sizeof(name));
		return session ? session : fcntl(options->into, F_DUPFD_CLOEXEC, 0);
	}
	luo = open_luo();
	if (luo < 0)
		return luo;
	session = co_session_create(luo, options->name);
	close(luo);
	return session;
}

/* The session with everything in it, while the guest still runs. */
static int make_session(const struct vm *vm, const struct options *options)
{
	int session = open_session(options), ret;

	if (session < 0)
		return session;
	ret = preserve(vm, session);
	if (!ret)
		return session;
	close(session);
	return ret;
}

/* Its last moment is the only one at which the guest does not run. */
static int pause_and_save(struct vm *vm)
{
	vm_pause(vm);
	co_timeline_mark("vm paused");
	if (vm_save(vm))
		return -1;
	co_timeline_mark("state saved");
	return 0;
}

static void wait_for_kexec(int request)
{
	if (request >= 0)
		co_ready_cancelled(request, -1);
	else
		pause();
}

static void refuse(int request, const char *why)
{
	fail("no update: %s", why);
	if (request < 0)
		return;
	co_ready_answer(request, why);
	close(request);
}

/*
 * @request is what co_ready_wait() gave, or -1 where nobody waits for an answer and the
 * kexec comes whenever it comes. Returning means that there was none.
 */
int update_prepare(struct vm *vm, const struct options *options, int request)
{
	int session = make_session(vm, options);

	if (session < 0) {
		refuse(request, co_error());
		return 0;
	}
	if (pause_and_save(vm)) {
		refuse(request, "the state of the virtual machine cannot be saved");
	} else {
		say("ready: %u requests on their way", nvme_busy(&vm->state->nvme));
		if (request >= 0)
			co_ready_answer(request, NULL);
		wait_for_kexec(request);
		say("there was no kexec");
	}
	close(session);
	return vm_run(vm);
}

/* -------------------------------------------------------- the new kernel -- */

static int take_buffer(int session, uint64_t token, struct co_buffer *buffer)
{
	int fd = co_session_retrieve_fd(session, token);

	return fd < 0 ? fd : co_buffer_open(buffer, fd);
}

static int take_state(struct vm *vm, int session)
{
	if (take_buffer(session, TOKEN_STATE, &vm->kept))
		return fail("state: %s", co_error());
	vm->state = vm->kept.mem;
	if (vm->kept.size < sizeof(*vm->state) || vm->state->magic != STATE_MAGIC)
		return fail("state: of no virtual machine");
	if (vm->state->version != STATE_VERSION)
		return fail("state: of version %u, this hypervisor has version %u",
			    vm->state->version, STATE_VERSION);
	return 0;
}

static int take_files(struct vm *vm, int session)
{
	struct nvme *nvme = &vm->disk.nvme;
	/* Nobody but vfio-pci can have the device; it may have to be loaded. */
	int ret = co_pci_bind(vm->state->bdf, "vfio-pci");

	if (ret >= 0)
		ret = take_buffer(session, TOKEN_MEMORY, &vm->ram);
	if (ret >= 0)
		ret = nvme->iommufd = co_session_retrieve_fd(session, TOKEN_IOMMUFD);
	if (ret >= 0)
		ret = nvme->device = co_session_retrieve_fd(session, TOKEN_DEVICE);
	return ret < 0 ? fail("session: %s", co_error()) : 0;
}

static unsigned int count_carried(const struct state *state)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < QUEUE_SIZE; i++)
		count += !!state->blk.request[i].left;
	return count;
}

/* With an agent a virtual machine is started or has arrived, which that knows. */
static int find_session(const struct options *options)
{
	int luo, session;

	if (options->from >= 0)
		return options->from;
	if (options->into >= 0)
		return -ENOENT;
	luo = open_luo();
	if (luo < 0)
		return luo;
	session = co_session_retrieve(luo, options->name);
	close(luo);
	return session;
}

/* The session, from which all was taken; 0 if there is none; -1 after a message. */
int update_arrived(struct vm *vm, const struct options *options)
{
	int session = find_session(options);

	if (session == -ENOENT)
		return 0;
	if (session < 0)
		return fail("%s", co_error());
	if (take_state(vm, session) || take_files(vm, session))
		return -1;
	vm->state->updates++;
	vm->state->carried += count_carried(vm->state);
	return session;
}
