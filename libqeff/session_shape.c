// SPDX-License-Identifier: MIT
/* What kind of calls a QPC has, from its bindings. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/session.h"

static int find_binding(struct qaic_program *prog, uint32_t spec,
			const char *name, struct qaic_binding_info *info,
			struct qaic_err *err)
{
	int i = qaic_program_find(prog, spec, name);

	if (i < 0)
		return qaic_fail(err, -EINVAL,
				 "this QPC is no language model: it has no %s",
				 name);
	if (qaic_program_binding(prog, spec, i, info))
		return qaic_fail(err, -EINVAL, "binding %s cannot be described",
				 name);
	return 0;
}

/* Anything but ids, positions and logits would be left unset or unread. */
static int check_bindings(struct qaic_program *prog, uint32_t spec,
			  bool seq2seq, struct qaic_err *err)
{
	static const char *const known[] = {
		"input_ids", "position_ids", "cross_position_ids",
		"decoder_input_ids", "decoder_position_ids",
	};
	size_t first = seq2seq ? 2 : 0, last = seq2seq ? 5 : 2, k;
	struct qaic_binding_info b;
	struct qaic_spec_info si;
	uint32_t i;

	if (qaic_program_spec(prog, spec, &si))
		return qaic_fail(err, -EINVAL, "specialization %u is missing",
				 spec);
	for (i = 0; i < si.num_bindings; i++) {
		if (qaic_program_binding(prog, spec, i, &b))
			return qaic_fail(err, -EINVAL, "binding %u is missing", i);
		if (b.output || !strcmp(b.name, known[0]))
			continue;
		for (k = first; k < last && strcmp(b.name, known[k]); k++)
			;
		if (k < last)
			continue;
		if (!strncmp(b.name, "past_", 5))
			return qaic_fail(err, -EINVAL,
					 "%s is an input of this QPC; compile it with -retained-state",
					 b.name);
		return qaic_fail(err, -EOPNOTSUPP,
				 "this QPC has an input %s that is not supported yet",
				 b.name);
	}
	return 0;
}

/* The context length: the symbol, else the third dimension of the KV cache. */
static uint32_t context_length(struct qaic_program *prog, uint32_t spec)
{
	uint32_t i, ctx = qaic_program_symbol(prog, spec, "ctx_len");
	struct qaic_state_info st;

	for (i = 0; !ctx && i < qaic_program_num_states(prog); i++)
		if (!qaic_program_state(prog, i, &st) && st.rank == 4)
			ctx = st.dims[2];
	return ctx;
}

static bool is_ids(const struct qaic_binding_info *b)
{
	return !b->output && b->dtype == QAIC_I64 && b->rank == 2 &&
	       b->dims[0] && b->dims[1];
}

/* The encoder's side; a specialization without it has no rows for it. */
static int read_encoder(struct qaic_program *prog, uint32_t spec,
			struct qeff_shape *sh, struct qaic_err *err)
{
	struct qaic_binding_info b;
	int ret;

	ret = find_binding(prog, spec, "cross_position_ids", &b, err);
	if (ret)
		return ret;
	if (!is_ids(&b) || b.dims[0] != sh->batch || b.dims[1] != 1)
		return qaic_fail(err, -EINVAL,
				 "cross_position_ids must be int64 [batch, 1]");
	if (qaic_program_find(prog, spec, "input_ids") < 0)
		return 0;
	ret = find_binding(prog, spec, "input_ids", &b, err);
	if (ret)
		return ret;
	if (!is_ids(&b) || b.dims[0] != sh->batch)
		return qaic_fail(err, -EINVAL,
				 "input_ids must be int64 [batch, encoder_len]");
	sh->encoder_len = b.dims[1];
	return 0;
}

static int read_logits(struct qaic_program *prog, uint32_t spec,
		       struct qeff_shape *sh, struct qaic_err *err)
{
	struct qaic_binding_info logits;
	size_t size;
	int ret = find_binding(prog, spec, "logits", &logits, err);

	if (ret)
		return ret;
	sh->logits_dtype = logits.dtype;
	if (!logits.output || logits.rank < 2 ||
	    (logits.dtype != QAIC_F32 && logits.dtype != QAIC_F16))
		return qaic_fail(err, -EINVAL,
				 "logits must be a float output [batch, 1, vocab]");
	sh->vocab = logits.dims[logits.rank - 1];
	sh->rows = logits.rank == 3 ? logits.dims[1] : 1;
	if (!sh->vocab || (sh->rows != 1 && sh->rows != sh->seq_len) ||
	    __builtin_mul_overflow((size_t)sh->batch * sh->rows,
				   sh->vocab * qaic_dtype_size(logits.dtype),
				   &size) || logits.size != size)
		return qaic_fail(err, -EINVAL,
				 "logits must be [batch, 1, vocab] or [batch, seq_len, vocab]");
	return 0;
}

int qeff_shape_read(struct qaic_program *prog, uint32_t spec,
		    struct qeff_shape *sh, struct qaic_err *err)
{
	struct qaic_binding_info ids, pos;
	int ret;

	memset(sh, 0, sizeof(*sh));
	sh->seq2seq = qaic_program_find(prog, spec, "decoder_input_ids") >= 0;
	sh->ids_name = sh->seq2seq ? "decoder_input_ids" : "input_ids";
	sh->pos_name = sh->seq2seq ? "decoder_position_ids" : "position_ids";
	ret = find_binding(prog, spec, sh->ids_name, &ids, err);
	if (!ret)
		ret = find_binding(prog, spec, sh->pos_name, &pos, err);
	if (!ret)
		ret = check_bindings(prog, spec, sh->seq2seq, err);
	if (ret)
		return ret;
	if (!is_ids(&ids) || !is_ids(&pos) || ids.dims[0] != pos.dims[0] ||
	    ids.dims[1] != pos.dims[1])
		return qaic_fail(err, -EINVAL,
				 "%s and %s must be int64 [batch, seq_len]",
				 sh->ids_name, sh->pos_name);
	sh->batch = ids.dims[0];
	sh->seq_len = ids.dims[1];
	ret = read_logits(prog, spec, sh, err);
	if (!ret && sh->seq2seq)
		ret = read_encoder(prog, spec, sh, err);
	if (ret)
		return ret;
	sh->ctx_len = context_length(prog, spec);
	if (!sh->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "this QPC has no ctx_len and no KV cache");
	return 0;
}

int qeff_shape_check(const struct qeff_shape *a, const struct qeff_shape *b,
		     struct qaic_err *err)
{
	if (a->batch == b->batch && a->ctx_len == b->ctx_len &&
	    a->vocab == b->vocab && a->logits_dtype == b->logits_dtype &&
	    a->seq2seq == b->seq2seq)
		return 0;
	return qaic_fail(err, -EOPNOTSUPP,
			 "specializations that differ in more than seq_len are not supported yet");
}

bool qeff_shape_longer(const struct qeff_shape *a, const struct qeff_shape *b)
{
	return a->seq2seq ? a->encoder_len > b->encoder_len :
			    a->seq_len > b->seq_len;
}
