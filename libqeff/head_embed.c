// SPDX-License-Identifier: MIT
/* No head: the hidden states behind the last layer. They are pooled by the host. */
#include "libqeff/arch.h"
#include "libqeff/head.h"

void qf_head_embed(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	const struct qf_dim dim[3] = {
		{ "batch_size", 0 }, { "seq_len", 0 },
		{ NULL, b->m->hidden },
	};

	qf_output(b, "last_hidden_state", qf_final(b, x), dim, 3);
}
