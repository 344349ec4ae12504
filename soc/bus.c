// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "soc/card.h"

int soc_copy(struct soc *soc, uint64_t iova, void *card, uint64_t len,
	     bool to_host)
{
	void *host;

	if (!len)
		return 0;
	if (iova + len < iova)
		return -EFAULT;
	if (soc->bus.copy)
		return soc->bus.copy(soc->bus.ctx, iova, card, len, to_host);
	host = soc->bus.map(soc->bus.ctx, iova, len, to_host);
	if (!host)
		return -EFAULT;
	if (to_host)
		memcpy(host, card, len);
	else
		memcpy(card, host, len);
	return 0;
}
