// SPDX-License-Identifier: MIT
/* programqpc.bin: written, read back, and refused when any part is damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "qpc/parts.h"
#include "tests/unit/qpc/sample.h"

static char dir[] = "/tmp/test_container-XXXXXX";

static char *file_of(const char *sub)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s/programqpc.bin", dir, sub);
	return path;
}

static void write_sample(const char *sub, uint32_t num_nsps)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, sub);
	if (sample_write(path, num_nsps, &err))
		fail_msg("%s", err.msg);
}

static void same_program(const struct qpc_program *a, const struct qpc_program *b)
{
	uint32_t k, n, i;

	assert_string_equal(a->name, b->name);
	assert_string_equal(a->compiler, b->compiler);
	assert_int_equal(a->num_nsps, b->num_nsps);
	assert_int_equal(a->precision, b->precision);
	assert_int_equal(a->const_size, b->const_size);
	assert_int_equal(a->ddr_size, b->ddr_size);
	assert_int_equal(a->tcm_size, b->tcm_size);
	assert_int_equal(a->spread_size, b->spread_size);
	assert_int_equal(a->local_size, b->local_size);
	assert_int_equal(a->num_states, b->num_states);
	assert_string_equal(a->states[0].name, b->states[0].name);
	assert_string_equal(a->states[0].output, b->states[0].output);
	assert_int_equal(a->num_nodes, b->num_nodes);
	assert_string_equal(a->nodes[1], b->nodes[1]);
	assert_int_equal(a->num_specs, b->num_specs);
	for (k = 0; k < a->num_specs; k++) {
		const struct qpc_spec *x = &a->specs[k], *y = &b->specs[k];

		assert_string_equal(x->name, y->name);
		assert_int_equal(x->num_symbols, y->num_symbols);
		assert_string_equal(x->symbols[1].name, y->symbols[1].name);
		assert_int_equal(x->symbols[1].value, y->symbols[1].value);
		assert_int_equal(x->num_bindings, y->num_bindings);
		for (i = 0; i < x->num_bindings; i++) {
			assert_string_equal(x->bindings[i].name,
					    y->bindings[i].name);
			assert_int_equal(x->bindings[i].size,
					 y->bindings[i].size);
			assert_int_equal(x->bindings[i].ddr_off,
					 y->bindings[i].ddr_off);
			assert_int_equal(x->bindings[i].output,
					 y->bindings[i].output);
		}
		for (n = 0; n < a->num_nsps; n++) {
			assert_int_equal(x->streams[n].num_cmds,
					 y->streams[n].num_cmds);
			assert_memory_equal(x->streams[n].cmds,
					    y->streams[n].cmds,
					    x->streams[n].num_cmds * 256);
		}
	}
}

static void check_handshake(const struct qpc_io *io, uint32_t num_nsps,
			    uint32_t k)
{
	assert_int_equal(io->num_reqs, 3);
	assert_int_equal(io->num_bufs, 3);
	assert_int_equal(io->buf_size[0], 256);
	/* first input waits for idle NSPs, last input arms and starts */
	assert_int_equal(io->reqs[0].num_sems, 1);
	assert_true(io->reqs[0].sems[0].pre);
	assert_int_equal(io->reqs[0].sems[0].op, 4);
	assert_int_equal(io->reqs[0].sems[0].num, QPC_SEM_READY);
	assert_int_equal(io->reqs[0].sems[0].value, num_nsps);
	assert_int_equal(io->reqs[0].num_doorbells, 0);
	assert_int_equal(io->reqs[1].num_sems, 1);
	assert_false(io->reqs[1].sems[0].pre);
	assert_int_equal(io->reqs[1].sems[0].op, 1);
	assert_int_equal(io->reqs[1].num_doorbells, 1);
	assert_int_equal(io->reqs[1].doorbell.data, k + 1);
	assert_int_equal(io->reqs[1].doorbell.size, 2);
	/* the only output carries both */
	assert_true(io->reqs[2].output);
	assert_int_equal(io->reqs[2].num_sems, 2);
	assert_int_equal(io->reqs[2].sems[0].value, 0);
	assert_int_equal(io->reqs[2].sems[1].value, num_nsps);
}

static void test_round_trip(void **state)
{
	static const uint32_t counts[] = { 1, 3, 16 };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_program want;
	struct qpc *qpc;
	uint32_t i, k;

	for (i = 0; i < 3; i++) {
		write_sample("rt", counts[i]);
		if (qpc_open(file_of("rt"), &qpc, &err))
			fail_msg("%s", err.msg);
		sample_program(&want, counts[i]);
		same_program(&want, &qpc->prog);
		for (k = 0; k < 2; k++)
			check_handshake(&qpc->io[k], counts[i], k);
		assert_int_equal(qpc->const_size, SAMPLE_CONSTS);
		assert_int_equal((uintptr_t)qpc->consts % 4096, 0);
		for (k = 0; k < SAMPLE_CONSTS; k++)
			assert_int_equal(((const uint8_t *)qpc->consts)[k],
					 (uint8_t)(k * 7));
		assert_int_equal(qpc->const_desc_size, 24);
		qpc_program_release(&want);
		qpc_close(qpc);
	}
}

static void test_from_elf(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_program card;
	struct qpc *qpc;
	char *copy;

	write_sample("elf", 2);
	assert_int_equal(qpc_open(file_of("elf"), &qpc, &err), 0);
	/* wherever the bytes come to lie */
	copy = malloc(qpc->elf_size + 1);
	memcpy(copy + 1, qpc->elf, qpc->elf_size);
	if (qpc_program_from_elf(copy + 1, qpc->elf_size, &card, &err))
		fail_msg("%s", err.msg);
	free(copy);
	assert_int_equal(card.num_specs, 2);
	assert_int_equal(card.num_nsps, 2);
	assert_int_equal(card.const_size, SAMPLE_CONSTS);
	assert_string_equal(card.specs[0].bindings[0].name, "");
	assert_int_equal((uintptr_t)card.specs[1].streams[1].cmds % 64, 0);
	qpc_program_release(&card);
	qpc_close(qpc);
}

static void test_readelf(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char path[128], cmd[400], text[8192];
	struct qpc *qpc;
	size_t n;
	FILE *f;

	if (system("command -v readelf >/dev/null 2>&1")) {
		print_message("readelf is not installed\n");
		skip();
	}
	write_sample("re", 2);
	assert_int_equal(qpc_open(file_of("re"), &qpc, &err), 0);
	snprintf(path, sizeof(path), "%s/network.elf", dir);
	assert_int_equal(qaic_write_file(path, qpc->elf, qpc->elf_size, &err),
			 0);
	qpc_close(qpc);
	snprintf(cmd, sizeof(cmd), "readelf -hSW %s 2>&1", path);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_null(strstr(text, "Warning"));
	assert_null(strstr(text, "Error"));
	assert_non_null(strstr(text, "ELF32"));
	assert_true(strstr(text, "QUALCOMM") || strstr(text, "Hexagon"));
	assert_non_null(strstr(text, "metadata_fb.1"));
	assert_non_null(strstr(text, ".aic.program"));
	assert_non_null(strstr(text, ".aic.s1.n01"));
	unlink(path);
}

/* ---- damage ---- */

static uint8_t *load(const char *sub, size_t *len)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char *text;

	if (qaic_read_file(file_of(sub), 1 << 20, &text, len, &err))
		fail_msg("%s", err.msg);
	return (uint8_t *)text;
}

static void refused(const uint8_t *data, size_t len, const char *what)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc *qpc;
	int rc = qpc_open_mem(data, len, "damaged", &qpc, &err);

	if (!rc)
		fail_msg("%s: accepted", what);
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(strncmp(err.msg, "damaged: ", 9), 0);
}

/* Every byte of header, image table and names: changed in four ways. */
static void test_header_bytes(void **state)
{
	static const uint8_t change[] = { 0x01, 0x80, 0xff, 0x10 };
	size_t len, i, j, head;
	struct qpc_container c;
	char what[64];
	uint8_t *d;

	write_sample("hdr", 1);
	d = load("hdr", &len);
	assert_int_equal(qpc_container_parse(d, len, &c, NULL), 0);
	head = QPC_HDR_SIZE + c.num_images * QPC_IMAGE_SIZE;
	for (i = 0; i < head; i++)
		for (j = 0; j < 4; j++) {
			d[i] ^= change[j];
			snprintf(what, sizeof(what), "byte %zu ^ %x", i,
				 change[j]);
			refused(d, len, what);
			d[i] ^= change[j];
		}
	free(d);
}

static void test_truncated(void **state)
{
	size_t len, n;
	uint8_t *d, *copy;

	write_sample("trunc", 1);
	d = load("trunc", &len);
	for (n = 0; n < len; n += n < 600 ? 1 : 97) {
		copy = malloc(n ? n : 1);
		memcpy(copy, d, n);
		refused(copy, n, "truncated");
		/* also when the header tells the truth about it */
		if (n > 16) {
			uint64_t size = n;

			memcpy(copy + 8, &size, 8);
			refused(copy, n, "truncated with a true size");
		}
		free(copy);
	}
	free(d);
}

/* Each image missing. */
static void test_missing_images(void **state)
{
	struct qpc_container c;
	size_t len;
	uint32_t i;
	uint8_t *d;
	uint64_t name;

	write_sample("miss", 1);
	d = load("miss", &len);
	assert_int_equal(qpc_container_parse(d, len, &c, NULL), 0);
	for (i = 0; i < c.num_images; i++) {
		memcpy(&name, d + QPC_HDR_SIZE + i * QPC_IMAGE_SIZE + 16, 8);
		d[name] ^= 0x20;
		refused(d, len, c.images[i].name);
		d[name] ^= 0x20;
	}
	free(d);
}

/* Damage every byte of the descriptors: accepted only if nothing changed. */
static void test_descriptor_bytes(void **state)
{
	static const char *const names[] = {
		"networkdesc.bin", "networkdesc.1.bin", "constantsdesc.bin",
	};
	struct qaic_err err = QAIC_ERR_INIT;
	const struct qpc_image *im;
	struct qpc_container c;
	size_t len, i, n, ok = 0;
	struct qpc *qpc;
	uint8_t *d;

	write_sample("desc", 1);
	d = load("desc", &len);
	assert_int_equal(qpc_container_parse(d, len, &c, NULL), 0);
	for (n = 0; n < 3; n++) {
		im = qpc_container_find(&c, names[n]);
		assert_non_null(im);
		for (i = 0; i < im->size; i++) {
			d[im->off + i] ^= 0x55;
			if (!qpc_open_mem(d, len, "x", &qpc, &err)) {
				qpc_close(qpc);
				ok++;
			}
			d[im->off + i] ^= 0x55;
		}
	}
	/* scales, batch size and thread counts are told, not used */
	print_message("%zu bytes without a meaning\n", ok);
	assert_true(ok < 60);
	free(d);
}

static void test_no_constants(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_program p;
	struct qpc_writer *w;
	struct qpc *qpc;
	char path[128];
	uint32_t k;

	sample_program(&p, 1);
	p.const_size = 0;
	for (k = 0; k < 2; k++)
		p.specs[k].streams[0].cmds[2] = sample_relu();
	snprintf(path, sizeof(path), "%s/none", dir);
	if (qpc_writer_open(path, &p, &w, &err) ||
	    qpc_writer_commit(w, &err) || qpc_open(path, &qpc, &err))
		fail_msg("%s", err.msg);
	assert_null(qpc->consts);
	assert_int_equal(qpc->const_size, 0);
	qpc_close(qpc);
	qpc_program_release(&p);
}

static void test_writer_refuses(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_writer *w = NULL;
	struct qpc_program p;
	char path[128];

	snprintf(path, sizeof(path), "%s/refuse", dir);
	sample_program(&p, 1);
	strcpy(p.specs[0].bindings[0].name, "y");
	assert_int_equal(qpc_writer_open(path, &p, &w, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "two bindings are called 'y'"));
	strcpy(p.specs[0].bindings[0].name, "\xff");
	assert_int_equal(qpc_writer_open(path, &p, &w, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "UTF-8"));
	p.specs[0].bindings[0].name[0] = '\0';
	assert_int_equal(qpc_writer_open(path, &p, &w, &err), -EINVAL);
	strcpy(p.specs[0].bindings[0].name, "x");
	p.ddr_size = 64;
	assert_int_equal(qpc_writer_open(path, &p, &w, &err), -EINVAL);
	assert_false(qaic_is_dir(path));
	p.ddr_size = SAMPLE_DDR;
	assert_int_equal(qpc_writer_open(path, &p, &w, &err), 0);
	assert_int_equal(qpc_writer_const(w, SAMPLE_CONSTS - 1, "ab", 2, &err),
			 -EINVAL);
	assert_int_equal(qpc_writer_const(w, UINT64_MAX, "ab", 2, &err),
			 -EINVAL);
	qpc_writer_abort(w);
	assert_false(qaic_is_dir(path));
	qpc_program_release(&p);
}

/* A file that was there stays until a new one is complete. */
static void test_replace(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_writer *w;
	struct qpc_program p;
	struct qpc *qpc;
	char path[128];

	write_sample("rep", 1);
	snprintf(path, sizeof(path), "%s/rep", dir);
	sample_program(&p, 3);
	assert_int_equal(qpc_writer_open(path, &p, &w, &err), 0);
	assert_int_equal(qpc_open(path, &qpc, &err), 0);
	assert_int_equal(qpc->prog.num_nsps, 1);
	qpc_writer_abort(w);
	assert_true(qaic_is_file(file_of("rep")));
	assert_int_equal(qpc_writer_open(path, &p, &w, &err), 0);
	assert_int_equal(qpc_writer_commit(w, &err), 0);
	/* the old mapping still stands */
	assert_int_equal(((const uint8_t *)qpc->consts)[1], 7);
	qpc_close(qpc);
	assert_int_equal(qpc_open(path, &qpc, &err), 0);
	assert_int_equal(qpc->prog.num_nsps, 3);
	qpc_close(qpc);
	qpc_program_release(&p);
}

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	return qaic_rmtree(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_from_elf),
		cmocka_unit_test(test_readelf),
		cmocka_unit_test(test_header_bytes),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_missing_images),
		cmocka_unit_test(test_descriptor_bytes),
		cmocka_unit_test(test_no_constants),
		cmocka_unit_test(test_writer_refuses),
		cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
