// SPDX-License-Identifier: MIT
//
// Encoder-decoders as the formulas of their published code, in double precision:
// the logits of every decoder position, for one source. Weights are made when a
// formula first asks for them.
import { ops } from './decoder_ops.mjs';
import { acts, add } from './formulas.mjs';

const dot = (a, b) => a.reduce((s, v, i) => s + v * b[i], 0);
const act = (name) => acts[name === 'swish' ? 'silu' : name];

// Every query row over all key rows, or those up to its own.
function attend(q, k, v, { n, D, scale = 1, bias = () => 0, causal }) {
  const head = (x, h) => x.slice(h * D, (h + 1) * D);
  return q.map((row, t) => {
    const out = new Float64Array(n * D), keys = causal ? k.slice(0, t + 1) : k;
    for (let h = 0; h < n; h++) {
      const s = keys.map((y, u) => dot(head(row, h), head(y, h)) * scale + bias(h, t, u));
      const top = Math.max(...s), e = s.map((z) => Math.exp(z - top)), sum = e.reduce((y, z) => y + z);
      e.forEach((z, u) => head(v[u], h).forEach((y, i) => { out[h * D + i] += z / sum * y; }));
    }
    return out;
  });
}

// ---- T5 ----

// Of a key that is @far behind the query (before it, if negative)
function bucket(far, buckets, most, oneSided) {
  const half = oneSided ? buckets : buckets / 2, near = half / 2;
  const side = !oneSided && far > 0 ? half : 0, d = oneSided ? Math.max(0, -far) : Math.abs(far);
  if (d < near)
    return side + d;
  return side + Math.min(half - 1, near + Math.floor(Math.log(d / near) / Math.log(most / near) * (half - near)));
}

function t5Side(c, m, side, ids, layers, memory) {
  const { d_model: H, num_heads: n, d_kv: D, d_ff: I } = c, eps = c.layer_norm_epsilon ?? 1e-6;
  const buckets = c.relative_attention_num_buckets ?? 32, most = c.relative_attention_max_distance ?? 128;
  const [, gate, kind] = /^(gated-)?(.*)$/.exec(c.feed_forward_proj), f = acts[gate && kind === 'gelu' ? 'gelu_new' : kind];
  const table = `${side}.block.0.layer.0.SelfAttention.relative_attention_bias`;
  const bias = (h, t, u) => m.row(table, buckets, n, bucket(u - t, buckets, most, !!memory))[h];
  const linear = (name, x, out) => m.linear(name, x, out, false);
  const attention = (p, xs, ys, more) => {
    const [q, k, v] = [[xs, 'q'], [ys, 'k'], [ys, 'v']].map(([rows, s]) => rows.map((x) => linear(`${p}.${s}`, x, n * D)));
    return attend(q, k, v, { n, D, ...more }).map((x) => linear(`${p}.o`, x, H));
  };
  const normed = (p, xs) => xs.map((x) => m.rms(`${p}.layer_norm`, x, eps));
  const sum = (xs, ys) => xs.map((x, i) => add(x, ys[i]));
  let xs = ids.map((id) => m.row('shared', c.vocab_size, H, id));
  for (let l = 0; l < layers; l++) {
    const p = `${side}.block.${l}.layer`, last = memory ? 2 : 1;
    const hs = normed(`${p}.0`, xs);
    xs = sum(xs, attention(`${p}.0.SelfAttention`, hs, hs, { bias, causal: !!memory }));
    if (memory)
      xs = sum(xs, attention(`${p}.1.EncDecAttention`, normed(`${p}.1`, xs), memory, {}));
    const d = `${p}.${last}.DenseReluDense`;
    xs = sum(xs, normed(`${p}.${last}`, xs).map((x) => {
      const a = linear(`${d}.${gate ? 'wi_0' : 'wi'}`, x, I).map(f), b = gate && linear(`${d}.wi_1`, x, I);
      return linear(`${d}.wo`, b ? a.map((v, i) => v * b[i]) : a, H);
    }));
  }
  return xs.map((x) => m.rms(`${side}.final_layer_norm`, x, eps));
}

function t5Logits(c, m, source, target) {
  const memory = t5Side(c, m, 'encoder', source, c.num_layers), H = c.d_model;
  const tied = c.tie_word_embeddings ?? true;
  return t5Side(c, m, 'decoder', target, c.num_decoder_layers ?? c.num_layers, memory).map((x) => Array.from({ length: c.vocab_size }, (_, i) =>
    (tied ? dot(x, m.row('shared', c.vocab_size, H, i)) / Math.sqrt(H) : dot(x, m.row('lm_head', c.vocab_size, H, i)))));
}

// ---- BART, Marian ----

function sinusoid(pos, H) {
  const half = Math.ceil(H / 2);
  return Float64Array.from({ length: H }, (_, i) =>
    (i < half ? Math.sin(pos / 10000 ** (2 * i / H)) : Math.cos(pos / 10000 ** (2 * (i - half) / H))));
}

function bartSide(c, m, side, ids, memory) {
  const H = c.d_model, n = c[`${side}_attention_heads`], I = c[`${side}_ffn_dim`], D = H / n, p0 = `model.${side}`;
  const bart = c.model_type === 'bart', own = c.share_encoder_decoder_embeddings === false;
  const vocab = own && memory ? c.decoder_vocab_size : c.vocab_size, f = act(c.activation_function);
  const ln = (name, x) => m.ln(name, x, 1e-5);
  const attention = (p, xs, ys, causal) => {
    const [q, k, v] = [[xs, 'q'], [ys, 'k'], [ys, 'v']].map(([rows, s]) => rows.map((x) => m.linear(`${p}.${s}_proj`, x, H, true)));
    return attend(q, k, v, { n, D, scale: 1 / Math.sqrt(D), causal }).map((x) => m.linear(`${p}.out_proj`, x, H, true));
  };
  const sum = (norm, xs, ys) => xs.map((x, i) => ln(norm, add(x, ys[i])));
  let xs = ids.map((id, i) => {
    const x = m.row(own ? `${p0}.embed_tokens` : 'model.shared', vocab, H, id).map((v) => v * (c.scale_embedding ? Math.sqrt(H) : 1));
    const pos = bart ? m.row(`${p0}.embed_positions`, c.max_position_embeddings + 2, H, i + 2) :
      c.own_positions ? m.row(`${p0}.embed_positions`, c.max_position_embeddings, H, i) : sinusoid(i, H);
    return bart ? ln(`${p0}.layernorm_embedding`, add(x, pos)) : add(x, pos);
  });
  for (let l = 0; l < c[`${side}_layers`]; l++) {
    const p = `${p0}.layers.${l}`;
    xs = sum(`${p}.self_attn_layer_norm`, xs, attention(`${p}.self_attn`, xs, xs, !!memory));
    if (memory)
      xs = sum(`${p}.encoder_attn_layer_norm`, xs, attention(`${p}.encoder_attn`, xs, memory));
    xs = sum(`${p}.final_layer_norm`, xs, xs.map((x) => m.linear(`${p}.fc2`, m.linear(`${p}.fc1`, x, I, true).map(f), H, true)));
  }
  return xs;
}

function bartLogits(c, m, source, target) {
  const own = c.share_encoder_decoder_embeddings === false, V = own ? c.decoder_vocab_size : c.vocab_size;
  const head = c.tie_word_embeddings === false ? 'lm_head' : own ? 'model.decoder.embed_tokens' : 'model.shared';
  const bias = c.no_row ? null : m.get('final_logits_bias', [1, V], 0, 1).data;
  return bartSide(c, m, 'decoder', target, bartSide(c, m, 'encoder', source)).map((x) => Array.from({ length: V }, (_, i) =>
    dot(x, m.row(head, V, c.d_model, i)) + (bias ? bias[i] : 0)));
}

export function translatorLogits(c, w, source, target) {
  return (c.model_type === 't5' ? t5Logits : bartLogits)(c, ops(w), source, target);
}

// What no golden model has. own_positions and no_row are this file's, not fields.
const t5 = { architectures: ['T5ForConditionalGeneration'], model_type: 't5', d_model: 32, d_kv: 12, d_ff: 48, num_heads: 3,
  num_layers: 3, num_decoder_layers: 1, vocab_size: 96, feed_forward_proj: 'gated-silu', decoder_start_token_id: 2,
  relative_attention_num_buckets: 8, relative_attention_max_distance: 10 };
const bart = { architectures: ['BartForConditionalGeneration'], model_type: 'bart', d_model: 32, encoder_layers: 1, decoder_layers: 2,
  encoder_attention_heads: 2, decoder_attention_heads: 4, encoder_ffn_dim: 40, decoder_ffn_dim: 56, vocab_size: 96,
  max_position_embeddings: 40, activation_function: 'relu', decoder_start_token_id: 2, forced_eos_token_id: null };
const marian = { ...bart, architectures: ['MarianMTModel'], model_type: 'marian', activation_function: 'swish', scale_embedding: true };

export const translators = {
  't5-silu': t5,
  't5-gelu-untied': { ...t5, feed_forward_proj: 'gelu', tie_word_embeddings: false, num_decoder_layers: 2, num_layers: 1 },
  't5-gated-gelu-tied': { ...t5, feed_forward_proj: 'gated-gelu', relative_attention_num_buckets: 4, layer_norm_epsilon: 1e-3 },
  'bart-scaled': { ...bart, scale_embedding: true, no_row: true },
  'bart-untied': { ...bart, tie_word_embeddings: false, activation_function: 'gelu_new' },
  'marian': { ...marian, no_row: true },
  'marian-own-tables': { ...marian, share_encoder_decoder_embeddings: false, decoder_vocab_size: 80 },
  'marian-own-positions': { ...marian, own_positions: true, scale_embedding: false, tie_word_embeddings: false },
};
