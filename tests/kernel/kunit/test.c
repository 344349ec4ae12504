// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: the module of the suites. */
#include <kunit/test.h>
#include <linux/module.h>

#include "suites.h"

kunit_test_suites(&qaic_fifo_suite, &qaic_slice_suite, &qaic_iova_suite);

MODULE_DESCRIPTION("KUnit tests of qaic_sim");
MODULE_LICENSE("GPL");
