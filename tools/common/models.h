/* SPDX-License-Identifier: MIT */
/* qeff models: the model classes that are known. */
#ifndef QAIC_TOOLS_MODELS_H
#define QAIC_TOOLS_MODELS_H

#include <stdbool.h>

#include "base/err.h"

/* List all, or show one by class name or model_type. */
int qaic_models_run(const char *name, bool json, struct qaic_err *err);

#endif
