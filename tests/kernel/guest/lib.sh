# SPDX-License-Identifier: MIT
#
# What the tests inside the user-mode kernel share. A test is a function t_NAME;
# it passes if it returns 0. It prints what went wrong and returns 1.

# prepared on the host: commands, test programs, what the embedded card printed
bin=$QAIC_RUN/bin
kbin=$QAIC_RUN/kbin
work=$QAIC_RUN/work
module=$QAIC_KO/qaic_sim.ko
tmp=/run/test
mkdir -p $tmp

wrong() {
	echo "    $*"
	return 1
}

# the debug kernel takes its time
slow=1
[ ! -e /sys/kernel/debug/kmemleak ] || slow=5
[ -z "${QAIC_BED:-}" ] || slow=10	# so does QEMU

# until_true SECONDS COMMAND...: try every 20 ms
until_true() {
	local end now
	end=$(($(date +%s%N) / 1000000 + $1 * 1000 * slow))
	shift
	while ! "$@"; do
		now=$(($(date +%s%N) / 1000000))
		[ $now -lt $end ] || return 1
		sleep 0.02
	done
}

not() {
	! "$@"
}

milliseconds() {
	local t0 t1
	t0=$(date +%s%N)
	"$@"
	t1=$(date +%s%N)
	took=$(((t1 - t0) / 1000000))
}

load() {	# load [PARAMETER...]
	insmod "$module" "$@" || wrong "insmod $*" || return 1
	udevadm settle
}

unload() {
	stop_cards
	# a client that was killed may still be on its way out
	until_true 5 rmmod qaic_sim 2>$tmp/rmmod || wrong "rmmod: $(cat $tmp/rmmod)"
}

is_online() {	# is_online N: an offline card's node cannot be opened
	(exec 3<>/dev/accel/accel"$1") 2>/dev/null
}

is_offline() {
	! is_online "$1"
}

loaded() {
	grep -q '^qaic_sim ' /proc/modules
}

need_module() {
	loaded || load num_cards=2
}

need_card() {	# need_card N [OPTION...]: online, if it was not
	need_module && { is_online "$1" || start_card "$@"; }
}

start_card() {	# start_card N [OPTION...]; its process is in card_N
	local n=$1
	shift
	"$bin/qaic-socd" --card "$n" "$@" >>$tmp/socd"$n" 2>&1 &
	eval "card_$n=$!"
	until_true 5 is_online "$n" || {
		cat $tmp/socd"$n"
		wrong "card $n does not come online"
	}
}

stop_card() {	# stop_card N [SIGNAL]
	eval "local pid=\${card_$1:-}"
	[ -n "$pid" ] || return 0
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	eval "card_$1="
}

stop_cards() {
	local n
	for n in 0 1 2 3; do stop_card $n; done
}

same() {	# same FILE FILE
	cmp "$1" "$2" || wrong "$1 is not $2"
}

run_test() {	# run_test t_NAME
	t0=$(date +%s%N)
	if "$1" >$tmp/log 2>&1; then
		word=ok
	else
		word=FAIL
	fi
	t1=$(date +%s%N)
	echo "$word ${1#t_} ($(((t1 - t0) / 1000000)) ms)"
	sed "s/^/${1#t_}: /" $tmp/log >>$QAIC_OUT/details
	[ $word = ok ] || {
		cat $tmp/log
		dmesg | tail -n 5
	}
	return 0
}
