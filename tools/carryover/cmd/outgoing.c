// SPDX-License-Identifier: GPL-2.0-only
/* The sessions as "carryover inspect outgoing" reads them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../inspect/inspect.h"
#include "../inspect/layout.h"
#include "host.h"
#include "outgoing.h"

#define OUTGOING "/sys/kernel/debug/liveupdate/outgoing"
#define NOTE	 "note: "

struct look {
	const struct handover *all;
	const struct session *session;
	void (*each)(void *arg, const struct lacking *lacking);
	void *arg;
};

static void say(const struct look *look, enum lack lack, uint64_t token, const char *text)
{
	const struct lacking lacking = {
		.lack = lack, .session = look->session->name, .token = token, .text = text,
	};

	look->each(look->arg, &lacking);
}

static bool is_in(const struct session *s, uint64_t sbdf)
{
	for (size_t i = 0; i < s->nr_files; i++)
		if (s->file[i].vfio && s->file[i].vfio->sbdf == sbdf)
			return true;
	return false;
}

static bool is_in_any(const struct handover *h, uint64_t sbdf)
{
	for (size_t i = 0; i < h->nr_sessions; i++)
		if (is_in(&h->session[i], sbdf))
			return true;
	return false;
}

static bool has_device(const struct context *c, uint64_t sbdf)
{
	for (size_t i = 0; i < c->nr_devices; i++)
		if (c->device[i].sbdf == sbdf)
			return true;
	return false;
}

/* An iommufd that could not be read may be the device's. */
static bool is_bound(const struct session *s, uint64_t sbdf)
{
	for (size_t i = 0; i < s->nr_files; i++)
		if (s->file[i].context ? has_device(s->file[i].context, sbdf) :
		    layout_is_like(s->file[i].handler, IOMMUFD_LUO_FH_COMPATIBLE))
			return true;
	return false;
}

/* A device and its iommufd belong together, and into one session. */
static void look_at_devices(const struct look *look, const struct file *f)
{
	char text[160], bdf[32];

	for (size_t i = 0; f->context && i < f->context->nr_devices; i++) {
		uint64_t sbdf = f->context->device[i].sbdf;

		if (is_in_any(look->all, sbdf))
			continue;
		snprintf(text, sizeof(text),
			 "device %s is bound to the iommufd with token %llu and in no session: it will be stopped",
			 sbdf_name(sbdf, bdf, sizeof(bdf)), (unsigned long long)f->token);
		say(look, LACK_DEVICE, 0, text);
	}
	if (f->vfio && !is_bound(look->session, f->vfio->sbdf)) {
		snprintf(text, sizeof(text), "device %s: its iommufd is not in the session",
			 sbdf_name(f->vfio->sbdf, bdf, sizeof(bdf)));
		say(look, LACK_FATAL, f->token, text);
	}
}

/* What inspect would say. Notes are of what is still to come, memfds among it. */
static void look_at_lines(const struct look *look, const struct report *report)
{
	char line[INSPECT_LINE];

	for (size_t i = 0; i < json_array_size(report->findings); i++) {
		report_line(report, i, line, sizeof(line));
		if (strncmp(line, NOTE, strlen(NOTE)))
			say(look, LACK_FATAL, 0, line);
		else if (strstr(line, "its memfd ("))
			say(look, LACK_MAYBE, 0, line + strlen(NOTE));
	}
}

/* One at a time, so that it is known whose it is. */
static void look_at_session(struct look *look, const struct handover *h, struct session *s)
{
	struct handover one = *h;
	struct report report;

	report_begin(&report);
	report.most = INSPECT_FINDINGS;
	look->session = s;
	one.session = s;
	one.nr_sessions = 1;
	verify(&one, &report);
	look_at_lines(look, &report);
	report_end(&report);
	for (size_t i = 0; i < s->nr_files; i++)
		look_at_devices(look, &s->file[i]);
}

/* 0, or a negative errno; handover_free() is due after 0. */
static int outgoing_read(struct handover *h)
{
	size_t size = 0;
	void *data;

	if (access(host_path(OUTGOING), R_OK))
		return errno == EACCES ? -EACCES : -ENOENT;
	data = host_read_all(host_path(OUTGOING), &size);
	if (!data)
		return -EIO;
	if (handover_read(h, data, size))
		return 0;
	handover_free(h);
	return -EBADMSG;
}

int outgoing_look(void (*each)(void *arg, const struct lacking *lacking), void *arg)
{
	static const struct session none;
	struct look look = { .session = &none, .each = each, .arg = arg };
	struct handover h;
	int count = outgoing_read(&h);

	if (count)
		return count;
	look.all = &h;
	look_at_lines(&look, &h.report);
	for (size_t i = 0; i < h.nr_sessions; i++) {
		count += !!h.session[i].nr_files;
		look_at_session(&look, &h, &h.session[i]);
	}
	handover_free(&h);
	return count;
}

void outgoing_names(void (*each)(void *arg, const char *name), void *arg)
{
	struct handover h;

	if (outgoing_read(&h))
		return;
	for (size_t i = 0; i < h.nr_sessions; i++)
		if (h.session[i].nr_files)
			each(arg, h.session[i].name);
	handover_free(&h);
}

int outgoing_has_device(const char *bdf)
{
	struct handover h;
	char name[32];
	int ret = outgoing_read(&h);

	if (ret)
		return ret;
	for (size_t i = 0; i < h.nr_sessions; i++)
		for (size_t j = 0; j < h.session[i].nr_files; j++) {
			const struct vfio *vfio = h.session[i].file[j].vfio;

			ret |= vfio && !strcmp(sbdf_name(vfio->sbdf, name, sizeof(name)), bdf);
		}
	handover_free(&h);
	return ret;
}

static void add_memory(struct carried *carried, const struct memfd *m)
{
	unsigned long long bytes = 0;

	for (size_t i = 0; m->ordered && i < m->nr_runs; i++)
		bytes += m->run[i].pages * INSPECT_PAGE;
	carried->bytes += bytes;
	carried->huge += m->huge ? bytes : 0;
}

static void add_file(struct carried *carried, const struct file *f)
{
	if (f->memfd)
		add_memory(carried, f->memfd);
	for (size_t i = 0; f->context && i < f->context->nr_memories; i++)
		add_memory(carried, &f->context->memory[i]);
}

void outgoing_carried(struct carried *carried)
{
	struct handover h;

	*carried = (struct carried){ 0 };
	if (outgoing_read(&h))
		return;
	for (size_t i = 0; i < h.nr_sessions; i++)
		for (size_t j = 0; j < h.session[i].nr_files; j++)
			add_file(carried, &h.session[i].file[j]);
	handover_free(&h);
}
