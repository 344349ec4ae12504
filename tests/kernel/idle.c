// SPDX-License-Identifier: MIT
/*
 * Exit 0 if the card behind a node is online and nobody has anything on it.
 * Usage: idle NODE.
 */
#include "tests/kernel/client.h"

int main(int argc, char **argv)
{
	struct qaic_nnc_status_rsp st;
	const struct qaic_nnc_resource_info *r = &st.dev.res;
	int fd = open(argc > 1 ? argv[1] : "/dev/accel/accel0", O_RDWR);

	if (fd < 0 || card_status(fd, &st)) {
		perror("idle");
		return 2;
	}
	printf("%u of %u NSPs, %u of %u channels, %u of %u MB free, %u programs\n",
	       r->nsp_free, r->nsp_total, r->vc_free, r->vc_total,
	       r->dram_free_mb, r->dram_total_mb, st.dev.nw_loaded);
	return r->nsp_free != r->nsp_total || r->vc_free != r->vc_total ||
	       r->dram_free_mb != r->dram_total_mb || st.dev.nw_loaded;
}
