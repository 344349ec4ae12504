// SPDX-License-Identifier: MIT
/* export_golden MODEL_DIR ONNX: the export alone, without the rest of qeff. */
#include <stdio.h>

#include "libqeff/qeff.h"

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_export_options opt = { 0 };

	if (argc != 3) {
		fprintf(stderr, "usage: export_golden MODEL_DIR ONNX\n");
		return 2;
	}
	opt.model_dir = argv[1];
	opt.onnx_path = argv[2];
	if (qeff_export(&opt, &err)) {
		fprintf(stderr, "export_golden: %s\n", err.msg);
		return 1;
	}
	return 0;
}
