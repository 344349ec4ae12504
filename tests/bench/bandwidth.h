/* SPDX-License-Identifier: MIT */
#include "base/bandwidth.h"
