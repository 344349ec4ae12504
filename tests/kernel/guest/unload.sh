# SPDX-License-Identifier: MIT
#
# Last: what is in use stays, what is not goes.

infers() {
	check_case llama-gqa 0
}

t_module_in_use() {
	need_card 0 || return 1
	exec 3<>/dev/accel/accel0
	! rmmod qaic_sim 2>/dev/null || wrong "unloaded below an open file" ||
		return 1
	exec 3<&-
	stop_cards
	exec 3<>/dev/qaic_sim0
	! rmmod qaic_sim 2>/dev/null || wrong "unloaded below a port"
	exec 3<&-
}

t_unload_at_last() {
	unload || return 1
	load num_cards=1 || return 1
	start_card 0 && infers && unload
}
