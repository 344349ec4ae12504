/* SPDX-License-Identifier: MIT */
/*
 * libqeff: Hugging Face checkpoint -> ONNX -> QPC -> text.
 *
 * What QEfficient does, without Python. Each stage can be used alone; the
 * qeff command strings them together (qeff_pipeline).
 */
#ifndef QEFF_H
#define QEFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef QAIC_INSTALLED
#include <qaic/dtype.h>
#include <qaic/err.h>
#include <qaic/progress.h>
#else
#include "base/dtype.h"
#include "base/err.h"
#include "base/progress.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tokenizer ---- */

struct qeff_tokenizer;

/*
 * Open the tokenizer of a model directory: tokenizer.json, else tokenizer.model,
 * spiece.model, source.spm with vocab.json, vocab.json with merges.txt, or
 * vocab.txt, with the special tokens of tokenizer_config.json and special_tokens_map.json.
 * -ENOENT names what is missing; -EOPNOTSUPP names what is not supported.
 */
int qeff_tokenizer_open(const char *dir, struct qeff_tokenizer **out,
			struct qaic_err *err);
/* The same from one file, tokenizer.json or tokenizer.model. */
int qeff_tokenizer_open_file(const char *path, struct qeff_tokenizer **out,
			     struct qaic_err *err);
void qeff_tokenizer_close(struct qeff_tokenizer *tok);

/*
 * Encode UTF-8 text (invalid bytes are taken as they are: byte tokens, or U+FFFD
 * where the model has none). @special: add what the post-processor adds (BOS).
 * *ids is malloc'ed. Returns 0 or -ENOMEM, -EINVAL (text that cannot be encoded).
 */
int qeff_encode(const struct qeff_tokenizer *tok, const char *text, size_t len,
		bool special, int32_t **ids, size_t *num_ids,
		struct qaic_err *err);
/* One token of a text, or of a pair of texts. */
struct qeff_token {
	int32_t id;
	uint8_t type;			/* token_type_ids */
	int8_t text;			/* 0: of the first, 1: of the second, -1: added */
	uint32_t start, end;		/* bytes of its text; 0, 0 where added */
};

struct qeff_encoding {
	struct qeff_token *tokens;
	size_t num;
};

/*
 * Encode a text, or two (a question and its context): @b may be NULL. With
 * @special the post-processor's tokens are put around and between them, as the
 * models were trained: [CLS] a [SEP] b [SEP]. Each token says what bytes of its
 * text it stands for. Release with qeff_encoding_release(). Errors as
 * qeff_encode(), and -EOPNOTSUPP for a tokenizer that has no way to join two.
 */
int qeff_encode_pair(const struct qeff_tokenizer *tok, const char *a, size_t na,
		     const char *b, size_t nb, bool special,
		     struct qeff_encoding *out, struct qaic_err *err);
void qeff_encoding_release(struct qeff_encoding *e);
/* Decode; *text is malloc'ed and NUL-terminated. Unknown ids decode to nothing. */
int qeff_decode(const struct qeff_tokenizer *tok, const int32_t *ids,
		size_t num_ids, bool skip_special, char **text, size_t *len,
		struct qaic_err *err);
int32_t qeff_token_id(const struct qeff_tokenizer *tok, const char *token);
/* The token's text as the vocabulary spells it, or NULL. */
const char *qeff_token_text(const struct qeff_tokenizer *tok, int32_t id);
size_t qeff_vocab_size(const struct qeff_tokenizer *tok);
/* -1 where the tokenizer names none. */
int32_t qeff_bos_id(const struct qeff_tokenizer *tok);
int32_t qeff_eos_id(const struct qeff_tokenizer *tok);
int32_t qeff_pad_id(const struct qeff_tokenizer *tok);

/*
 * Streaming decode: give ids one by one, get text that is whole characters. What
 * is not yet a character waits; flush gives what is left (U+FFFD for a torn one).
 * The concatenation of all pieces equals qeff_decode() of all ids.
 */
struct qeff_stream;

int qeff_stream_new(const struct qeff_tokenizer *tok, bool skip_special,
		    struct qeff_stream **out);
void qeff_stream_free(struct qeff_stream *s);
/* *text is the stream's, good until its next call; may be "". */
int qeff_stream_put(struct qeff_stream *s, int32_t id, const char **text,
		    size_t *len);
int qeff_stream_flush(struct qeff_stream *s, const char **text, size_t *len);

/* ---- architectures ---- */

/*
 * Models from outside: shared objects that were built against qaic/model/arch.h,
 * and export their functions to them (link the program with -rdynamic if libqeff
 * is in it as an archive). @path is one, or a directory whose *.so are all loaded.
 * They stay until the process ends; the same one again is nothing to do. To be
 * called before models are opened, by one thread.
 *
 * -EEXIST: one of its names is taken, and not @allow_override. -EPROTO: it is built
 * for another version of the interface. -ENOEXEC: no shared object, or no plugin.
 */
int qeff_plugin_load(const char *path, bool allow_override,
		     struct qaic_err *err);
/* Several, separated by ':', as in QAIC_MODEL_PATH. NULL and "" are none. */
int qeff_plugin_load_list(const char *list, bool allow_override,
			  struct qaic_err *err);

#define QEFF_MAX_CLASSES 8

struct qeff_arch_info {
	const char *model_type;		/* "llama" */
	const char *kind;		/* "decoder", "encoder", "encoder-decoder" */
	const char *plugin;		/* path of its shared object, or NULL */
	struct {
		const char *name;	/* "LlamaForCausalLM" */
		const char *head;	/* what comes out: "text", "vectors" */
	} classes[QEFF_MAX_CLASSES];
	size_t num_classes;
};

/* The architectures, plugins' first. False for an index out of range. */
bool qeff_arch_info(size_t i, struct qeff_arch_info *out);
/*
 * The fields of config.json that one reads, as JSON text (malloc'ed): {"FIELD":
 * {"kind": "integer", "default": 32}, ...}. Kinds: integer, number, boolean,
 * string, activation, object, list, any, refused, only true, only false.
 */
int qeff_arch_options(size_t i, char **json, struct qaic_err *err);

/* ---- chats ---- */

/* A chat template: the text around what a user writes, as the model knows it. */
struct qeff_chat;

struct qeff_message {
	const char *role;		/* "system", "user", "assistant" */
	const char *content;
	size_t len;			/* of content */
};

/*
 * Find the chat template of a model directory: chat_template.jinja, else
 * tokenizer_config.json, else chat_template.json. @name: NULL, or one of several
 * ("tool_use"), or the path of a file. -ENOENT: there is none; -EOPNOTSUPP: it
 * uses Jinja that is not supported, which the message names with its line.
 */
int qeff_chat_open(const char *dir, const char *name, struct qeff_chat **out,
		   struct qaic_err *err);
void qeff_chat_close(struct qeff_chat *c);
/*
 * The text of a conversation up to where the model answers; malloc'ed, with a NUL
 * after *len bytes. Encode it without special tokens: it has them. -EINVAL: the
 * template refuses such a conversation, the message says why.
 */
int qeff_chat_render(const struct qeff_chat *c, const struct qeff_message *m,
		     size_t n, char **text, size_t *len, struct qaic_err *err);

/* ---- checkpoint and export ---- */

/* Token ids that must not follow each other. */
struct qeff_word {
	int32_t ids[8];
	uint32_t num;
};

/*
 * How an encoder-decoder's generation starts, and what must or must not come: the
 * fields of generation_config.json of like names.
 */
struct qeff_rules {
	int32_t start_id;		/* the decoder's first token; -1: none */
	int32_t forced_bos_id;		/* generated first; -1: any */
	int32_t forced_eos_id;		/* generated where the length ends */
	uint32_t min_length, min_new;	/* no EOS before; with the start token,
					 * and without it */
	uint32_t no_repeat_ngram;	/* 0: they may repeat */
	struct qeff_word bad[32];
	uint32_t num_bad;
	uint32_t source_vocab;		/* of the encoder; 0: the decoder's */
};

/* What a model does, by the class that config.json names. */
enum qeff_task {
	QEFF_TASK_TEXT,			/* goes on with a text */
	QEFF_TASK_FILL_MASK,		/* tokens for the gaps in a text */
	QEFF_TASK_CLASSIFY,		/* labels of a text */
	QEFF_TASK_CLASSIFY_TOKENS,	/* labels of each token */
	QEFF_TASK_ANSWER,		/* where in a context the answer is */
	QEFF_TASK_EMBED,		/* vectors */
	QEFF_TASK_TRANSFORM,		/* a text from a text */
};

/* What a model directory says about itself. */
struct qeff_model_info {
	enum qeff_task task;
	char arch[64];			/* "LlamaForCausalLM" */
	char name[128];			/* last path component of the directory */
	uint32_t num_layers;
	uint32_t vocab_size;
	uint32_t max_positions;
	int32_t bos_id, pad_id;		/* -1: none */
	int32_t eos_ids[16];		/* generation_config.json, else config.json */
	uint32_t num_eos;
	uint64_t num_params;
	struct qeff_rules rules;
	uint32_t num_labels;		/* of the CLASSIFY tasks */
	bool labels_apart;		/* each by itself (sigmoid), not one of them */
	bool labels_raw;		/* numbers to be taken as they are */
};

/*
 * Read config.json (and generation_config.json); refuse an unknown architecture
 * or an unsupported field by name.
 */
int qeff_model_info(const char *dir, struct qeff_model_info *info,
		    struct qaic_err *err);

/* The labels' names (id2label; else "LABEL_0", ...), one block: free() it. */
int qeff_model_labels(const char *dir, const char ***names, size_t *num,
		      struct qaic_err *err);

/* How the vectors of tokens become the vector of a text. */
enum qeff_pooling {
	QEFF_POOL_MEAN,
	QEFF_POOL_CLS,			/* that of the first token */
	QEFF_POOL_MAX,			/* the largest in each place */
};

/*
 * What sentence-transformers' files (modules.json, 1_Pooling/config.json) say;
 * mean, not normalized, if they are not there. A module or a mode that is not
 * supported is refused by name.
 */
int qeff_model_pooling(const char *dir, enum qeff_pooling *pooling,
		       bool *normalize, struct qaic_err *err);
/*
 * The vector of a text from those of its tokens, the first @num of @hidden
 * [...][width]; @normalize: scaled to length 1.
 */
void qeff_pool(enum qeff_pooling pooling, bool normalize, const float *hidden,
	       size_t num, size_t width, float *out);

struct qeff_export_options {
	const char *model_dir;
	const char *onnx_path;		/* external data goes beside it */
	bool every_row;			/* logits of every token, [batch, seq_len,
					 * vocab]; else of the last one */
	struct qaic_progress progress;
};

/*
 * Write the ONNX of a checkpoint in the contract of Documentation/onnx-contract:
 * opset 17, custom ops as functions, weights as external data in the checkpoint's
 * own type. The .onnx itself is renamed into place last: if it is there, it is
 * complete.
 */
int qeff_export(const struct qeff_export_options *opt, struct qaic_err *err);

/*
 * The parameters an export depends on, as JSON text with sorted keys (malloc'ed):
 * config, architecture, transforms, opset, weight file names, sizes and header
 * hashes. Its hash names the artefact directory.
 */
int qeff_export_params(const char *model_dir, char **json,
		       struct qaic_err *err);

/* ---- artefacts ---- */

/*
 * The directory of generated files: $QEFF_HOME, else $XDG_CACHE_HOME/qeff_models,
 * else ~/.cache/qeff_models. malloc'ed; NULL if none of them is set.
 */
char *qeff_cache_dir(void);

#define QEFF_MAX_SEQ_LENS 16

struct qeff_build_options {
	const char *model_dir;		/* qeff_build(), qeff_build_onnx() */
	const char *cache_dir;		/* NULL: qeff_cache_dir() */
	const char *onnx;		/* qeff_build_qpc(): the model */
	const char *qpc_path;		/* qeff_build_qpc(): directory to write */
	unsigned int num_cores;		/* 1..16 */
	unsigned int batch_size, prompt_len, ctx_len;
	/* encoders, instead of prompt_len and ctx_len: longest texts, one program
	 * each, at most QEFF_MAX_SEQ_LENS */
	const unsigned int *seq_lens;
	size_t num_seq_lens;
	bool fp32;			/* else FP16, as is the KV cache */
	enum qaic_dtype weights;	/* QAIC_MXINT8, _MXFP6, _MXFP4; 0: neither */
	bool act_int8;			/* with them: 8-bit activations */
	bool kv_mxint8;			/* KV cache in MXINT8 */
	/* YAML: nodes that stay FP32 in any format, QEfficient's
	 * node_precision_info; NULL: those that the export names alone */
	const char *fp32_nodes;
	bool every_row;			/* logits of every token: qeff_score() */
	bool rebuild_qpc;		/* compile even if there is a QPC */
	/* a stage that really runs: "export" (path), "compile" (the command line),
	 * "compiled" (path); "warning" (what). May be NULL. */
	void (*stage)(void *ctx, const char *stage, const char *text);
	void *ctx;
	struct qaic_progress progress;
};

struct qeff_artefacts {
	char *dir;			/* CACHE/ARCH/NAME-HASH */
	char *onnx;			/* dir/NAME.onnx */
	char *qpc_dir;			/* dir/qpc-HASH/qpc; NULL: export only */
};

/*
 * Export and compile what is missing, and say where it is. An artefact that is
 * there and complete is used as it is; a half-written one is built again. Safe
 * against other processes that do the same. Release with
 * qeff_artefacts_release().
 */
int qeff_build_onnx(const struct qeff_build_options *opt,
		    struct qeff_artefacts *out, struct qaic_err *err);
int qeff_build(const struct qeff_build_options *opt,
	       struct qeff_artefacts *out, struct qaic_err *err);
void qeff_artefacts_release(struct qeff_artefacts *a);

/*
 * Compile any ONNX of the contract: opt->qpc_path gets specializations.json,
 * custom_io.yaml and qpcs/programqpc.bin. Always compiles.
 */
int qeff_build_qpc(const struct qeff_build_options *opt, struct qaic_err *err);

/* ---- generation ---- */

/*
 * Modelled times are of one SoC of each card, by enum qaic_sku of qaic.h: Standard,
 * Pro, Ultra.
 */
#define QEFF_NUM_SKUS	3

struct qaic_device;

/* A call on the card */
enum qeff_call_kind {
	QEFF_CALL_PREFILL, QEFF_CALL_DECODE,
	QEFF_CALL_TEXT,			/* a whole text at once */
};

struct qeff_watch_call {
	struct qaic_device *dev;	/* libqaic's */
	enum qeff_call_kind kind;
	uint64_t index;			/* from 0, since it is watched */
	double modelled[QEFF_NUM_SKUS];	/* seconds on a real card */
	uint64_t begin_ns, ns;		/* CLOCK_MONOTONIC; known after it */
};

/* Who wants to know of calls; a negative errno ends what is done. */
struct qeff_watch {
	int (*before)(void *ctx, const struct qeff_watch_call *call,
		      struct qaic_err *err);
	int (*after)(void *ctx, const struct qeff_watch_call *call,
		     struct qaic_err *err);
	void *ctx;
};

struct qeff_session;

struct qeff_session_options {
	const char *qpc_dir;		/* holds programqpc.bin */
	uint32_t qid;
	struct qaic_progress progress;
};

/* Load a language-model QPC (its bindings and states follow the contract). */
int qeff_session_open(const struct qeff_session_options *opt,
		      struct qeff_session **out, struct qaic_err *err);
void qeff_session_close(struct qeff_session *s);
/* Leave the card to others until the next qeff_generate(). */
void qeff_session_rest(struct qeff_session *s);
/* As qaic_program_profiling(). */
const char *qeff_session_profiling(const struct qeff_session *s);
/* Of each call from now on; NULL: nobody. Copied. */
void qeff_session_watch(struct qeff_session *s, const struct qeff_watch *w);
uint32_t qeff_session_batch(const struct qeff_session *s);
/* Prompt tokens of one call; with an encoder no prompt can be longer. */
uint32_t qeff_session_prompt_len(const struct qeff_session *s);
/* Is it an encoder-decoder: prompts are the encoder's, the context is not. */
bool qeff_session_seq2seq(const struct qeff_session *s);
/* The rules of its model; an encoder-decoder needs a start token. Copied. */
void qeff_session_set_rules(struct qeff_session *s, const struct qeff_rules *r);
/* The decoder's first token by the rules; -1 without. */
int32_t qeff_session_start_id(const struct qeff_session *s);
uint32_t qeff_session_ctx_len(const struct qeff_session *s);
uint32_t qeff_session_vocab(const struct qeff_session *s);
/* Bytes of weights and tables that one decode call reads. */
uint64_t qeff_session_decode_bytes(const struct qeff_session *s);

struct qeff_request {
	/* batch rows; fewer than the QPC's batch_size leaves rows idle */
	const int32_t *const *prompts;
	const size_t *prompt_len;
	size_t num_prompts;
	uint32_t generation_len;	/* 0: until ctx_len is full */
	const int32_t *eos_ids;
	size_t num_eos;			/* 0: never stop at EOS */
	/* each new token; non-zero ends the generation of that row */
	int (*token)(void *ctx, size_t row, int32_t id);
	/* each call's logits rows as they come: [rows][vocab], for --write-logits */
	int (*logits)(void *ctx, size_t row, const float *logits, size_t vocab);
	void *ctx;
};

struct qeff_result {
	int32_t **ids;			/* generated ids of each prompt */
	size_t *num_ids;
	size_t num_prompts;
	double prefill_s;		/* time to first token */
	double decode_s;		/* from the first token to the last */
	double total_s;
	uint64_t decode_steps;
	double model_prefill_s[QEFF_NUM_SKUS];	/* modelled AI 100 time */
	double model_decode_s[QEFF_NUM_SKUS];
};

/*
 * Can a prompt of @n ids be generated from: the ids are in the vocabulary, and
 * the context has room for them and one more. @index counts from 0, errors name
 * the prompt by it, from 1. qeff_generate() checks the same.
 */
int qeff_check_prompt(const struct qeff_session *s, size_t index,
		      const int32_t *ids, size_t n, struct qaic_err *err);

/*
 * Generate greedily for one batch. -EDOM: logits are not numbers. Release with
 * qeff_result_release().
 */
int qeff_generate(struct qeff_session *s, const struct qeff_request *req,
		  struct qeff_result *res, struct qaic_err *err);
void qeff_result_release(struct qeff_result *res);

/* ---- scoring ---- */

struct qeff_score_request {
	/* batch rows, each from position 0; at most ctx_len tokens each */
	const int32_t *const *tokens;
	const size_t *num_tokens;
	size_t num_rows;		/* 1 to the QPC's batch_size */
	/* the logits behind token @i of @row, which predict token @i + 1; in
	 * rising order of i for each row; a negative errno ends it */
	int (*logits)(void *ctx, size_t row, size_t i, const float *logits,
		      size_t vocab);
	void *ctx;
};

/*
 * Run texts through a model and look at its logits behind every token, for
 * perplexity and the like. -EINVAL: the QPC was not built with every_row.
 */
int qeff_score(struct qeff_session *s, const struct qeff_score_request *req,
	       struct qaic_err *err);

/* ---- models that read a whole text at once ---- */

struct qeff_encoder;

struct qeff_encoder_options {
	const char *qpc_dir;		/* holds programqpc.bin */
	uint32_t qid;
	int32_t pad_id;			/* fills rows; -1: 0 does */
	struct qaic_progress progress;
};

/* Tokens of one text, or of two one behind the other. */
struct qeff_text {
	const int32_t *ids;
	const uint8_t *types;		/* token_type_ids; NULL: all 0 */
	size_t num;
};

/* What the last call put out, [batch, ...]; rows without a text mean nothing. */
struct qeff_output {
	const char *name;		/* "logits" */
	const float *data;
	uint32_t rank;
	size_t dim[8];
};

/* Load a QPC of an encoder: input_ids and attention_mask in, floats out. */
int qeff_encoder_open(const struct qeff_encoder_options *opt,
		      struct qeff_encoder **out, struct qaic_err *err);
void qeff_encoder_close(struct qeff_encoder *e);
/* As qaic_program_profiling(). */
const char *qeff_encoder_profiling(const struct qeff_encoder *e);
/* As qeff_session_watch(). */
void qeff_encoder_watch(struct qeff_encoder *e, const struct qeff_watch *w);
uint32_t qeff_encoder_batch(const struct qeff_encoder *e);
/* The longest text that there is a program for. */
uint32_t qeff_encoder_max_len(const struct qeff_encoder *e);
/*
 * Run up to a batch of texts in one call of the shortest program that they fit in.
 * -EINVAL names a text that is empty or too long; @first is added to its number.
 */
int qeff_encoder_run(struct qeff_encoder *e, const struct qeff_text *texts,
		     size_t num, size_t first, struct qaic_err *err);
/* Output @i of the last call; false for an index out of range. */
bool qeff_encoder_output(const struct qeff_encoder *e, size_t i,
			 struct qeff_output *out);
/* Seconds that the last call took here, and would on each card. */
double qeff_encoder_time(const struct qeff_encoder *e,
			 double modelled[QEFF_NUM_SKUS]);

/* ---- verification ---- */

/*
 * Evaluations of one model along the calls and with the tokens of a generation.
 *
 * The reference is the checkpoint, exported anew and evaluated over whole
 * sequences in one call, without a cache that is written before. The ONNX is the
 * exported file, call by call. Both are evaluated by the compiler's plain FP32
 * loops. The card runs the compiled ONNX.
 *
 * The logits of the card are those of the generation itself. The KV cache never
 * leaves the card, so the model is compiled once more with the cache (and what is
 * between the blocks) as ordinary inputs and outputs, and that program is run
 * along.
 */
struct qeff_verifier;

struct qeff_verify_options {
	const char *onnx;
	const char *model_dir;		/* of the reference; NULL: without one */
	bool per_block;			/* compare what is between the blocks too */
	unsigned int num_cores;
	bool fp32, act_int8;
	const char *fp32_nodes;
	enum qaic_dtype weights;	/* as in struct qeff_build_options */
	/* what reads whole texts has their longest as both lengths */
	uint32_t qid, batch, prompt_len, ctx_len;
};

/* One batch of prompts that was generated. */
struct qeff_verify_batch {
	size_t num_rows;
	const int32_t *const *tokens;	/* of each row: prompt, then generated */
	const size_t *num_tokens;
	const size_t *num_prompt;	/* how many of them are the prompt */
	/* encoder-decoders: the tokens above are the decoder's, the start token
	 * its prompt; these are the encoder's. Else NULL. */
	const int32_t *const *source;
	const size_t *num_source;
	/* of each row: logits of every call that it had tokens in, [call][vocab],
	 * as qeff_request.logits delivered them */
	const float *const *logits;
	const size_t *num_logits;	/* rows in it */
	size_t vocab;
	/* of each row, or NULL: what its logits should be, as somebody else has
	 * computed them, [num_golden][vocab] from its first token on */
	const float *const *golden;
	const size_t *num_golden;
	/* the same of what comes out of the first blocks, or NULL:
	 * [num_hidden][num_golden][hidden_width] */
	const float *const *hidden;
	size_t num_hidden, hidden_width;
};

enum qeff_verify_pair {
	QEFF_REFERENCE_GOLDEN,		/* the reference against golden logits */
	QEFF_ONNX_REFERENCE,		/* the ONNX against the reference */
	QEFF_CARD_ONNX,
	QEFF_CARD_REFERENCE,
	QEFF_NUM_PAIRS,
};

enum qeff_output_kind {
	QEFF_OUTPUT_RESULT,		/* "logits" */
	QEFF_OUTPUT_BLOCK,		/* what comes out of "model.layers.0" */
	QEFF_OUTPUT_STATE,		/* "past_key.0_RetainedState" */
};

/* How far the first of a pair is from the second, over all batches so far. */
struct qeff_distance {
	uint64_t num;			/* elements compared; 0: nothing was */
	size_t rows, top1;		/* results: rows, and those whose largest
					 * agrees; else 0 */
	double mse, max_abs, cosine;
	double rel_rms;			/* sqrt(sum of squared differences / sum
					 * of squares of the second) */
};

struct qeff_verify_output {
	char name[96];
	enum qeff_output_kind kind;
	struct qeff_distance pair[QEFF_NUM_PAIRS];
};

int qeff_verifier_open(const struct qeff_verify_options *opt,
		       struct qeff_verifier **out, struct qaic_err *err);
/* The card must have room: a session on it rests meanwhile. */
int qeff_verifier_run(struct qeff_verifier *v,
		      const struct qeff_verify_batch *batch,
		      struct qaic_err *err);
/* Results first, then blocks, then the cache. False for an index out of range. */
bool qeff_verifier_output(const struct qeff_verifier *v, size_t i,
			  struct qeff_verify_output *out);
/*
 * Where the two part: the first block whose relative RMS is over @bound. False if
 * there is none, or without per_block.
 */
bool qeff_verifier_parting(const struct qeff_verifier *v,
			   enum qeff_verify_pair pair, double bound,
			   struct qeff_verify_output *out);
void qeff_verifier_close(struct qeff_verifier *v);

#ifdef __cplusplus
}
#endif
#endif
