# SPDX-License-Identifier: MIT
#
# Either side dies in the middle.

long_client() {	# long_client [SECONDS]: starts one, its process is in client
	: >$tmp/client.out
	"$kbin/busy" /dev/accel/accel0 60 >$tmp/client.out 2>$tmp/client.err &
	client=$!
	until_true 5 grep -q busy $tmp/client.out || {
		kill -KILL $client
		wait $client
		wrong "it did not start: $(cat $tmp/client.err)"
		return 1
	}
	sleep "${1:-0.2}"
}

idle() {	# every NSP of card 0 is free
	"$kbin/idle" /dev/accel/accel0
}

infers() {
	check_case llama-gqa 0
}

t_kill_card() {
	long_client || return 1
	stop_card 0 KILL
	milliseconds wait $client
	cat $tmp/client.err
	echo "client: ended after $took ms"
	[ "$took" -lt $((1000 * slow)) ] || wrong "it took too long" || return 1
	[ -s $tmp/client.err ] || wrong "and said nothing" || return 1
	until_true 2 is_offline 0 || wrong "still online" || return 1
	start_card 0 || return 1
	infers
}

t_stop_card() {
	long_client || return 1
	stop_card 0 TERM
	milliseconds wait $client
	[ "$took" -lt $((1000 * slow)) ] || wrong "it took $took ms" || return 1
	start_card 0 && infers
}

t_kill_client() {
	local i
	for i in $(seq $((slow > 1 ? 3 : 5))); do
		long_client 0.$i || return 1
		kill -KILL $client
		wait $client 2>/dev/null
		until_true 2 idle || wrong "round $i: something is left" ||
			return 1
	done
	infers
}

t_kill_loop() {
	local i
	for i in $(seq $((slow > 1 ? 4 : 8))); do
		long_client 0.$i || return 1
		stop_card 0 KILL
		[ $((i % 2)) = 0 ] || kill -KILL $client
		wait $client 2>/dev/null
		start_card 0 || return 1
	done
	until_true 2 idle || wrong "something is left" || return 1
	infers
}

# Who waits for a card that is stopped gets an error; the card is not waited for.
t_frozen_card() {
	local frozen
	long_client || return 1
	kill -STOP "$card_0"
	milliseconds wait $client
	cat $tmp/client.err
	echo "client: ended after $took ms"
	[ "$took" -lt $((1000 * slow)) ] || wrong "it took $took ms" || return 1
	until_true 2 is_offline 0 || wrong "still online" || return 1
	# another may take its place before it wakes up
	"$bin/qaic-socd" --card 0 >$tmp/socd0b 2>&1 &
	frozen=$card_0
	card_0=$!
	until_true 5 is_online 0 || wrong "$(cat $tmp/socd0b)" || return 1
	kill -CONT "$frozen"
	milliseconds wait "$frozen" 2>/dev/null
	[ "$took" -lt $((1000 * slow)) ] || wrong "it stays $took ms" || return 1
	infers
}

# nobody waits: a card may sleep as long as it likes
t_frozen_idle_card() {
	until_true 5 idle || return 1
	kill -STOP "$card_0"
	sleep 1
	kill -CONT "$card_0"
	until_true 5 idle || wrong "the card is gone"
}

# libqaic's own tests, on the card of the driver: failed requests, queues that never
# go on, programs that are full of errors
t_libqaic_transport() { TMPDIR=$tmp "$kbin/test_transport"; }
t_libqaic_exec() { TMPDIR=$tmp "$kbin/test_exec"; }
t_libqaic_profile() { TMPDIR=$tmp "$kbin/test_profile"; }

# without the function there is no node; with it again, there is
t_unbind() {
	local fn drv
	long_client || return 1
	fn=$(basename "$(readlink -f /sys/class/accel/accel0/device)")
	drv=$(readlink -f /sys/class/accel/accel0/device/driver)
	echo "$fn" >"$drv/unbind"
	milliseconds wait $client
	[ "$took" -lt $((1000 * slow)) ] || wrong "it took $took ms" || return 1
	[ ! -e /dev/accel/accel0 ] || wrong "the node stays" || return 1
	stop_card 0
	echo "$fn" >"$drv/bind"
	udevadm settle
	start_card 0 && infers
}
