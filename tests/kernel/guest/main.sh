#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Run the tests of the named files of this directory, in the guest:
# guest/main.sh FILE... Prints "ok NAME" or "FAIL NAME" and why.
cd "$QAIC_TOP" || exit 1
here=tests/kernel/guest
. $here/lib.sh
. $here/infer.sh	# others use its check_case
for f in data/*.rules; do
	cp "$f" /run/udev/rules.d/
done
udevadm control --reload

tests_of() {
	grep -oE '^t_[a-z0-9_]+' "$here/$1.sh"
}

# what is lost before the module is loaded is not ours
[ ! -e /sys/kernel/debug/kmemleak ] || {
	echo scan >/sys/kernel/debug/kmemleak
	echo clear >/sys/kernel/debug/kmemleak
}

# What a file begins with, whichever was before it: two slots, a card in the first
# and none in the second; or not even the module.
prepare() {	# prepare FILE
	case $1 in
	unit) ;;
	nodes | fault)
		! loaded || unload ;;
	*)
		need_card 0 || return 1
		stop_card 1
		until_true 2 is_offline 1 || wrong "card 1 stays" ;;
	esac
}

for file; do
	. "$here/$file.sh"
	if ! prepare "$file" >$tmp/prepare 2>&1; then
		cat $tmp/prepare
		echo "FAIL prepare $file"
		break
	fi
	for t in $(tests_of "$file"); do
		[ -z "${ONLY:-}" ] || [[ $t =~ $ONLY ]] || continue
		run_test "$t"
	done
done
if loaded; then
	t_unload() { unload; }
	run_test t_unload
fi
# An error in pci_register_host_bridge() loses the bridge's windows, which it had
# moved to a list of its own: 6.12's, and a driver cannot give them back.
leaks() {
	awk '/^unreferenced object/ { if (!pci) printf "%s", text
			text = ""; pci = 0 }
		/ resource_list_create_entry\+/ { pci = 1 }
		{ text = text $0 "\n" }
		END { if (!pci) printf "%s", text }'
}
if [ -e /sys/kernel/debug/kmemleak ]; then
	t_kmemleak() {
		local f=/sys/kernel/debug/kmemleak
		# an object must be seen unreferenced twice
		echo scan >$f
		sleep 6
		echo scan >$f
		leaks <$f >$tmp/leaks
		[ ! -s $tmp/leaks ] || { head -n 60 $tmp/leaks; false; }
	}
	run_test t_kmemleak
fi
echo "end of $*"
