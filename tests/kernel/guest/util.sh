# SPDX-License-Identifier: MIT
#
# qaic-util and qaic-socd as a person sees them. Card 0 is online.

util_has() {	# util_has LINE...: of the last query
	local l
	for l; do
		grep -qxF "$(printf '\t')$l" $tmp/q || {
			cat $tmp/q
			wrong "no line '$l'"
			return 1
		}
	done
}

t_util_query() {
	local fn
	fn=$(basename "$(readlink -f /sys/class/accel/accel0/device)")
	until_true 5 test -r /sys/bus/pci/devices/"$fn"/hwmon/hwmon*/temp2_input
	"$bin/qaic-util" -q -d 0 >$tmp/q || return 1
	util_has Status:Ready "PCI Address:$fn" 'Max Link Speed:16GT/s' \
		'Current Link Width:x8' 'Dev Link:/dev/accel/accel0 ' \
		'HW Version:0.2.0.0' 'Nsp Total:16' 'Nsp Free:16' \
		'NNC Command Protocol Version:17.0' 'Sku Type:PCIe Pro' \
		'TDP Cap(Watts):75.00' || return 1
	grep -qE 'SoC temperature\(degree C\):[1-9]' $tmp/q ||
		wrong "no temperature"
}

t_util_json() {
	"$bin/qaic-util" -j >$tmp/json || return 1
	grep -q '"dev_link": "/dev/accel/accel1"' $tmp/json &&
		grep -q '"status": "Ready"' $tmp/json ||
		wrong "$(cat $tmp/json)"
}

# card 1 has no process: an error for it, all of card 0
t_util_offline() {
	stop_card 1
	until_true 2 is_offline 1
	"$bin/qaic-util" -q >$tmp/q 2>$tmp/err || wrong "exit status" || return 1
	[ "$(grep -c Status:Ready $tmp/q)" = 1 ] &&
		[ "$(grep -c Status:Error $tmp/q)" = 1 ] ||
		wrong "$(cat $tmp/q)" || return 1
	grep -q 'QID 1: .*offline' $tmp/err || wrong "$(cat $tmp/err)"
}

t_util_skus() {
	start_card 1 --sku std --ddr 4G --threads 1 || return 1
	"$bin/qaic-util" -d 1 >$tmp/q || return 1
	util_has 'Nsp Total:14' 'Dram Total:4096 MB' 'Sku Type:PCIe' || return 1
	stop_card 1
	start_card 1 --sku ultra || return 1
	"$bin/qaic-util" -d 1 >$tmp/q || return 1
	util_has 'Nsp Total:16' 'Sku Type:PCIe Ultra' 'HW Serial:0x5afe0a1d' ||
		return 1
	stop_card 1
}

# for people; -d leaves out the others
t_util_monitor() {
	local a b inject=/sys/kernel/debug/qaic_sim/card0/inject_ras
	"$bin/qaic-util" --monitor >$tmp/all &
	a=$!
	"$bin/qaic-util" --monitor -d 1 >$tmp/one &
	b=$!
	until_true 5 grep -q 'QID 1' $tmp/all || return 1
	until_true 5 grep -q 'QID 1' $tmp/one || return 1
	echo "ce ddr 3" >$inject
	until_true 2 grep -q errors $tmp/all
	kill $a $b
	wait $a $b || wrong "exit status" || return 1
	cat $tmp/all
	grep -qE '^[0-9:]{8} QID 0 \([0-9a-f:.]*\): 3 errors \(correctable\) of ddr$' \
		$tmp/all || wrong "no line of it" || return 1
	grep -qE 'QID 0 .*: online, [0-9.]+ C, [0-9.]+ of 75 W, 16 NSPs' \
		$tmp/all || wrong "no line of the card" || return 1
	! grep -q 'QID 0' $tmp/one || wrong "-d 1: $(cat $tmp/one)"
}

# the share of time that a program runs on each NSP, as far as it has them
t_util_load() {
	local a
	"$kbin/busy" /dev/accel/accel0 $((3 + slow)) >$tmp/busy.out 2>&1 &
	a=$!
	until_true 5 grep -q busy $tmp/busy.out
	sleep 2.2
	timeout -s INT 1 "$bin/qaic-util" -m -j -d 0 >$tmp/events
	grep '"telemetry"' $tmp/events >$tmp/json
	wait $a
	jq -e '(.nsp_load[0] > 20) and
		(.nsp_load[0] == .nsp_load[3]) and (.nsp_load[4] == 0) and
		(.ddr_used > 0) and (.temperature > 38)' \
		$tmp/json >/dev/null || wrong "$(cat $tmp/json)"
}

# the table follows cards that come and go, without being asked again
t_util_table_hotplug() {
	local pid fn ret=0
	fn=$(readlink -f /sys/class/accel/accel1/device)
	"$bin/qaic-util" -t 3600 >$tmp/table 2>&1 &
	pid=$!
	until_true 5 grep -q accel1 $tmp/table || wrong "no table" || return 1
	echo 1 >"$fn/remove"
	until_true 5 eval '[ "$(grep -c ^QID $tmp/table)" -ge 2 ]' ||
		wrong "it stands still" || return 1
	echo 1 >/sys/bus/pci/rescan
	udevadm settle
	until_true 5 eval '[ "$(grep -c accel1 $tmp/table)" -ge 2 ]' ||
		{ wrong "the new card is not shown"; cat $tmp/table; ret=1; }
	kill $pid
	wait $pid || wrong "exit status" || return 1
	[ $ret = 0 ] && [ -e /dev/accel/accel1 ]
}

t_util_table() {
	timeout -s INT $((slow + slow / 2)).5 "$bin/qaic-util" -t 1 -d 0 >$tmp/table
	[ "$(grep -cE '^0 +Ready +/dev/accel/accel0 ' $tmp/table)" -ge 2 ] ||
		wrong "$(cat $tmp/table)"
}

t_util_no_such_card() {
	! "$bin/qaic-util" -d 2 2>$tmp/err || wrong "there is no card 2" ||
		return 1
	grep -q 'Device 2 invalid' $tmp/err
}

t_util_embedded() {
	QAIC_EMBEDDED=1 "$bin/qaic-util" >$tmp/q || return 1
	util_has 'Dev Link:embedded ' && [ "$(grep -c ^QID $tmp/q)" = 1 ]
}

# nodes that the user may not open
t_util_permission() {
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$bin/qaic-util" -d 0 >$tmp/q 2>$tmp/err || return 1
	util_has Status:Error || return 1
	grep -q 'its group is render' $tmp/err || wrong "$(cat $tmp/err)"
}

t_socd_privileges() {
	local s=/proc/$card_0/status
	grep -qE '^Uid:(.65534){4}$' "$s" && grep -qE '^Gid:(.65534){4}$' "$s" &&
		grep -qE '^NoNewPrivs:.1$' "$s" &&
		grep -qE '^CapEff:.0+$' "$s" && grep -qE '^Groups:\s*$' "$s" ||
		wrong "$(cat "$s")"
}

wakes_of() {	# wakes_of PID: how often its threads went to sleep
	cat /proc/"$1"/task/*/status | awk '/^voluntary_ctxt/ { n += $2 } END { print n }'
}

slept() {	# the card's process for two seconds
	local before
	before=$(wakes_of "$card_0")
	sleep 2
	[ "$(wakes_of "$card_0")" = "$before" ]
}

# without work nothing of it wakes up; what it last said stands
t_socd_idle() {
	local t
	"$kbin/idle" /dev/accel/accel0 || return 1
	until_true 10 slept || wrong "it wakes up" || return 1
	t=$(cat /sys/class/accel/accel0/device/hwmon/hwmon*/temp2_input) &&
		[ "$t" = 38000 ] || wrong "$t thousandths of a degree" || return 1
	slept || wrong "asked for its temperature it wakes up" || return 1
	check_case llama-gqa 0
}

t_socd_term() {
	local rc i
	for i in 1 2 3 4 5; do
		stop_card 0 KILL
		start_card 0 || return 1
		kill -TERM "$card_0"
		milliseconds wait "$card_0"
		rc=$?
		card_0=
		[ "$took" -lt $((1000 * slow)) ] || wrong "it took $took ms" || return 1
	done
	start_card 0
}
