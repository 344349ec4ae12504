# SPDX-License-Identifier: MIT
#
# KUnit tests (tests/kernel/kunit), of what needs no device.

t_kunit() {
	local results=/sys/kernel/debug/kunit/qaic_sim/results
	insmod "$QAIC_KO/qaic_kunit.ko" || return 1
	cat $results
	grep -q '^ok 1 qaic_sim' $results || wrong "not all is ok" || return 1
	rmmod qaic_kunit
}
