// SPDX-License-Identifier: MIT
/*
 * The metadata flatbuffer of a specialization. The tables and the order of their
 * fields are those of the open runtime's AicMetadataFlat.fbs; values that only
 * real firmware uses are what that firmware would need.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/flatbuf.h"
#include "qpc/parts.h"

/* Fields of table Metadata, in the order of the schema. */
enum {
	MD_VERSION_MAJOR, MD_VERSION_MINOR, MD_NETWORK_NAME, MD_REQUIRED_FIELDS,
	MD_SEMAPHORE_INIT, MD_L2TCM_INIT, MD_DMA_REQUESTS, MD_NSP_MULTICAST,
	MD_HOST_MULTICAST, MD_THREADS, MD_CONST_MAPPINGS, MD_STATIC_DDR,
	MD_DYNAMIC_DDR, MD_STATIC_CONST, MD_DYNAMIC_CONST, MD_EXIT_DOORBELL,
	MD_L2_CACHED_DDR, MD_L2TCM_INIT_SIZE, MD_EXEC_CONTEXT, MD_NUM_NSPS,
	MD_NUM_SEMAPHORES, MD_HW_MAJOR, MD_HW_MINOR, MD_ECC_STATIC_DDR,
	MD_ECC_DYNAMIC_DDR, MD_ECC_STATIC_CONST, MD_ECC_DYNAMIC_CONST,
	MD_SINGLE_VTCM_PAGE, MD_HVX_FP, MD_HMX_FP, MD_VTCM_SIZE, MD_L2TCM_SIZE,
	MD_HEAP_SIZE, MD_RAW_LENGTH, MD_NUM_FIELDS
};

/* table AICMDDMARequest */
enum {
	RQ_SEMS, RQ_DOORBELLS, RQ_HOST_OFF, RQ_DEV_OFF, RQ_SIZE, RQ_NUM, RQ_MCID,
	RQ_SPACE, RQ_INOUT, RQ_PORT, RQ_NUM_FIELDS
};

#define NUM_SEMAPHORES	2
#define EXIT_DOORBELL	0x460		/* hard-coded in firmware */
#define L2TCM_INIT_SIZE	(EXIT_DOORBELL + 4)
#define L2TCM_SIZE	(1u << 20)
#define DOORBELL_PAGE	4096
#define EXEC_CONTEXT	4
#define PORT_BASE	0
#define THREAD_HMX_HVX	3

/* ---- writing ---- */

static size_t put_sem(struct qaic_str *b, const struct qpc_sem_op *sem)
{
	struct fb_field f[] = {
		{ 2, sem->num }, { 2, sem->value }, { 1, sem->op },
		{ 1, sem->pre }, { 1, sem->in_fence }, { 1, sem->out_fence },
	};
	size_t where[QAIC_ARRAY_SIZE(f)];

	return fb_put_table(b, f, QAIC_ARRAY_SIZE(f), where);
}

static size_t put_request(struct qaic_str *b, const struct qpc_dma_req *r)
{
	struct fb_field f[RQ_NUM_FIELDS] = {
		[RQ_SEMS] = { FB_REF, 0 }, [RQ_DOORBELLS] = { FB_REF, 0 },
		[RQ_HOST_OFF] = { 8, r->host_off },
		[RQ_DEV_OFF] = { 8, r->dev_off }, [RQ_SIZE] = { 4, r->size },
		[RQ_NUM] = { 2, r->num }, [RQ_MCID] = { 2, r->mc_id },
		[RQ_SPACE] = { 1, r->dev_space }, [RQ_INOUT] = { 1, r->output },
		[RQ_PORT] = { 2, PORT_BASE + r->num },
	};
	struct fb_field db[] = {
		{ 8, r->doorbell.off }, { 4, r->doorbell.data },
		{ 2, r->doorbell.mc_id }, { 1, r->doorbell.size },
	};
	size_t where[RQ_NUM_FIELDS], none[QAIC_ARRAY_SIZE(db)], req, vec;
	uint32_t i;

	req = fb_put_table(b, f, RQ_NUM_FIELDS, where);
	vec = fb_put_refs(b, r->num_sems);
	fb_link(b, where[RQ_SEMS], vec);
	for (i = 0; i < r->num_sems; i++)
		fb_link(b, fb_elem(vec, i), put_sem(b, &r->sems[i]));
	vec = fb_put_refs(b, r->num_doorbells);
	fb_link(b, where[RQ_DOORBELLS], vec);
	if (r->num_doorbells)
		fb_link(b, fb_elem(vec, 0),
			fb_put_table(b, db, QAIC_ARRAY_SIZE(db), none));
	return req;
}

/* A table with one field, a vector of one table: how multicast tables look. */
static size_t put_one_entry(struct qaic_str *b, const struct fb_field *entry,
			    size_t n)
{
	struct fb_field ref = { FB_REF, 0 };
	size_t where, none[8], table, vec;

	table = fb_put_table(b, &ref, 1, &where);
	vec = fb_put_refs(b, 1);
	fb_link(b, where, vec);
	fb_link(b, fb_elem(vec, 0), fb_put_table(b, entry, n, none));
	return table;
}

/*
 * Multicast id 0 is the doorbell page: the host writes it to all NSPs, each
 * finds it at the start of its L2TCM.
 */
static void put_multicast(struct qaic_str *b, const size_t *where,
			  const struct qpc_program *prog)
{
	const struct fb_field nsp[] = {
		{ 8, 0 }, { 4, 0 }, { 4, DOORBELL_PAGE }, { 1, 0 }, { 1, 0 },
	};
	const struct fb_field host[] = {
		{ 4, (1u << prog->num_nsps) - 1 }, { 4, DOORBELL_PAGE },
	};
	size_t vec = fb_put_refs(b, prog->num_nsps);
	uint32_t i;

	fb_link(b, where[MD_NSP_MULTICAST], vec);
	for (i = 0; i < prog->num_nsps; i++)
		fb_link(b, fb_elem(vec, i), put_one_entry(b, nsp, 5));
	fb_link(b, where[MD_HOST_MULTICAST], put_one_entry(b, host, 2));
}

/* One mapping of all constants for all NSPs; its size has but 32 bits. */
static uint32_t mapped_constants(const struct qpc_program *prog)
{
	return prog->const_size > 0xfffff000u ? 0xfffff000u : prog->const_size;
}

static void put_threads_and_constants(struct qaic_str *b, const size_t *where,
				      const struct qpc_program *prog)
{
	const struct fb_field thread[] = { { 8, 0 }, { 1, THREAD_HMX_HVX } };
	const struct fb_field map[] = {
		{ 8, 0 }, { 4, (1u << prog->num_nsps) - 1 },
		{ 4, mapped_constants(prog) },
	};
	size_t none[4], vec;

	vec = fb_put_refs(b, 1);
	fb_link(b, where[MD_THREADS], vec);
	fb_link(b, fb_elem(vec, 0), fb_put_table(b, thread, 2, none));
	vec = fb_put_refs(b, 1);
	fb_link(b, where[MD_CONST_MAPPINGS], vec);
	fb_link(b, fb_elem(vec, 0), fb_put_table(b, map, 3, none));
}

static void put_requests(struct qaic_str *b, const size_t *where,
			 const struct qpc_io *io)
{
	size_t vec = fb_put_refs(b, io->num_reqs);
	uint32_t i;

	fb_link(b, where[MD_DMA_REQUESTS], vec);
	for (i = 0; i < io->num_reqs; i++)
		fb_link(b, fb_elem(vec, i), put_request(b, &io->reqs[i]));
}

/* Every scalar of table Metadata: written by pack, compared by unpack. */
static void scalars(const struct qpc_program *prog,
		    struct fb_field f[MD_NUM_FIELDS])
{
	memset(f, 0, MD_NUM_FIELDS * sizeof(*f));
#define SET(field, size, value) f[field] = (struct fb_field){ size, value }
	SET(MD_VERSION_MAJOR, 2, 1);
	SET(MD_VERSION_MINOR, 2, 0);
	SET(MD_STATIC_DDR, 8, prog->ddr_size);
	SET(MD_DYNAMIC_DDR, 8, 0);
	SET(MD_STATIC_CONST, 8, prog->const_size);
	SET(MD_DYNAMIC_CONST, 8, 0);
	SET(MD_EXIT_DOORBELL, 8, EXIT_DOORBELL);
	SET(MD_L2_CACHED_DDR, 4, 0);
	SET(MD_L2TCM_INIT_SIZE, 4, L2TCM_INIT_SIZE);
	SET(MD_EXEC_CONTEXT, 2, EXEC_CONTEXT);
	SET(MD_NUM_NSPS, 2, prog->num_nsps);
	SET(MD_NUM_SEMAPHORES, 2, NUM_SEMAPHORES);
	SET(MD_HW_MAJOR, 1, 2);
	SET(MD_HW_MINOR, 1, 0);
	SET(MD_ECC_STATIC_DDR, 1, 0);
	SET(MD_ECC_DYNAMIC_DDR, 1, 0);
	SET(MD_ECC_STATIC_CONST, 1, 0);
	SET(MD_ECC_DYNAMIC_CONST, 1, 0);
	SET(MD_SINGLE_VTCM_PAGE, 1, 1);
	SET(MD_HVX_FP, 1, 1);
	SET(MD_HMX_FP, 1, 1);
	SET(MD_VTCM_SIZE, 4, qpc_vtcm_size(prog));
	SET(MD_L2TCM_SIZE, 4, L2TCM_SIZE);
	SET(MD_HEAP_SIZE, 8, 0);
	SET(MD_RAW_LENGTH, 8, 0);
#undef SET
}

int qpc_metadata_pack(const struct qpc_program *prog, const struct qpc_io *io,
		      struct qaic_str *out)
{
	const uint32_t sems[NUM_SEMAPHORES] = {
		[QPC_SEM_READY] = 0, [QPC_SEM_OUTPUT] = prog->num_nsps,
	};
	struct fb_field f[MD_NUM_FIELDS];
	size_t where[MD_NUM_FIELDS];
	int i;

	scalars(prog, f);
	for (i = MD_NETWORK_NAME; i <= MD_CONST_MAPPINGS; i++)
		f[i].size = FB_REF;
	fb_begin(out);
	fb_link(out, 0, fb_put_table(out, f, MD_NUM_FIELDS, where));
	fb_link(out, where[MD_NETWORK_NAME], fb_put_string(out, prog->name));
	fb_link(out, where[MD_REQUIRED_FIELDS], fb_put_refs(out, 0));
	fb_link(out, where[MD_SEMAPHORE_INIT],
		fb_put_vector(out, 4, NUM_SEMAPHORES, sems));
	fb_link(out, where[MD_L2TCM_INIT],
		fb_put_vector(out, 1, L2TCM_INIT_SIZE, NULL));
	put_requests(out, where, io);
	put_multicast(out, where, prog);
	put_threads_and_constants(out, where, prog);
	return out->failed ? -ENOMEM : 0;
}

/* ---- reading ---- */

static const char *const field_names[MD_NUM_FIELDS] = {
	"versionMajor", "versionMinor", "networkName", "requiredFields",
	"semaphoreInitState", "L2TCMInitState", "dmaRequests",
	"nspMulticastTables", "hostMulticastTable", "threadDescriptors",
	"constantMappings", "staticSharedDDRSize", "dynamicSharedDDRSize",
	"staticConstantsSize", "dynamicConstantsSize", "exitDoorbellOffset",
	"l2CachedDDRSize", "L2TCMInitSize", "execContextMajorVersion",
	"numNSPs", "numSemaphores", "hwVersionMajor", "hwVersionMinor",
	"staticSharedDDRECCEnabled", "dynamicSharedDDRECCEnabled",
	"staticConstantsECCEnabled", "dynamicConstantsECCEnabled",
	"singleVTCMPage", "hasHvxFP", "hasHmxFP", "VTCMSize", "L2TCMSize",
	"networkHeapSize", "raw_struct_version_length",
};

static int bad(struct qaic_err *err, unsigned int field)
{
	return qaic_fail(err, -EINVAL, "%s is not what the program needs",
			 field_names[field]);
}

/* A byte that may be 0 or 1. */
static bool read_flag(struct fb_in *in, size_t tab, unsigned int field)
{
	uint64_t v = fb_get(in, tab, field, 1);

	if (v > 1)
		in->bad = true;
	return v;
}

static int read_sems(struct fb_in *in, size_t tab, struct qpc_dma_req *r)
{
	uint32_t n, i;
	size_t vec = fb_vector(in, tab, RQ_SEMS, 4, &n), t;

	if (n > QAIC_ARRAY_SIZE(r->sems))
		return -EINVAL;
	for (i = 0; i < n && !in->bad; i++) {
		t = fb_vector_table(in, vec, i);
		r->sems[i].num = fb_get(in, t, 0, 2);
		r->sems[i].value = fb_get(in, t, 1, 2);
		r->sems[i].op = fb_get(in, t, 2, 1);
		r->sems[i].pre = read_flag(in, t, 3);
		r->sems[i].in_fence = read_flag(in, t, 4);
		r->sems[i].out_fence = read_flag(in, t, 5);
	}
	r->num_sems = n;
	return 0;
}

static int read_request(struct fb_in *in, size_t tab, struct qpc_dma_req *r)
{
	uint32_t n;
	size_t vec, t;

	r->host_off = fb_get(in, tab, RQ_HOST_OFF, 8);
	r->dev_off = fb_get(in, tab, RQ_DEV_OFF, 8);
	r->size = fb_get(in, tab, RQ_SIZE, 4);
	r->num = fb_get(in, tab, RQ_NUM, 2);
	r->mc_id = fb_get(in, tab, RQ_MCID, 2);
	r->dev_space = fb_get(in, tab, RQ_SPACE, 1);
	r->output = read_flag(in, tab, RQ_INOUT);
	vec = fb_vector(in, tab, RQ_DOORBELLS, 4, &n);
	if (n > 1)
		return -EINVAL;
	r->num_doorbells = n;
	if (n) {
		t = fb_vector_table(in, vec, 0);
		if (fb_get(in, t, 0, 8) > UINT32_MAX)
			return -EINVAL;
		r->doorbell.off = fb_get(in, t, 0, 8);
		r->doorbell.data = fb_get(in, t, 1, 4);
		r->doorbell.mc_id = fb_get(in, t, 2, 2);
		r->doorbell.size = fb_get(in, t, 3, 1);
	}
	return read_sems(in, tab, r);
}

static int read_requests(struct fb_in *in, size_t root, struct qpc_io *io,
			 struct qaic_err *err)
{
	uint32_t n, i;
	size_t vec = fb_vector(in, root, MD_DMA_REQUESTS, 4, &n);

	if (in->bad || !n || n > QPC_MAX_BINDINGS)
		return bad(err, MD_DMA_REQUESTS);
	io->reqs = calloc(n, sizeof(*io->reqs));
	if (!io->reqs)
		return qaic_fail(err, -ENOMEM, "out of memory");
	io->num_reqs = n;
	for (i = 0; i < n && !in->bad; i++)
		if (read_request(in, fb_vector_table(in, vec, i), &io->reqs[i]))
			return bad(err, MD_DMA_REQUESTS);
	return 0;
}

/* What a client follows without looking: it must be there and well-formed. */
static int check_tables(struct fb_in *in, size_t root,
			const struct qpc_program *prog, struct qaic_err *err)
{
	uint32_t n, i, entries;
	size_t vec = fb_vector(in, root, MD_NSP_MULTICAST, 4, &n), t;

	if (!vec || n != prog->num_nsps)
		return bad(err, MD_NSP_MULTICAST);
	for (i = 0; i < n; i++) {
		t = fb_vector(in, fb_vector_table(in, vec, i), 0, 4, &entries);
		if (!t || entries != 1 ||
		    fb_get(in, fb_vector_table(in, t, 0), 2, 4) != DOORBELL_PAGE)
			return bad(err, MD_NSP_MULTICAST);
	}
	t = fb_table(in, root, MD_HOST_MULTICAST);
	t = t ? fb_vector(in, t, 0, 4, &entries) : 0;
	if (!t || entries != 1 ||
	    fb_get(in, fb_vector_table(in, t, 0), 0, 4) !=
	    (1u << prog->num_nsps) - 1)
		return bad(err, MD_HOST_MULTICAST);
	vec = fb_vector(in, root, MD_THREADS, 4, &n);
	if (!vec || n != 1 ||
	    fb_get(in, fb_vector_table(in, vec, 0), 1, 1) != THREAD_HMX_HVX)
		return bad(err, MD_THREADS);
	vec = fb_vector(in, root, MD_CONST_MAPPINGS, 4, &n);
	if (!vec || n != 1 ||
	    fb_get(in, fb_vector_table(in, vec, 0), 2, 4) !=
	    mapped_constants(prog))
		return bad(err, MD_CONST_MAPPINGS);
	return 0;
}

static int check_vectors(struct fb_in *in, size_t root,
			 const struct qpc_program *prog, struct qaic_err *err)
{
	const char *name = fb_string(in, root, MD_NETWORK_NAME);
	uint32_t n;
	size_t vec;

	if (!name || !*name || strcmp(name, prog->name))
		return bad(err, MD_NETWORK_NAME);
	fb_vector(in, root, MD_REQUIRED_FIELDS, 4, &n);
	if (n)	/* a later format, which needs something we do not know */
		return bad(err, MD_REQUIRED_FIELDS);
	vec = fb_vector(in, root, MD_SEMAPHORE_INIT, 4, &n);
	if (n != NUM_SEMAPHORES ||
	    fb_u32_at(in, vec + 4 * QPC_SEM_READY) != 0 ||
	    fb_u32_at(in, vec + 4 * QPC_SEM_OUTPUT) != prog->num_nsps)
		return bad(err, MD_SEMAPHORE_INIT);
	fb_vector(in, root, MD_L2TCM_INIT, 1, &n);
	if (n != L2TCM_INIT_SIZE)
		return bad(err, MD_L2TCM_INIT);
	return 0;
}

int qpc_metadata_unpack(const struct qpc_blob *blob,
			const struct qpc_program *prog, struct qpc_io *io,
			struct qaic_err *err)
{
	struct fb_in in = { blob->data, blob->size, false };
	struct fb_field want[MD_NUM_FIELDS];
	size_t root = fb_root(&in);
	unsigned int i;
	int rc;

	scalars(prog, want);
	for (i = 0; i < MD_NUM_FIELDS && !in.bad; i++)
		if (want[i].size &&
		    fb_get(&in, root, i, want[i].size) != want[i].value)
			return bad(err, i);
	if (in.bad)
		return qaic_fail(err, -EINVAL, "not a flatbuffer");
	rc = check_vectors(&in, root, prog, err);
	if (!rc)
		rc = check_tables(&in, root, prog, err);
	if (!rc)
		rc = read_requests(&in, root, io, err);
	if (!rc && in.bad)
		rc = qaic_fail(err, -EINVAL, "a damaged flatbuffer");
	return rc;
}
