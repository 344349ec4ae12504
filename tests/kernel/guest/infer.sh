# SPDX-License-Identifier: MIT
#
# Programs on the card: the same bytes as on the embedded card outside.

infer() {	# infer NAME QID ARGUMENT...: ids and logits to $tmp/NAME.*
	local name=$1 qid=$2
	shift 2
	"$bin/qeff" infer --cache-dir "$work/cache" --device-group "[$qid]" \
		--print-ids --write-logits "$tmp/$name.logits" "$@" \
		>"$tmp/$name.out" 2>"$tmp/$name.err" || {
		cat "$tmp/$name.err"
		wrong "qeff infer $*: failed"
	}
}

same_ids() {	# the speed is not the same
	grep '^ids:' "$1" >$tmp/ids1
	grep '^ids:' "$2" >$tmp/ids2
	[ -s $tmp/ids1 ] || wrong "no ids in $1" || return 1
	same $tmp/ids1 $tmp/ids2
}

# shellcheck disable=SC2046
from_list() {	# the case NAME of cases.txt
	sed -n "s/^$1 //p" tests/kernel/cases.txt
}

check_case() {	# check_case NAME QID
	# shellcheck disable=SC2046
	infer "$1" "$2" $(from_list "$1") || return 1
	same_ids "$tmp/$1.out" "$work/$1.out" &&
		same "$tmp/$1.logits" "$work/$1.logits"
}

t_tales() { check_case tales 0; }
t_tales_batch() { check_case tales-batch 0; }
t_tales_fp32() { check_case tales-fp32 0; }
t_gpt2() { check_case gpt2 0; }
t_llama_gqa() { check_case llama-gqa 0; }
t_llama31_rope() { check_case llama31-rope 0; }
t_mistral_swa8() { check_case mistral-swa8 0; }

t_second_card() {
	start_card 1 --sku ultra --threads 1 || return 1
	check_case llama-gqa 1
}

t_both_cards() {
	local a b
	need_card 1 --threads 1 || return 1
	check_case gpt2 0 >$tmp/a 2>&1 &
	a=$!
	(tmp=$tmp/b; mkdir -p $tmp; check_case llama-gqa 1) >$tmp/b.log 2>&1 &
	b=$!
	wait $a || wrong "$(cat $tmp/a)" || return 1
	wait $b || wrong "$(cat $tmp/b.log)"
}

# two programs on one card at a time: 8 NSPs each
t_two_clients() {
	local a
	(tmp=$tmp/c; mkdir -p $tmp; check_case gpt2-8 0) >$tmp/c.log 2>&1 &
	a=$!
	check_case llama-gqa-8 0 || { wait $a; return 1; }
	wait $a || wrong "$(cat $tmp/c.log)"
}

# the card process says what it did: the same products as on the embedded card
profile() {	# profile NAME ARGUMENT...: the case gpt2, as JSON
	local name=$1
	shift
	# shellcheck disable=SC2046
	infer "$name" 0 $(from_list gpt2) --json "$@"
}

products() {	# products FILE: of a profile of the type stats
	jq -c '.profile.operators | map(select(.operator | startswith("matmul")) |
		[.operator, .calls, .mb]) | sort' "$1"
}

t_profile_stats() {
	profile card --aic-profiling-type stats || return 1
	jq -e '.profile | .threads >= 1 and .lost == 0 and .all.calls > 0 and
		.all.ms <= .threads * .wall_ms' $tmp/card.out >/dev/null ||
		wrong "$(jq -c .profile $tmp/card.out)" || return 1
	QAIC_EMBEDDED=1 profile embedded --aic-profiling-type stats || return 1
	[ "$(products $tmp/card.out)" = "$(products $tmp/embedded.out)" ] ||
		wrong "$(products $tmp/card.out) is not $(products $tmp/embedded.out)"
}

t_profile_trace() {
	mkdir -p $tmp/trace
	profile trace --aic-profiling-type trace --aic-profiling-out-dir $tmp/trace ||
		return 1
	jq -e '[.traceEvents[] | select(.name == "thread_name") | .args.name] as $t |
		([.traceEvents[] | select(.ph == "X")] | group_by([.pid, .tid]) |
			map([range(1; length) as $i | .[$i].ts >= .[$i - 1].ts] | all) | all) and
		([.traceEvents[] | select(.tid == 0 and .pid == 3 and .ph == "X")] |
			[first.ts, (last | .ts + .dur)]) as $w |
		([.traceEvents[] | select(.ph == "X") | .ts >= $w[0] - 0.002 and
			.ts + .dur <= $w[1] + 0.002] | all) and
		($t | index("NSP 0") and index("NSP 15") and index("client") and
			(map(startswith("DMA channel ")) | any) and
			(map(startswith("card thread ")) | any))' $tmp/trace/trace.json \
		>/dev/null || wrong "$(head -c 2000 $tmp/trace/trace.json)"
}

t_render_group() {
	# not root, but in the group that owns the node
	setpriv --reuid=65534 --regid=65534 --groups="$(getent group render |
		cut -d: -f3)" sh -c '(exec 3<>/dev/accel/accel0)' ||
		wrong "group render is refused" || return 1
	! setpriv --reuid=65534 --regid=65534 --clear-groups \
		sh -c '(exec 3<>/dev/accel/accel0)' 2>/dev/null ||
		wrong "everybody may"
}
