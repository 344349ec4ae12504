#!/bin/sh
# SPDX-License-Identifier: MIT
#
# In Debian's kernel (bed/run-qemu): nodes, one program with the ids it has on
# the embedded card, and clients that come, work and are killed on two CPUs.
# qemu-guest.sh MODULE [SECONDS]
bad() { echo "FAIL $*"; exit 1; }

modprobe -a drm_shmem_helper || exit 1
cp data/*.rules /run/udev/rules.d/
# the guest's other devices are of no interest
ln -sf /dev/null /run/udev/rules.d/80-drivers.rules
udevadm control --reload
insmod "$1" num_cards=2 || bad insmod
udevadm settle
lspci -D -nn -d 17cb:a100
[ "$(stat -c '%A %G' /dev/accel/accel1)" = "crw-rw---- render" ] || bad nodes
build/bin/qaic-socd --card 0 --threads 1 & card=$!
n=0
until build/tests/kernel/idle /dev/accel/accel0; do
	n=$((n + 1))
	[ $n -lt 50 ] || bad "the card does not come online"
	sleep 0.3
done
work=build/tests/kernel/out/work
# shellcheck disable=SC2046
build/bin/qeff infer --cache-dir $work/cache --print-ids \
	$(sed -n 's/^llama-gqa //p' tests/kernel/cases.txt) |
	grep ^ids: >/run/ids || bad "infer"
grep ^ids: $work/llama-gqa.out | cmp - /run/ids || bad "ids"
cat /run/ids

end=$(($(date +%s) + ${2:-30}))
build/tests/kernel/hostile_client /dev/accel/accel0 "${2:-30}" 7 & client=$!
while [ "$(date +%s)" -lt $end ]; do
	build/tests/kernel/busy /dev/accel/accel0 60 >/dev/null 2>&1 & busy=$!
	sleep 2
	kill -KILL $busy
	wait $busy
done
wait $client
n=0
until build/tests/kernel/idle /dev/accel/accel0; do
	n=$((n + 1))
	[ $n -lt 50 ] || bad "something is left"
	sleep 0.3
done
kill $card
wait $card
rmmod qaic_sim || bad rmmod
echo passed
