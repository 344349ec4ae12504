# SPDX-License-Identifier: MIT
#
# KUnit tests (tests/kernel/kunit), of what needs no device.

t_kunit() {
	local s
	insmod "$QAIC_KO/qaic_kunit.ko" || return 1
	for s in qaic_fifo qaic_slice qaic_iova; do
		cat /sys/kernel/debug/kunit/$s/results
		grep -q "^ok 1 $s" /sys/kernel/debug/kunit/$s/results ||
			wrong "$s: not all is ok" || return 1
	done
	rmmod qaic_kunit
}
