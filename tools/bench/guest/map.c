// SPDX-License-Identifier: GPL-2.0-only
/* The mappings, and where they are in memory. */
#include <sys/ioctl.h>

#include "bench.h"
#include "harness.h"

#define BASE		0x100000000ull
#define SOURCE		0x4000000000ull	/* what windows are copies of */
#define STEP		(2 * BENCH_PAGE)

uint64_t bench_mapped(const struct bench_spec *spec, unsigned int n,
		      uint64_t *length)
{
	*length = spec->how == BENCH_WHOLE ? spec->size : BENCH_PAGE;
	return BASE + n * STEP;
}

static uint64_t page_of(const struct bench_spec *spec, unsigned int n)
{
	return n % (spec->size / BENCH_PAGE) * BENCH_PAGE;
}

static void copy(const struct bench *b, uint64_t to, uint64_t from)
{
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg), .flags = IOMMU_IOAS_MAP_FIXED_IOVA |
		IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.dst_ioas_id = b->ioas, .src_ioas_id = b->ioas,
		.length = BENCH_PAGE, .dst_iova = to, .src_iova = from,
	};

	MUST(!ioctl(b->iommufd, IOMMU_IOAS_COPY, &arg));
}

static void map_one(const struct bench *b, unsigned int n)
{
	uint64_t length, iova = bench_mapped(&b->spec, n, &length);

	if (!b->files)
		WORKS(co_map(b->iommufd, b->ioas, iova, b->memory, length));
	else if (b->spec.how == BENCH_FILES)
		WORKS(co_map_file(b->iommufd, b->ioas, iova, b->file[n], 0,
				  length));
	else if (b->spec.how == BENCH_COPY)
		copy(b, iova, SOURCE + page_of(&b->spec, n));
	else
		WORKS(co_map_file(b->iommufd, b->ioas, iova, b->file[0],
				  page_of(&b->spec, n), length));
}

void bench_map(const struct bench *b)
{
	if (b->spec.how == BENCH_COPY)
		WORKS(co_map_file(b->iommufd, b->ioas, SOURCE, b->file[0], 0,
				  b->spec.size));
	for (unsigned int n = 0; n < b->spec.count; n++)
		map_one(b, n);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x100000001b3ull;
}

uint64_t bench_addresses(const struct bench *b, uint64_t *hash)
{
	uint64_t runs = 0;

	*hash = 0;
	for (unsigned int n = 0; n < b->spec.count; n++) {
		uint64_t left, iova = bench_mapped(&b->spec, n, &left);

		while (left) {
			uint64_t length = left, pa;

			WORKS(co_pa(b->iommufd, b->ioas, iova, &pa, &length));
			*hash = mix(mix(*hash, pa), length);
			iova += length;
			left -= length;
			runs++;
		}
	}
	return runs;
}
