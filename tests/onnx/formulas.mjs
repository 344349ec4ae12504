// SPDX-License-Identifier: MIT
//
// Plain double-precision evaluation of whole sequences: no cache, no graph, only
// the formulas of the published architectures.
function erf(x) {			// series; the arguments are small
  let sum = 0, term = x;
  for (let n = 0; n < 200; n++) {
    sum += term / (2 * n + 1);
    term *= -x * x / (n + 1);
  }
  return Math.abs(x) > 5 ? Math.sign(x) : 2 / Math.sqrt(Math.PI) * sum;
}

export const acts = {
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  gelu_pytorch_tanh: (x) => acts.gelu_new(x),
  quick_gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
  relu: (x) => Math.max(0, x),
  relu2: (x) => Math.max(0, x) ** 2,
};

export function inverseFrequencies(c, dim) {
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
  if (type === 'longrope' || type === 'su') {	// the tests' contexts are of 16 and 32
    const long = c.original_max_position_embeddings < 16;
    const grow = c.max_position_embeddings / c.original_max_position_embeddings;
    return { freq: plain.map((v, i) => v / (long ? s.long_factor : s.short_factor)[i]),
      scale: Math.sqrt(1 + Math.log(grow) / Math.log(c.original_max_position_embeddings)) };
  }
  return { freq: plain, scale: 1 };	// default; dynamic within max_position
}

export function matvec(w, x, bias) {
  const [out, inp] = w.shape;
  return Float64Array.from({ length: out }, (_, o) => {
    let sum = bias ? bias.data[o] : 0;
    for (let i = 0; i < inp; i++)
      sum += w.data[o * inp + i] * x[i];
    return sum;
  });
}

export function rmsNorm(x, w, eps) {
  const r = 1 / Math.sqrt(x.reduce((a, v) => a + v * v, 0) / x.length + eps);
  return x.map((v, i) => v * r * w.data[i]);
}

export function rotate(x, heads, D, dim, pos, { freq, scale }) {
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

// Softmax over what position t may see; q, k, v are lists of [heads * D] rows.
// bias(head, from, to) is added to a score, which cap bounds before.
export function attend(q, k, v, t, { nh, nkv, D, scale, window = Infinity, cap, bias }) {
  const out = new Float64Array(nh * D);
  for (let h = 0; h < nh; h++) {
    const g = Math.floor(h / (nh / nkv)), w = [];
    for (let u = 0; u <= t; u++) {
      let dot = 0;
      for (let i = 0; i < D; i++)
        dot += q[t][h * D + i] * k[u][g * D + i];
      const score = cap ? cap * Math.tanh(dot * scale / cap) : dot * scale;
      w.push(u <= t - window ? -Infinity : score + (bias ? bias(h, t, u) : 0));
    }
    const top = Math.max(...w), e = w.map((s) => Math.exp(s - top));
    const sum = e.reduce((a, b) => a + b);
    for (let u = 0; u <= t; u++)
      for (let i = 0; i < D; i++)
        out[h * D + i] += e[u] / sum * v[u][g * D + i];
  }
  return out;
}

export const add = (a, b) => a.map((v, i) => v + b[i]);

// Logits of every position: Llama, Mistral, Qwen2, Granite.
export function llamaLogits(c, tensors, ids, prefix = 'model.') {
  const get = (name) => tensors[name];
  const linear = (name, x) => matvec(get(`${name}.weight`), x, get(`${name}.bias`));
  const nh = c.num_attention_heads, nkv = c.num_key_value_heads ?? nh;
  const D = c.head_dim ?? c.hidden_size / nh;
  const dim = Math.floor(D * (c.partial_rotary_factor ?? 1));
  const rope = inverseFrequencies(c, dim), eps = c.rms_norm_eps ?? 1e-6;
  const windowOf = (l) => c.sliding_window && l >= (c.max_window_layers ?? 0) ? c.sliding_window : Infinity;
  const scale = c.attention_multiplier ?? 1 / Math.sqrt(D), branch = c.residual_multiplier ?? 1;
  const H = c.hidden_size;
  let xs = ids.map((id) => get(`${prefix}embed_tokens.weight`).data.slice(id * H, (id + 1) * H)
    .map((v) => v * (c.embedding_multiplier ?? 1)));

  for (let l = 0; l < c.num_hidden_layers; l++) {
    const p = `${prefix}layers.${l}`;
    const hs = xs.map((x) => rmsNorm(x, get(`${p}.input_layernorm.weight`), eps));
    const q = hs.map((h, i) => rotate(linear(`${p}.self_attn.q_proj`, h), nh, D, dim, i, rope));
    const k = hs.map((h, i) => rotate(linear(`${p}.self_attn.k_proj`, h), nkv, D, dim, i, rope));
    const v = hs.map((h) => linear(`${p}.self_attn.v_proj`, h));
    xs = xs.map((x, t) => {
      const out = attend(q, k, v, t, { nh, nkv, D, scale, window: windowOf(l) });
      const y = add(x, linear(`${p}.self_attn.o_proj`, out).map((s) => s * branch));
      const m = rmsNorm(y, get(`${p}.post_attention_layernorm.weight`), eps);
      const gate = linear(`${p}.mlp.gate_proj`, m).map(acts[c.hidden_act ?? 'silu']);
      const up = linear(`${p}.mlp.up_proj`, m);
      return add(y, linear(`${p}.mlp.down_proj`, gate.map((s, i) => s * up[i])).map((s) => s * branch));
    });
  }
  const head = get('lm_head.weight') ?? get(`${prefix}embed_tokens.weight`);
  return xs.map((x) => matvec(head, rmsNorm(x, get(`${prefix}norm.weight`), eps))
    .map((s) => s / (c.logits_scaling ?? 1)));
}

// x W + b with W [in, out]
export function conv1d(w, x, bias) {
  const [inp, out] = w.shape;
  return Float64Array.from({ length: out }, (_, o) => {
    let sum = bias.data[o];
    for (let i = 0; i < inp; i++)
      sum += x[i] * w.data[i * out + o];
    return sum;
  });
}

export function layerNorm(x, w, b, eps) {
  const mean = x.reduce((a, v) => a + v, 0) / x.length;
  const r = 1 / Math.sqrt(x.reduce((a, v) => a + (v - mean) ** 2, 0) / x.length + eps);
  return x.map((v, i) => (v - mean) * r * (w ? w.data[i] : 1) + (b ? b.data[i] : 0));
}

// Logits of every position: GPT-2.
export function gpt2Logits(c, tensors, ids, prefix = 'transformer.') {
  const E = c.n_embd, nh = c.n_head, D = E / nh, eps = c.layer_norm_epsilon ?? 1e-5;
  const get = (name) => tensors[prefix + name];
  const linear = (name, x) => conv1d(get(`${name}.weight`), x, get(`${name}.bias`));
  const norm = (name, x) => layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), eps);
  const row = (name, i) => get(name).data.slice(i * E, (i + 1) * E);
  let xs = ids.map((id, i) => add(row('wte.weight', id), row('wpe.weight', i)));
  for (let l = 0; l < c.n_layer; l++) {
    const p = `h.${l}`, qkv = xs.map((x) => linear(`${p}.attn.c_attn`, norm(`${p}.ln_1`, x)));
    const [q, k, v] = [0, 1, 2].map((j) => qkv.map((r) => r.slice(j * E, (j + 1) * E)));
    const scale = (c.scale_attn_weights === false ? 1 : 1 / Math.sqrt(D)) /
      (c.scale_attn_by_inverse_layer_idx ? l + 1 : 1);
    xs = xs.map((x, t) => {
      const y = add(x, linear(`${p}.attn.c_proj`, attend(q, k, v, t, { nh, nkv: nh, D, scale })));
      const m = linear(`${p}.mlp.c_fc`, norm(`${p}.ln_2`, y));
      return add(y, linear(`${p}.mlp.c_proj`, m.map(acts[c.activation_function ?? 'gelu_new'])));
    });
  }
  const head = tensors['lm_head.weight'] ?? get('wte.weight');
  return xs.map((x) => matvec(head, norm('ln_f', x)));
}
