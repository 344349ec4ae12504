// SPDX-License-Identifier: MIT
#include <stdint.h>
#include <sys/types.h>
#include <sha256.h>

#include "base/hash.h"

void qaic_sha256_hex(const void *data, size_t len, char hex[65])
{
	SHA256Data(data, len, hex);
}
