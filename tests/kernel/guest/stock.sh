# SPDX-License-Identifier: MIT
#
# In Debian's kernel, on two CPUs (bed/run-qemu): that it works there, and clients
# and cards that come, work and are killed, truly in parallel.

t_stock_nodes() {
	lspci -D -nn -d 17cb:a100
	[ "$(lspci -D -n -d 17cb:a100 | wc -l)" = 2 ] || wrong "not two cards" ||
		return 1
	[ "$(stat -c '%A %G' /dev/accel/accel1)" = "crw-rw---- render" ] ||
		wrong "$(ls -l /dev/accel)" || return 1
	is_online 0 || wrong "card 0 is not online"
}

# its arithmetic is not this host's: the bytes of the logits may differ
t_stock_infer() {
	# shellcheck disable=SC2046
	infer stock 0 $(from_list stock) || return 1
	same_ids $tmp/stock.out "$work/stock.out"
}

killed_clients() {	# killed_clients END SECONDS
	local pid
	while [ "$(date +%s)" -lt "$1" ]; do
		"$kbin/busy" /dev/accel/accel0 60 >/dev/null 2>&1 &
		pid=$!
		sleep "$2"
		kill -KILL $pid
		wait $pid
	done
}

t_stock_stress() {
	local seconds=30 end a b c
	end=$(($(date +%s) + seconds))
	"$kbin/hostile_client" /dev/accel/accel0 $seconds 7 >$tmp/h1 2>&1 &
	a=$!
	killed_clients $end 0.7 2>/dev/null &
	b=$!
	killed_clients $end 1.1 2>/dev/null &
	c=$!
	wait $a || wrong "$(cat $tmp/h1)" || return 1
	wait $b $c
	cat $tmp/h1
	kill -0 "$card_0" || wrong "the card's process is gone" || return 1
	until_true 5 "$kbin/idle" /dev/accel/accel0 ||
		wrong "something is left"
}

t_stock_kill_card() {
	local i
	for i in 1 2 3; do
		"$kbin/busy" /dev/accel/accel0 60 >/dev/null 2>&1 &
		b=$!
		sleep 0.$((i * 3))
		stop_card 0 KILL
		wait $b
		until_true 2 is_offline 0 || wrong "still online" || return 1
		start_card 0 || return 1
	done
	until_true 5 "$kbin/idle" /dev/accel/accel0 || wrong "something is left"
}
