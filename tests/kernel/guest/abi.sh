# SPDX-License-Identifier: MIT
#
# The programs that speak raw ioctls.

t_abi() { "$kbin/abi" /dev/accel/accel0; }
t_manage() { "$kbin/manage" /dev/accel/accel0; }
t_prime() { "$kbin/prime" /dev/accel/accel0; }

# slot 1 has no card but these
t_replay() {
	"$kbin/replay" tests/kernel/conversation.txt /dev/qaic_sim1 \
		/dev/accel/accel1
}

# libqaic says what the open runtime says; what it gets is all zeros
t_replay_client() {
	# shellcheck disable=SC2046
	"$kbin/replay" tests/kernel/conversation.txt /dev/qaic_sim1 \
		/dev/accel/accel1 "$bin/qeff" infer --cache-dir "$work/cache" \
		--device-group "[1]" $(from_list llama-gqa-8) || return 1
	"$kbin/replay" tests/kernel/conversation.txt /dev/qaic_sim1 \
		/dev/accel/accel1 "$bin/qaic-util" -q -d 1
}
