# SPDX-License-Identifier: MIT
#
# The card port itself, and what the bus half tells in sysfs.

function_of() {	# function_of N: the PCI function of slot N
	readlink -f "/sys/class/accel/accel$1/device"
}

# What udev and the netlink family tell, in $tmp/uevents and $tmp/monitor, from
# here to stop_listening. The monitor begins with a line for each card.
start_listening() {
	udevadm monitor --kernel --property --subsystem-match=accel \
		>$tmp/uevents 2>&1 &
	listeners=$!
	"$bin/qaic-util" --monitor -j >$tmp/monitor 2>&1 &
	listeners="$listeners $!"
	until_true 5 grep -q '"slot":1' $tmp/monitor &&
		until_true 5 grep -q KERNEL $tmp/uevents
}

stop_listening() {
	# shellcheck disable=SC2086
	kill $listeners
	# shellcheck disable=SC2086
	wait $listeners 2>/dev/null
	cat $tmp/monitor
}

heard() {	# heard EVENT FILTER WANT: what the monitor's lines of EVENT say
	local got
	got=$(jq -r "select(.event==\"$1\") | $2" $tmp/monitor | xargs)
	[ "$got" = "$3" ] || wrong "netlink, $1 $2: '$got', not '$3'"
}

told() {	# told PROPERTY WANT: the same of uevents
	local got
	got=$(sed -n "s/^$1=//p" $tmp/uevents | xargs)
	[ "$got" = "$2" ] || wrong "uevents, $1: '$got', not '$2'"
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
		[ "$(cat "$d/ue_nonfatal_count")" = 0 ] || wrong "errors" ||
			return 1
	done
	[ "$(cat "$(function_of 0)/card_state")" = attached ] &&
		[ "$(cat "$(function_of 1)/card_state")" = empty ] ||
		wrong "which card is there?" || return 1
	# without a card there is nothing to say
	! cat "$(function_of 1)"/hwmon/hwmon*/temp2_input 2>/dev/null ||
		wrong "an empty slot has a temperature"
}

# a card of a test's own in slot 1: restarts, results, errors, temperatures
t_ssr() {
	local ret=0
	start_listening || return 1
	"$kbin/ssr" /dev/qaic_sim1 /dev/accel/accel1 || ret=1
	until_true 2 grep -q '"offline"' $tmp/monitor
	stop_listening
	[ $ret = 0 ] &&
		heard dbc '"\(.slot):\(.dbc):\(.number)"' \
			"1:3:1 1:3:2 1:3:3 1:3:4 1:3:5 1:3:0 1:3:1 1:3:0" &&
		told DBC_STATE "1 2 3 4 5 0 1 0" &&
		heard ras '"\(.type) \(.source) \(.count) \(.threshold)"' \
			"ue_nonfatal nsp_mem 4711 9" &&
		heard ras '.syndrome[0:6]' cafe00 &&
		told RAS_TYPE ue_nonfatal && told RAS_COUNT 4711 &&
		heard thermal '"\(.level) \(.temperature)"' \
			"hot 85 critical 96 hot 90 normal 80" &&
		told THERMAL "hot critical hot normal" &&
		heard state .state "online offline"
}

t_netlink() {
	"$kbin/netlink"
}

# limits are the driver's parameters: those of a real card process cross them, too
t_thermal() {
	local hot=/sys/module/qaic_sim/parameters/thermal_hot_mc was
	was=$(cat $hot)
	start_listening || return 1
	echo 30000 >$hot
	until_true 5 grep -q '"level":"hot"' $tmp/monitor
	echo "$was" >$hot
	until_true 5 grep -q '"level":"normal"' $tmp/monitor
	stop_listening
	heard thermal '"\(.slot) \(.level)"' "0 hot 0 normal" || return 1
	[ "$(cat "$(function_of 0)"/hwmon/hwmon*/temp2_max)" = "$was" ] ||
		wrong "temp2_max is not the limit"
}

t_inject() {
	local d inject=/sys/kernel/debug/qaic_sim/card0/inject_ras w ce
	d=$(function_of 0)
	ce=$(cat "$d/ce_count")
	start_listening || return 1
	echo "ce ddr 3" >$inject || wrong "ce" || return 1
	echo "ue_nonfatal tsens" >$inject || wrong "ue_nonfatal" || return 1
	for w in "" ce "ce moon" "xx ddr" "ce ddr 0" "ce ddr x$(seq 100)"; do
		! echo "$w" 2>/dev/null >$inject || wrong "'$w' is taken" ||
			return 1
	done
	[ "$(cat "$d/ce_count" "$d/ue_nonfatal_count" "$d/ue_count" | xargs)" = "$((ce + 3)) 1 0" ] ||
		wrong "counters: $(cat "$d"/*_count)" || return 1
	! echo "ce ddr" 2>/dev/null >${inject/card0/card1} ||
		wrong "an empty slot has errors" || return 1
	# a fatal one takes the card away
	echo "ue soc_mem" >$inject
	until_true 2 is_offline 0 || wrong "still online" || return 1
	[ "$(cat "$d/ue_count")" = 1 ] || wrong "not counted" || return 1
	until_true 2 grep -q '"offline"' $tmp/monitor
	stop_listening
	heard ras '"\(.slot) \(.type) \(.source) \(.count)"' \
		"0 ce ddr 3 0 ue_nonfatal tsens 1 0 ue soc_mem 1" &&
		told RAS_TYPE "ce ue_nonfatal ue" &&
		told RAS_SOURCE "ddr tsens soc_mem" || return 1
	stop_card 0
	start_card 0 && check_case llama-gqa 0
}
