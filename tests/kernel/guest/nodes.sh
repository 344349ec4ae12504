# SPDX-License-Identifier: MIT
#
# The module, its PCI functions and its nodes, without and with a card process.

pci_functions() {
	lspci -n -d 17cb:a100 | wc -l
}

t_monitor_without_driver() {
	! "$bin/qaic-util" --monitor >$tmp/out 2>$tmp/err || wrong "it works" ||
		return 1
	cat $tmp/err
	[ ! -s $tmp/out ] && [ "$(wc -l <$tmp/err)" = 1 ] &&
		grep -q 'is qaic_sim loaded?' $tmp/err || wrong "no clear message"
}

# queries and listeners all the time
t_load_unload_listeners() {
	local i pids
	"$bin/qaic-util" --monitor -j 2>/dev/null &&
		wrong "a monitor without a driver" && return 1
	load num_cards=2 || return 1
	"$bin/qaic-util" --monitor -j >$tmp/monitor 2>&1 &
	pids=$!
	"$kbin/netlink" 4 >$tmp/queries &
	pids="$pids $!"
	until_true 5 grep -q '"slot":1' $tmp/monitor || return 1
	for i in 1 2 3 4; do
		unload || return 1
		load num_cards=$((i % 2 + 1)) || return 1
	done
	unload || return 1
	until_true 2 eval '[ "$(grep -c unloaded $tmp/monitor)" = 5 ]' ||
		wrong "unloads: $(cat $tmp/monitor)" || return 1
	[ "$(grep -c '"loaded"' $tmp/monitor)" = 4 ] ||
		wrong "loads: $(cat $tmp/monitor)" || return 1
	# shellcheck disable=SC2086
	kill ${pids% *}
	# shellcheck disable=SC2086
	wait $pids
	cat $tmp/queries
}

t_load_unload() {
	local i n
	for i in 1 2 3 4 5 6 7 8 9 10; do
		n=$((i % 4 + 1))
		load num_cards=$n || return 1
		[ "$(pci_functions)" = $n ] || wrong "not $n functions" || return 1
		[ -e /dev/accel/accel$((n - 1)) ] || wrong "no node" || return 1
		unload || return 1
		[ "$(pci_functions)" = 0 ] || wrong "a function stays" || return 1
		[ ! -e /dev/accel/accel0 ] || wrong "a node stays" || return 1
		[ ! -e /dev/qaic_sim0 ] || wrong "a port stays" || return 1
	done
}

t_modprobe() {
	local dir
	dir=/lib/modules/$(uname -r)
	mkdir -p "$dir/updates"
	cp "$module" "$dir/updates/"
	cp data/qaic_sim.conf /etc/modprobe.d/
	: >"$dir/modules.order"
	: >"$dir/modules.builtin"
	depmod -a
	modprobe qaic_sim num_cards=1 || return 1
	grep -q '^qaic_sim ' /proc/modules || wrong "not loaded" || return 1
	modprobe -r qaic_sim || return 1
	! grep -q '^qaic_sim ' /proc/modules || wrong "still loaded"
}

t_bad_parameters() {
	local p
	for p in num_cards=0 num_cards=100000 num_cards=-1 num_cards=x; do
		if insmod "$module" $p 2>/dev/null; then
			rmmod qaic_sim
			wrong "$p is taken"
			return 1
		fi
	done
}

t_nodes() {
	local n
	need_module || return 1
	lspci -nn -d 17cb:a100
	for n in 0 1; do
		[ "$(stat -c '%A %G' /dev/accel/accel$n)" = "crw-rw---- render" ] ||
			wrong "accel$n: $(stat -c '%A %G' /dev/accel/accel$n)" ||
			return 1
		[ "$(stat -c '%a %U' /dev/qaic_sim$n)" = "600 root" ] ||
			wrong "qaic_sim$n: $(stat -c '%a %U' /dev/qaic_sim$n)" ||
			return 1
		[ "$(readlink -f /dev/qaic$n)" = /dev/accel/accel$n ] ||
			wrong "no /dev/qaic$n" || return 1
	done
	[ "$(readlink -f /dev/qaic)" = /dev/accel/accel0 ] ||
		wrong "no /dev/qaic" || return 1
	[ -e /sys/class/accel/accel1/device/vendor ] &&
		[ "$(cat /sys/class/accel/accel1/device/vendor)" = 0x17cb ] ||
		wrong "the node is not below the function"
}

t_offline() {
	need_module || return 1
	is_offline 0 || wrong "open() works without a card" || return 1
	"$bin/qeff" infer --model-name models/tales --prompt x \
		--cache-dir "$work/cache" >$tmp/out 2>$tmp/err &&
		wrong "an offline card infers" && return 1
	cat $tmp/err
	[ "$(wc -l <$tmp/err)" = 1 ]
}

t_online() {
	local pid
	udevadm monitor --kernel --property --subsystem-match=accel >$tmp/events 2>&1 &
	pid=$!
	need_module || return 1
	sleep 0.3
	start_card 0 || return 1
	until_true 2 grep -q 'ACTION=online' $tmp/events ||
		wrong "no online event" || return 1
	stop_card 0
	until_true 2 is_offline 0 || wrong "still online" || return 1
	until_true 2 grep -q 'ACTION=offline' $tmp/events ||
		wrong "no offline event" || return 1
	kill $pid
	wait $pid
	start_card 0
}

# libqaic's own word for it, and cards whose function comes and goes
t_hotplug() {
	local fn pid want
	need_card 0 || return 1
	fn=$(basename "$(readlink -f /sys/class/accel/accel0/device)")
	"$kbin/hotplug" >$tmp/hotplug &
	pid=$!
	until_true 2 grep -q listening $tmp/hotplug || return 1
	stop_card 0 KILL
	until_true 2 grep -q offline $tmp/hotplug
	start_card 0 || return 1
	until_true 2 grep -q online $tmp/hotplug
	stop_card 0
	echo 1 >/sys/bus/pci/devices/"$fn"/remove
	until_true 2 grep -q removed $tmp/hotplug
	echo 1 >/sys/bus/pci/rescan
	until_true 2 grep -q added $tmp/hotplug
	udevadm settle
	kill $pid
	wait $pid 2>/dev/null
	want="listening"
	for w in offline online offline removed added; do
		want="$want $w /dev/accel/accel0 $fn"
	done
	[ "$(xargs <$tmp/hotplug)" = "$want" ] ||
		wrong "$(cat $tmp/hotplug)" || return 1
	start_card 0
}

t_second_card_process() {
	need_card 0 || return 1
	"$bin/qaic-socd" --card 0 >$tmp/out 2>&1
	[ $? != 0 ] || wrong "two cards in one slot" || return 1
	cat $tmp/out
	is_online 0
}

t_hwmon() {
	local d
	need_card 0 || return 1
	d=$(echo /sys/bus/pci/devices/*/hwmon/hwmon*)
	set -- $d
	for f in temp2_input power1_input power1_max; do
		[ -r "$1/$f" ] || wrong "no $1/$f" || return 1
		cat "$1/$f" || return 1
	done
}
