# SPDX-License-Identifier: MIT
#
# The card port itself, and what the bus half tells in sysfs.

function_of() {	# function_of N: the PCI function of slot N
	readlink -f "/sys/class/accel/accel$1/device"
}

t_port() {	# slot 1 has no card
	"$kbin/port" /dev/qaic_sim1 /dev/accel/accel1
}

t_sysfs() {
	local d n
	for n in 0 1; do
		d=$(function_of $n)
		[ "$(cat "$d/card_slot")" = $n ] || wrong "$d: not slot $n" ||
			return 1
		[ "$(cat "$d/ce_count")" = 0 ] || wrong "errors" || return 1
	done
	[ "$(cat "$(function_of 0)/card_state")" = attached ] &&
		[ "$(cat "$(function_of 1)/card_state")" = empty ] ||
		wrong "which card is there?" || return 1
	# without a card there is nothing to say
	! cat "$(function_of 1)"/hwmon/hwmon*/temp2_input 2>/dev/null ||
		wrong "an empty slot has a temperature"
}

t_inject() {
	local d inject=/sys/kernel/debug/qaic_sim/card0/inject_ras w
	d=$(function_of 0)
	echo "ce ddr 3" >$inject || wrong "ce" || return 1
	echo "ue_nonfatal tsens" >$inject || wrong "ue_nonfatal" || return 1
	for w in "" ce "ce moon" "xx ddr" "ce ddr 0" "ce ddr x$(seq 100)"; do
		! echo "$w" 2>/dev/null >$inject || wrong "'$w' is taken" ||
			return 1
	done
	[ "$(cat "$d/ce_count" "$d/ue_nonfatal_count" "$d/ue_count" | xargs)" = "3 1 0" ] ||
		wrong "counters: $(cat "$d"/*_count)" || return 1
	! echo "ce ddr" 2>/dev/null >${inject/card0/card1} ||
		wrong "an empty slot has errors" || return 1
	# a fatal one takes the card away
	echo "ue soc_mem" >$inject
	until_true 2 is_offline 0 || wrong "still online" || return 1
	[ "$(cat "$d/ue_count")" = 1 ] || wrong "not counted" || return 1
	stop_card 0
	start_card 0 && check_case llama-gqa 0
}
