/* SPDX-License-Identifier: GPL-2.0-only */
/* One suite for each file here. */
#ifndef TESTS_KUNIT_SUITES_H
#define TESTS_KUNIT_SUITES_H

extern struct kunit_suite qaic_fifo_suite;
extern struct kunit_suite qaic_slice_suite;
extern struct kunit_suite qaic_iova_suite;

#endif
