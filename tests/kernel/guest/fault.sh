# SPDX-License-Identifier: MIT
#
# Fault injection, in the debug kernel: each allocation and each user copy in turn
# fails. It begins without the module.

t_fault_probe() { "$kbin/failprobe" all "$module"; }

t_fault_client() {
	need_card 0 || return 1
	"$kbin/failnth" /dev/accel/accel0
}

t_fault_port() {
	need_module || return 1
	"$kbin/failport" /dev/qaic_sim1 /dev/accel/accel1
}
