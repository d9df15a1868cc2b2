// SPDX-License-Identifier: GPL-2.0-only
/* For people: one line an object, indented below what it belongs to. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "inspect.h"

/* IOPT_PAGES_ACCOUNT_MM: what the option sets with 1. */
#define ACCOUNT_MM	2u

static void put_safe(FILE *out, const char *text)
{
	for (; *text; text++)
		putc(isprint((unsigned char)*text) ? *text : '?', out);
}

static void show_extra_value(const struct extra *e, FILE *out)
{
	bool string = e->len > 1 && !e->data[e->len - 1];

	for (uint32_t i = 0; string && i + 1 < e->len; i++)
		string = isprint(e->data[i]);
	if (string) {
		fprintf(out, " \"%.64s\"", (const char *)e->data);
		return;
	}
	fprintf(out, " %" PRIu32 " bytes:", e->len);
	for (uint32_t i = 0; i < e->len && i < 16; i++)
		fprintf(out, " %02x", e->data[i]);
	fputs(e->len > 16 ? " ..." : "", out);
}

static void show_extras(const struct node *node, int indent, FILE *out)
{
	for (const struct extra *e = node->extra; e; e = e->next) {
		fprintf(out, "%*snot known: ", indent, "");
		put_safe(out, e->name);
		if (e->data)
			show_extra_value(e, out);
		putc('\n', out);
	}
}

static void show_prot(uint32_t prot, FILE *out)
{
	fprintf(out, "%c%c", prot & 1 ? 'r' : '-', prot & 2 ? 'w' : '-');
	if (prot & ~7u)
		fprintf(out, " prot %#x", prot);
}

static void show_backing(const struct file *f, const struct backing *b, FILE *out)
{
	bool huge = b->flags & BACKING_HUGETLB;
	const char *pages = huge ? ", huge pages" : "";

	if (!(b->flags & BACKING_KNOWN) && b->file)
		fprintf(out, "memfd token %" PRIu64 " (inode %" PRIu64 "%s)", b->file->token,
			b->inode, pages);
	else if (!(b->flags & BACKING_KNOWN))
		fprintf(out, "a memfd (inode %" PRIu64 "%s, %s)", b->inode, pages,
			f->context->may_come[huge] ? "no token yet" : "not in the session");
	else
		fprintf(out, "memfd token %" PRIu64 " (inode %" PRIu64 "%s%s)", b->token,
			b->inode, pages, f->single ? "" :
			!b->file ? ", not in the session" :
			!b->file->memfd ? ", its state is not here" : "");
}

static void show_memory_name(const struct memfd *m, FILE *out)
{
	char size[32];

	if (m->huge)
		fprintf(out, "memory of %s pages without a file",
			size_name(m->page_size, size, sizeof(size)));
	else
		fputs("memory without a file", out);
}

static void show_source(const struct file *f, const struct area *a, FILE *out)
{
	const struct pages *p = refer_pages(f->context, a);
	const struct backing *b = p ? refer_backing(f->context, p) : NULL;
	const struct memfd *m = p ? refer_memory(f->context, p) : NULL;

	if (b)
		show_backing(f, b, out);
	else if (m)
		show_memory_name(m, out);
	else
		fputs("what is not there", out);
	if (p && area_in_pages(a, p))
		fprintf(out, " from byte %" PRIu64, area_byte(a, p));
	if (p && p->flags & PAGES_FILE_RDONLY)
		fputs(", opened read-only", out);
}

static void show_area(const struct file *f, const struct area *a, FILE *out)
{
	long pieces = area_count(f->context, a);
	struct piece first;
	char size[32];

	fprintf(out, "      0x%" PRIx64 "-0x%" PRIx64 "  ", a->iova, a->last);
	show_prot(a->prot, out);
	fprintf(out, "  %s of ", size_name(a->last - a->iova + 1, size, sizeof(size)));
	show_source(f, a, out);
	if (pieces > 0 && area_piece(f->context, a, 0, &first))
		fprintf(out, "\n        in memory: %ld runs, the first %s at 0x%" PRIx64, pieces,
			size_name(first.len, size, sizeof(size)), first.phys);
	putc('\n', out);
}

static void show_ioas(const struct file *f, const struct ioas *ioas, FILE *out)
{
	fprintf(out, "    IOAS %" PRIu64 ": %zu areas, %s pages\n", ioas->node.unit,
		ioas->nr_areas, ioas->small ? "small" : "large");
	for (size_t i = 0; i < ioas->nr_allowed; i++)
		fprintf(out, "      allowed 0x%" PRIx64 "-0x%" PRIx64 "\n",
			ioas->allowed[2 * i], ioas->allowed[2 * i + 1]);
	for (size_t i = 0; i < ioas->nr_areas; i++)
		show_area(f, &ioas->area[i], out);
	show_extras(&ioas->node, 6, out);
}

static void show_memory(const struct memfd *m, FILE *out)
{
	char size[32];

	fputs("    ", out);
	show_memory_name(m, out);
	fprintf(out, ": %s in %zu runs, will be a memfd\n",
		size_name(m->size, size, sizeof(size)), m->nr_runs);
	show_extras(&m->node, 6, out);
}

static void show_hwpt(const struct hwpt *t, FILE *out)
{
	char size[32];

	fprintf(out, "    HWPT %" PRIu64 ": of IOAS %" PRIu32 ", %s, maps %s\n"
		"      table: %" PRIu32 " pages, top at 0x%" PRIx64 " level %" PRIu32
		", AMDv1 features 0x%" PRIx32 ", VA %" PRIu32 " bits, PA %" PRIu32 " bits\n",
		t->node.unit, t->ioas, t->automatic ? "automatic" : "made by hand",
		size_name(t->mapped, size, sizeof(size)), t->tables, t->top, t->level,
		t->features, t->vasz, t->oasz);
	if (t->sme_mask)
		fprintf(out, "      memory encryption mask 0x%" PRIx64 "\n", t->sme_mask);
	show_extras(&t->node, 6, out);
}

static void show_device(const struct session *s, const struct device *d, FILE *out)
{
	const struct file *vfio = refer_vfio(s, d->sbdf);
	char name[32];

	fprintf(out, "    device %" PRIu64 ": %s, ", d->node.unit,
		sbdf_name(d->sbdf, name, sizeof(name)));
	if (d->hwpt)
		fprintf(out, "attached to HWPT %" PRIu32, d->hwpt);
	else
		fputs("not attached", out);
	if (vfio)
		fprintf(out, ", file is token %" PRIu64, vfio->token);
	else if (d->kept)
		fputs(", kept", out);
	putc('\n', out);
	show_extras(&d->node, 6, out);
}

static void show_context(const struct session *s, const struct file *f, FILE *out)
{
	const struct context *c = f->context;

	fprintf(out, "    option RLIMIT_MODE %d, pages of %" PRIu32 " bytes\n",
		c->account_mode == ACCOUNT_MM, c->page_size);
	for (size_t i = 0; i < c->nr_ioas; i++)
		show_ioas(f, &c->ioas[i], out);
	for (size_t i = 0; i < c->nr_memories; i++)
		show_memory(&c->memory[i], out);
	for (size_t i = 0; i < c->nr_hwpts; i++)
		show_hwpt(&c->hwpt[i], out);
	for (size_t i = 0; i < c->nr_devices; i++)
		show_device(s, &c->device[i], out);
	show_extras(&c->node, 4, out);
}

static void show_vfio(const struct file *f, FILE *out)
{
	const struct vfio *v = f->vfio;
	char name[32];

	fprintf(out, "    device %s  %04x:%04x (%04x:%04x) class %06x revision %02x\n",
		sbdf_name(v->sbdf, name, sizeof(name)), v->vendor, v->device,
		v->subvendor, v->subdevice, v->class, v->revision);
	if (v->serial)
		fprintf(out, "    serial number %016" PRIx64 "\n", v->serial);
	for (int i = 0; i < INSPECT_BARS; i++)
		if (v->bar[i][1])
			fprintf(out, "    BAR %d at 0x%" PRIx64 ", %s\n", i, v->bar[i][0],
				size_name(v->bar[i][1], name, sizeof(name)));
	fprintf(out, "    device ID %" PRIu32, v->device_id);
	if (f->blob.sealed) {
		fprintf(out, " in iommufd token %" PRIu64, v->iommufd_token);
		if (v->pt_id)
			fprintf(out, ", attached to HWPT %" PRIu32, v->pt_id);
		fprintf(out, "\n    command %04x%s", v->command,
			v->command & 4 ? ", Bus Master on" : ", Bus Master off");
	}
	fprintf(out, "\n    %s, %" PRIu32 " bytes of virtual config space, %" PRIu32 " of saved state\n",
		v->reset ? "can be reset" : "has no reset that works", v->vconfig_len,
		v->saved_len);
	show_extras(&v->node, 4, out);
}

static void show_memfd(const struct memfd *m, FILE *out)
{
	char size[32];

	fprintf(out, "    %s in %zu runs, ", size_name(m->size, size, sizeof(size)),
		m->nr_runs);
	if (m->huge)
		fprintf(out, "%" PRIu64 " huge pages of %s, ", huge_pages(m),
			size_name(m->page_size, size, sizeof(size)));
	fprintf(out, "position %" PRIu64 ", seals 0x%" PRIx32 "%s\n", m->position, m->seals,
		m->noexec ? ", can't be executed" : "");
	show_extras(&m->node, 4, out);
}

static void show_file(const struct session *s, const struct file *f, FILE *out)
{
	if (!f->single)
		fprintf(out, "  token %" PRIu64 "  ", f->token);
	else
		fputs("  blob  ", out);
	put_safe(out, f->handler);
	if (f->status > 0)
		fputs(", retrieved: its state is in use", out);
	else if (f->status < 0)
		fprintf(out, ", retrieve failed: error %" PRId32, f->status);
	else if (f->vfio)
		fputs(f->blob.sealed ? ", frozen" : ", not frozen yet", out);
	putc('\n', out);
	if (f->context)
		show_context(s, f, out);
	if (f->vfio)
		show_vfio(f, out);
	if (f->memfd)
		show_memfd(f->memfd, out);
	/* Without a blob the node is the memfd's. */
	if (!f->memfd || f->tree)
		show_extras(&f->node, 4, out);
}

void show_text(const struct handover *h, FILE *out)
{
	fprintf(out, "handover%s%s, written by Linux ", *h->direction ? ", " : "",
		h->direction);
	put_safe(out, h->blob.release);
	putc('\n', out);
	if (!h->nr_sessions)
		fputs("no sessions\n", out);
	for (size_t i = 0; i < h->nr_sessions; i++) {
		const struct session *s = &h->session[i];

		if (*h->direction) {
			fputs("session \"", out);
			put_safe(out, s->name);
			fputs(s->retrieved ? "\", retrieved\n" : "\"\n", out);
		}
		for (size_t j = 0; j < s->nr_files; j++)
			show_file(s, &s->file[j], out);
	}
	show_extras(&h->node, 0, out);
}
