// SPDX-License-Identifier: MIT
/*
 * Load a QPC, show what it takes and gives, run it once on zeros.
 *
 *	cc run.c $(pkg-config --cflags --libs libqaic) -o run
 *	./run DIR
 */
#include <stdio.h>
#include <string.h>

#include <qaic/qaic.h>

static void print_value(const void *data, enum qaic_dtype type)
{
	float f;

	if (type != QAIC_F32)
		return;
	memcpy(&f, data, sizeof(f));
	printf("  first value %g", f);
}

static int run(struct qaic_program *prog, struct qaic_err *err)
{
	struct qaic_binding_info b;
	struct qaic_spec_info spec;
	struct qaic_exec *exec;
	size_t size;
	void *data;
	int ret;

	ret = qaic_exec_create(prog, 0, &exec, err);
	if (ret)
		return ret;
	qaic_program_spec(prog, 0, &spec);
	for (uint32_t i = 0; i < spec.num_bindings; i++) {
		qaic_program_binding(prog, 0, i, &b);
		data = qaic_exec_buffer(exec, i, &size);
		if (!b.output)
			memset(data, 0, size);
	}
	ret = qaic_exec_run(exec, err);		/* submit and wait */
	for (uint32_t i = 0; !ret && i < spec.num_bindings; i++) {
		qaic_program_binding(prog, 0, i, &b);
		printf("%-6s %-24s %-8s %zu bytes", b.output ? "output" : "input",
		       b.name, qaic_dtype_name(b.dtype), b.size);
		if (b.output)
			print_value(qaic_exec_buffer(exec, i, NULL), b.dtype);
		printf("\n");
	}
	qaic_exec_destroy(exec);
	return ret;
}

int main(int argc, char **argv)
{
	struct qaic_program *prog = NULL;
	struct qaic_device *dev = NULL;
	struct qaic_err err = QAIC_ERR_INIT;
	int ret;

	if (argc != 2)
		return fprintf(stderr, "usage: run DIR\n"), 1;
	ret = qaic_device_open(0, &dev, &err);
	if (!ret)
		ret = qaic_program_load(dev, argv[1], &prog, &err);
	if (!ret)
		ret = run(prog, &err);
	if (ret)
		fprintf(stderr, "run: %s\n", err.msg);
	qaic_program_unload(prog);
	qaic_device_close(dev);
	return ret ? 1 : 0;
}
