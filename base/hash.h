/* SPDX-License-Identifier: MIT */
/* SHA-256 in hexadecimal (libmd does the work). */
#ifndef QAIC_HASH_H
#define QAIC_HASH_H

#include <stddef.h>

/* @hex receives 64 digits and a NUL. */
void qaic_sha256_hex(const void *data, size_t len, char hex[65]);

#endif
