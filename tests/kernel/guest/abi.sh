# SPDX-License-Identifier: MIT
#
# The programs that speak raw ioctls.

t_abi() { "$kbin/abi" /dev/accel/accel0; }
t_manage() { "$kbin/manage" /dev/accel/accel0; }
t_prime() { "$kbin/prime" /dev/accel/accel0; }
