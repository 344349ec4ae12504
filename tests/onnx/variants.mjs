// SPDX-License-Identifier: MIT
//
// Tiny random checkpoints for what the golden models lack.
import { writeModel } from './checkpoint.mjs';
import { decoderVariants } from './decoder_variants.mjs';
import { decoderLogits, hasFormulas } from './decoders.mjs';
import { encoderOutputs } from './encoders.mjs';
import { encoderVariants, scoring } from './encoder_variants.mjs';
import { gpt2Logits, llamaLogits } from './formulas.mjs';
import { translatorLogits, translators } from './translators.mjs';

function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 31 - 1;
  };
}

// add(name, shape, mean, scale) puts a random tensor into t
function maker(seed) {
  const next = random(seed), t = {};
  const add = (name, shape, mean, scale) => {
    const n = shape.reduce((a, b) => a * b);
    t[name] = { shape, data: Float64Array.from({ length: n }, () => mean + scale * next()) };
  };
  // the same when it is first asked for
  const get = (name, shape, mean = 0, scale = 0.4) => {
    if (!(name in t))
      add(name, shape, mean, scale);
    if (t[name].shape.join() !== shape.join())
      throw new Error(`${name} is used as [${shape}] and as [${t[name].shape}]`);
    return t[name];
  };
  return { t, add, get };
}

function llamaTensors(c, seed, prefix = 'model.') {
  const { t, add } = maker(seed);
  const D = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  const kv = (c.num_key_value_heads ?? c.num_attention_heads) * D;
  const q = c.num_attention_heads * D, H = c.hidden_size, I = c.intermediate_size;
  const qkvBias = c.attention_bias || c.model_type === 'qwen2';
  const linear = (name, out, inp, bias) => {
    add(`${name}.weight`, [out, inp], 0, 0.4);
    if (bias)
      add(`${name}.bias`, [out], 0, 0.5);
  };
  add(`${prefix}embed_tokens.weight`, [c.vocab_size, H], 0, 1);
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const l = `${prefix}layers.${i}`;
    add(`${l}.input_layernorm.weight`, [H], 1, 0.3);
    add(`${l}.post_attention_layernorm.weight`, [H], 1, 0.3);
    linear(`${l}.self_attn.q_proj`, q, H, qkvBias);
    linear(`${l}.self_attn.k_proj`, kv, H, qkvBias);
    linear(`${l}.self_attn.v_proj`, kv, H, qkvBias);
    linear(`${l}.self_attn.o_proj`, H, q, c.attention_bias);
    linear(`${l}.mlp.gate_proj`, I, H, c.mlp_bias);
    linear(`${l}.mlp.up_proj`, I, H, c.mlp_bias);
    linear(`${l}.mlp.down_proj`, H, I, c.mlp_bias);
  }
  add(`${prefix}norm.weight`, [H], 1, 0.3);
  if (!c.tie_word_embeddings)
    linear('lm_head', c.vocab_size, H, false);
  return t;
}

function gpt2Tensors(c, seed, prefix = 'transformer.') {
  const { t, add } = maker(seed), E = c.n_embd, I = c.n_inner ?? 4 * E;
  const pair = (name, shape, mean, scale) => {
    add(`${prefix}${name}.weight`, shape, mean, scale);
    add(`${prefix}${name}.bias`, shape.slice(-1), 0, 0.3);
  };
  add(`${prefix}wte.weight`, [c.vocab_size, E], 0, 1);
  add(`${prefix}wpe.weight`, [c.n_positions, E], 0, 0.5);
  for (let i = 0; i < c.n_layer; i++) {
    pair(`h.${i}.ln_1`, [E], 1, 0.3);
    pair(`h.${i}.attn.c_attn`, [E, 3 * E], 0, 0.4);
    pair(`h.${i}.attn.c_proj`, [E, E], 0, 0.4);
    add(`${prefix}h.${i}.attn.bias`, [1, 1, 2, 2], 1, 0);	// a buffer, not a bias
    pair(`h.${i}.ln_2`, [E], 1, 0.3);
    pair(`h.${i}.mlp.c_fc`, [E, I], 0, 0.4);
    pair(`h.${i}.mlp.c_proj`, [I, E], 0, 0.4);
  }
  pair('ln_f', [E], 1, 0.3);
  if (c.tie_word_embeddings === false)
    add('lm_head.weight', [c.vocab_size, E], 0, 0.4);
  return t;
}

const base = {
  architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: 32,
  intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4,
  num_key_value_heads: 2, vocab_size: 96, max_position_embeddings: 64,
  rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: 'silu',
  tie_word_embeddings: false,
};
const longrope = {
  type: 'longrope', short_factor: [1, 1.1, 1.2, 1.5], long_factor: [1.3, 2, 4, 6],
};
const { num_key_value_heads: _, ...mha } = base;
const gpt2 = {
  architectures: ['GPT2LMHeadModel'], model_type: 'gpt2', n_embd: 32, n_layer: 3,
  n_head: 4, n_positions: 64, vocab_size: 96, layer_norm_epsilon: 1e-5,
};

export const variants = {
  'attention-bias': { config: { ...base, attention_bias: true } },
  'mlp-bias': { config: { ...base, mlp_bias: true } },
  'mha-by-absence': { config: mha },
  'mha-by-null': { config: { ...base, num_key_value_heads: null } },
  'wide-heads': { config: { ...base, head_dim: 24 } },
  'partial-rotary': { config: { ...base, partial_rotary_factor: 0.5 } },
  'rope-linear': { config: { ...base, rope_scaling: { type: 'linear', factor: 4 } } },
  'rope-dynamic': { config: { ...base, rope_scaling: { rope_type: 'dynamic', factor: 2 } } },
  'rope-yarn': { config: { ...base, rope_scaling: { rope_type: 'yarn', factor: 4 } } },
  'rope-yarn-options': {
    config: { ...base, head_dim: 16, rope_scaling: {
      rope_type: 'yarn', factor: 8, beta_fast: 16, beta_slow: 2, attention_factor: 1.3 } },
  },
  'act-gelu': { config: { ...base, hidden_act: 'gelu' } },
  'act-gelu-new': { config: { ...base, hidden_act: 'gelu_new' } },
  'act-gelu-tanh': { config: { ...base, hidden_act: 'gelu_pytorch_tanh' } },
  'act-quick-gelu': { config: { ...base, hidden_act: 'quick_gelu' } },
  'act-relu': { config: { ...base, hidden_act: 'relu' } },
  'bf16-shards': { config: { ...base, torch_dtype: 'bfloat16' }, dtype: 'BF16', shards: 3 },
  'f16-tied': { config: { ...base, tie_word_embeddings: true }, dtype: 'F16' },
  'bf16-bias': { config: { ...base, attention_bias: true, mlp_bias: true }, dtype: 'BF16' },
  'no-prefix': { config: { ...base, tie_word_embeddings: true }, prefix: '' },
  'mistral-window': {
    config: { ...base, architectures: ['MistralForCausalLM'], model_type: 'mistral',
      sliding_window: 5 },
  },
  'mistral-no-window': {
    config: { ...base, architectures: ['MistralForCausalLM'], model_type: 'mistral',
      sliding_window: null },
  },
  'longrope-long': {
    config: { ...base, max_position_embeddings: 64, original_max_position_embeddings: 10,
      rope_scaling: longrope },
  },
  'longrope-short': {
    config: { ...base, max_position_embeddings: 64, original_max_position_embeddings: 40,
      rope_scaling: longrope },
  },
  'qwen2-window-from-1': {
    config: { ...base, architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2',
      use_sliding_window: true, sliding_window: 5, max_window_layers: 1 },
  },
  'granite': {
    config: { ...base, architectures: ['GraniteForCausalLM'], model_type: 'granite',
      embedding_multiplier: 3, attention_multiplier: 0.2, residual_multiplier: 0.4,
      logits_scaling: 5 },
  },
  'gpt2-inner': { config: { ...gpt2, n_inner: 40, activation_function: 'relu' } },
  'gpt2-unscaled': { config: { ...gpt2, scale_attn_weights: false } },
  'gpt2-by-layer': { config: { ...gpt2, scale_attn_by_inverse_layer_idx: true } },
  'gpt2-upcast': { config: { ...gpt2, reorder_and_upcast_attn: true } },
  'gpt2-untied': { config: { ...gpt2, tie_word_embeddings: false } },
  'gpt2-no-prefix-f16': { config: gpt2, prefix: '', dtype: 'F16' },
  'gpt2-bf16-shards': { config: gpt2, dtype: 'BF16', shards: 2 },
  ...decoderVariants,
};

// The formulas ask for every weight on their way through a sequence.
function decoder(c, seed, dir) {
  const w = maker(seed);
  decoderLogits(c, w, [0, 1]);
  writeModel(dir, c, w.t);
  return (ids) => decoderLogits(c, w, ids);
}

// Write variant @name (perhaps with another config) to @dir; returns a function
// from ids to expected logits.
export function makeVariant(name, dir, config = variants[name].config) {
  const v = variants[name], seed = name.length * 7919 + 1;
  if (hasFormulas(config.model_type))
    return decoder(config, seed, dir);
  const isGpt2 = config.model_type === 'gpt2';
  const tensors = (isGpt2 ? gpt2Tensors : llamaTensors)(config, seed, v.prefix);
  writeModel(dir, config, tensors, v);
  return (ids) => (isGpt2 ? gpt2Logits : llamaLogits)(config, tensors, ids, v.prefix);
}

// The same for an encoder; the function also takes token types.
export function makeEncoder(name, dir) {
  const c = encoderVariants[name], w = maker(name.length * 104729 + 3);
  encoderOutputs(c, w, [0, 3]);
  writeModel(dir, c, w.t);
  return (ids, types) => encoderOutputs(c, w, ids, types);
}

// The same for an encoder-decoder, from source and decoder ids.
export function makeTranslator(name, dir) {
  const c = translators[name], w = maker(name.length * 15485863 + 7);
  const { own_positions: _own, no_row: _row, ...config } = c;
  translatorLogits(c, w, [0, 3], [2, 5]);
  writeModel(dir, config, w.t);
  return (source, target) => translatorLogits(c, w, source, target);
}

// A decoder that classifies: its scores are a head of three rows, read at the end.
export function makeScoring(name, dir) {
  const { config } = variants[scoring[name]], isGpt2 = config.model_type === 'gpt2';
  const w = maker(name.length * 7919 + 5), score = w.get('score.weight', [3, config.n_embd ?? config.hidden_size]);
  const tensors = (isGpt2 ? gpt2Tensors : llamaTensors)(config, 77);
  const cls = config.architectures[0].replace(/(LMHeadModel|ForCausalLM)$/, 'ForSequenceClassification');
  delete tensors['lm_head.weight'];
  writeModel(dir, { ...config, architectures: [cls], num_labels: 3, pad_token_id: 0 }, { ...tensors, ...w.t });
  return (ids) => Array.from((isGpt2 ? gpt2Logits : llamaLogits)(config, { ...tensors, 'lm_head.weight': score }, ids).at(-1));
}
