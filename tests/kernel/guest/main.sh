#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Run the tests of the named files of this directory, in the guest:
# guest/main.sh FILE... Prints "ok NAME" or "FAIL NAME" and why.
cd "$QAIC_TOP" || exit 1
here=tests/kernel/guest
. $here/lib.sh
. $here/infer.sh	# others use its check_case
udevadm control --reload
for f in data/*.rules; do
	cp "$f" /run/udev/rules.d/
done

tests_of() {
	grep -oE '^t_[a-z0-9_]+' "$here/$1.sh"
}

# what is lost before the module is loaded is not ours
[ ! -e /sys/kernel/debug/kmemleak ] || {
	echo scan >/sys/kernel/debug/kmemleak
	echo clear >/sys/kernel/debug/kmemleak
}

first=1
for file; do
	# what a file needs: the first one begins without the module
	. "$here/$file.sh"
	case $file in
	unit | nodes) ;;
	*)
		if [ -n "$first" ]; then
			load num_cards=2 && start_card 0 || exit 1
		fi ;;
	esac
	[ $file = unit ] || first=
	for t in $(tests_of "$file"); do
		[ -z "${ONLY:-}" ] || [[ $t =~ $ONLY ]] || continue
		run_test "$t"
	done
	# only where the kernel can; it says nothing of what it makes fail
	if [ "$file" = abi ] && [ -e /proc/self/fail-nth ]; then
		run_test fault_injection
	fi
done
if grep -q '^qaic_sim ' /proc/modules; then
	t_unload() { unload; }
	run_test t_unload
fi
if [ -e /sys/kernel/debug/kmemleak ]; then
	t_kmemleak() {
		local f=/sys/kernel/debug/kmemleak
		# an object must be seen unreferenced twice
		echo scan >$f
		sleep 6
		echo scan >$f
		! grep -q . $f || { cat $f; false; }
	}
	run_test t_kmemleak
fi
echo "end of $*"
