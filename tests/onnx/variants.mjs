// SPDX-License-Identifier: MIT
//
// Tiny random checkpoints for what the golden models lack, and a plain
// double-precision evaluation of each: no cache, no graph, only the formulas of
// the published architectures.
import { mkdirSync, writeFileSync } from 'node:fs';

const bits = new DataView(new ArrayBuffer(4));

function toBf16(v) {
  bits.setFloat32(0, v);
  const u = bits.getUint32(0);
  return ((u + 0x7fff + ((u >>> 16) & 1)) >>> 16) & 0xffff;
}

function fromBf16(h) {
  bits.setUint32(0, (h << 16) >>> 0);
  return bits.getFloat32(0);
}

function toF16(v) {			// normal range only, which is what we make
  const e = Math.max(-14, Math.floor(Math.log2(Math.abs(v) || 1e-9)));
  const q = Math.round(Math.abs(v) / 2 ** (e - 10));
  const sign = v < 0 ? 0x8000 : 0;
  if (q >= 2048)
    return sign | ((e + 16) << 10) | ((q / 2 - 1024) & 0x3ff);
  return sign | (q >= 1024 ? ((e + 15) << 10) | (q - 1024) : q);
}

function fromF16(h) {
  const e = (h >> 10) & 31, m = h & 1023, s = h & 0x8000 ? -1 : 1;
  return s * (e ? (1 + m / 1024) * 2 ** (e - 15) : m * 2 ** -24);
}

const types = {
  F32: { size: 4, put: (b, o, v) => b.writeFloatLE(v, o), get: (b, o) => b.readFloatLE(o) },
  F16: { size: 2, put: (b, o, v) => b.writeUInt16LE(toF16(v), o), get: (b, o) => fromF16(b.readUInt16LE(o)) },
  BF16: { size: 2, put: (b, o, v) => b.writeUInt16LE(toBf16(v), o), get: (b, o) => fromBf16(b.readUInt16LE(o)) },
};

function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 31 - 1;
  };
}

function writeSafetensors(path, tensors, dtype) {
  const header = { __metadata__: { format: 'pt' } };
  const { size, put, get } = types[dtype];
  let at = 0;
  for (const [name, t] of tensors) {
    const bytes = t.data.length * size;
    header[name] = { dtype, shape: t.shape, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const file = Buffer.alloc(8 + text.length + at);
  file.writeBigUInt64LE(BigInt(text.length));
  text.copy(file, 8);
  at = 8 + text.length;
  for (const [, t] of tensors)
    for (let i = 0; i < t.data.length; i++, at += size) {
      put(file, at, t.data[i]);
      t.data[i] = get(file, at);	// what the file holds is what we evaluate
    }
  writeFileSync(path, file);
}

// Write a checkpoint; shards > 1 splits it and writes an index.
export function writeModel(dir, config, tensors, { dtype = 'F32', shards = 1 } = {}) {
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${dir}/config.json`, JSON.stringify(config, null, 2));
  const list = Object.entries(tensors);
  if (shards === 1) {
    writeSafetensors(`${dir}/model.safetensors`, list, dtype);
    return;
  }
  const map = {};
  for (let s = 0; s < shards; s++) {
    const file = `model-0000${s + 1}-of-0000${shards}.safetensors`;
    const part = list.filter((_, i) => i % shards === s);
    part.forEach(([name]) => { map[name] = file; });
    writeSafetensors(`${dir}/${file}`, part, dtype);
  }
  writeFileSync(`${dir}/model.safetensors.index.json`,
    JSON.stringify({ metadata: {}, weight_map: map }));
}

export function llamaTensors(c, seed, prefix = 'model.') {
  const next = random(seed), t = {};
  const D = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  const kv = (c.num_key_value_heads ?? c.num_attention_heads) * D;
  const q = c.num_attention_heads * D, H = c.hidden_size, I = c.intermediate_size;
  const add = (name, shape, mean, scale) => {
    const n = shape.reduce((a, b) => a * b);
    t[name] = { shape, data: Float64Array.from({ length: n }, () => mean + scale * next()) };
  };
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
    linear(`${l}.self_attn.q_proj`, q, H, c.attention_bias);
    linear(`${l}.self_attn.k_proj`, kv, H, c.attention_bias);
    linear(`${l}.self_attn.v_proj`, kv, H, c.attention_bias);
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

// ---- evaluation ----

function erf(x) {			// series; the arguments are small
  let sum = 0, term = x;
  for (let n = 0; n < 200; n++) {
    sum += term / (2 * n + 1);
    term *= -x * x / (n + 1);
  }
  return Math.abs(x) > 5 ? Math.sign(x) : 2 / Math.sqrt(Math.PI) * sum;
}

const acts = {
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  gelu_pytorch_tanh: (x) => acts.gelu_new(x),
  quick_gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
  relu: (x) => Math.max(0, x),
};

function inverseFrequencies(c, dim) {
  const theta = c.rope_theta ?? 10000, s = c.rope_scaling ?? {};
  const type = s.rope_type ?? s.type ?? 'default', f = s.factor;
  const plain = Array.from({ length: dim / 2 }, (_, i) => theta ** (-2 * i / dim));
  if (type === 'linear')
    return { freq: plain.map((v) => v / f), scale: 1 };
  if (type === 'yarn') {
    const at = (turns) => dim * Math.log(c.max_position_embeddings / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    const low = Math.max(Math.floor(at(s.beta_fast ?? 32)), 0);
    let high = Math.min(Math.ceil(at(s.beta_slow ?? 1)), dim - 1);
    if (low === high)
      high += 0.001;
    const freq = plain.map((v, i) => {
      const ramp = Math.min(1, Math.max(0, (i - low) / (high - low)));
      return v / f * ramp + v * (1 - ramp);
    });
    return { freq, scale: s.attention_factor ?? 0.1 * Math.log(f) + 1 };
  }
  return { freq: plain, scale: 1 };	// default; dynamic within max_position
}

function matvec(w, x, bias) {
  const [out, inp] = w.shape;
  return Float64Array.from({ length: out }, (_, o) => {
    let sum = bias ? bias.data[o] : 0;
    for (let i = 0; i < inp; i++)
      sum += w.data[o * inp + i] * x[i];
    return sum;
  });
}

function rmsNorm(x, w, eps) {
  const r = 1 / Math.sqrt(x.reduce((a, v) => a + v * v, 0) / x.length + eps);
  return x.map((v, i) => v * r * w.data[i]);
}

function rotate(x, heads, D, dim, pos, { freq, scale }) {
  const y = Float64Array.from(x);
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < dim / 2; i++) {
      const a = h * D + i, b = a + dim / 2;
      const c = Math.cos(pos * freq[i]) * scale, s = Math.sin(pos * freq[i]) * scale;
      y[a] = x[a] * c - x[b] * s;
      y[b] = x[b] * c + x[a] * s;
    }
  return y;
}

// Logits of every position.
export function llamaLogits(c, tensors, ids, prefix = 'model.') {
  const get = (name) => tensors[name];
  const linear = (name, x) => matvec(get(`${name}.weight`), x, get(`${name}.bias`));
  const nh = c.num_attention_heads, nkv = c.num_key_value_heads ?? nh;
  const D = c.head_dim ?? c.hidden_size / nh;
  const dim = Math.floor(D * (c.partial_rotary_factor ?? 1));
  const rope = inverseFrequencies(c, dim), eps = c.rms_norm_eps ?? 1e-6;
  const add = (a, b) => a.map((v, i) => v + b[i]);
  const window = c.sliding_window ?? Infinity;
  const H = c.hidden_size;
  let xs = ids.map((id) => get(`${prefix}embed_tokens.weight`).data.slice(id * H, (id + 1) * H));

  for (let l = 0; l < c.num_hidden_layers; l++) {
    const p = `${prefix}layers.${l}`;
    const hs = xs.map((x) => rmsNorm(x, get(`${p}.input_layernorm.weight`), eps));
    const q = hs.map((h, i) => rotate(linear(`${p}.self_attn.q_proj`, h), nh, D, dim, i, rope));
    const k = hs.map((h, i) => rotate(linear(`${p}.self_attn.k_proj`, h), nkv, D, dim, i, rope));
    const v = hs.map((h) => linear(`${p}.self_attn.v_proj`, h));
    xs = xs.map((x, t) => {
      const out = new Float64Array(nh * D);
      for (let h = 0; h < nh; h++) {
        const g = Math.floor(h / (nh / nkv)), w = [];
        for (let u = 0; u <= t; u++) {
          let dot = u <= t - window ? -Infinity : 0;
          for (let i = 0; i < D; i++)
            dot += q[t][h * D + i] * k[u][g * D + i];
          w.push(dot / Math.sqrt(D));
        }
        const top = Math.max(...w), e = w.map((s) => Math.exp(s - top));
        const sum = e.reduce((a, b) => a + b);
        for (let u = 0; u <= t; u++)
          for (let i = 0; i < D; i++)
            out[h * D + i] += e[u] / sum * v[u][g * D + i];
      }
      const y = add(x, linear(`${p}.self_attn.o_proj`, out));
      const m = rmsNorm(y, get(`${p}.post_attention_layernorm.weight`), eps);
      const gate = linear(`${p}.mlp.gate_proj`, m).map(acts[c.hidden_act ?? 'silu']);
      const up = linear(`${p}.mlp.up_proj`, m);
      return add(y, linear(`${p}.mlp.down_proj`, gate.map((s, i) => s * up[i])));
    });
  }
  const head = get('lm_head.weight') ?? get(`${prefix}embed_tokens.weight`);
  return xs.map((x) => matvec(head, rmsNorm(x, get(`${prefix}norm.weight`), eps)));
}

const base = {
  architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: 32,
  intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4,
  num_key_value_heads: 2, vocab_size: 96, max_position_embeddings: 64,
  rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: 'silu',
  tie_word_embeddings: false,
};
const { num_key_value_heads: _, ...mha } = base;

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
};
