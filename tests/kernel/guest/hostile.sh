# SPDX-License-Identifier: MIT
#
# Sides that do anything. What counts is that the kernel, and who behaves, go on.

t_hostile_client() {
	local a b
	"$kbin/hostile_client" /dev/accel/accel0 6 "$$" >$tmp/h1 2>&1 &
	a=$!
	"$kbin/hostile_client" /dev/accel/accel0 6 4711 >$tmp/h2 2>&1 &
	b=$!
	wait $a || wrong "$(cat $tmp/h1)" || return 1
	wait $b || wrong "$(cat $tmp/h2)" || return 1
	cat $tmp/h1 $tmp/h2
	kill -0 "$card_0" || wrong "the card's process is gone" || return 1
	until_true 5 "$kbin/idle" /dev/accel/accel0 ||
		wrong "something is left" || return 1
	check_case llama-gqa 0
}

t_hostile_card() {
	local a b
	stop_card 0
	"$kbin/hostile_client" /dev/accel/accel0 6 >$tmp/h1 2>&1 &
	a=$!
	"$kbin/busy" /dev/accel/accel0 60 >/dev/null 2>&1 &
	b=$!
	"$kbin/hostile_card" /dev/qaic_sim0 7 "$$" || return 1
	milliseconds wait $a
	[ "$took" -lt $((5000 * slow)) ] || wrong "a client hangs for $took ms" || return 1
	wait $b
	until_true 2 is_offline 0 || wrong "online without a card" || return 1
	start_card 0 || return 1
	until_true 5 "$kbin/idle" /dev/accel/accel0 ||
		wrong "something is left" || return 1
	check_case llama-gqa 0
}

t_random_port() {	# what is no card can do nothing
	local i
	for i in 1 2 3; do
		head -c 5000 /dev/urandom >/dev/qaic_sim1 2>/dev/null
		head -c 100 /dev/qaic_sim1 >/dev/null 2>&1
	done
	is_offline 1
}
