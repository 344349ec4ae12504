// SPDX-License-Identifier: MIT
//
// Decoders with rotary positions, as the formulas of their published code.
import { attention, by, each, fusedGated, gated, groups, options, plain, rotatePairs, separate, sizes, times } from './decoder_ops.mjs';
import { acts, add, inverseFrequencies, layerNorm, matvec, rmsNorm, rotate } from './formulas.mjs';

export function phi(c, m) {
  const { H, D } = sizes(c), eps = c.layer_norm_eps, inner = c.intermediate_size, act = acts[c.hidden_act];
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, hs = xs.map((x) => m.ln(`${p}.input_layernorm`, x, eps));
      const norm = (n, x) => c.qk_layernorm ? each(x, D, (y) => m.ln(`${a}.${n}_layernorm`, y, eps)) : x;
      const out = attention(hs, separate(m, c, a, { bias: true, dim: Math.floor(D * c.partial_rotary_factor), norm }), options(c));
      return xs.map((x, t) => add(add(x, m.linear(`${a}.dense`, out[t], H, true)),
        plain(m, `${p}.mlp.fc1`, `${p}.mlp.fc2`, act, inner, hs[t], true)));
    },
    head: (x) => m.linear('lm_head', m.ln('model.final_layernorm', x, eps), c.vocab_size, true),
  };
}

export function olmo(c, m) {
  const { H } = sizes(c), norm = (x) => layerNorm(x, null, null, 1e-5), bias = c.attention_bias;
  const clip = (x) => c.clip_qkv ? x.map((v) => Math.max(-c.clip_qkv, Math.min(c.clip_qkv, v))) : x;
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`;
      const out = attention(xs.map(norm), separate(m, c, `${p}.self_attn`, { bias, clip }), options(c));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${p}.self_attn.o_proj`, out[t], H, bias));
        return add(y, gated(m, `${p}.mlp`, acts.silu, c.intermediate_size, norm(y)));
      });
    },
    head: (x) => m.linear('lm_head', norm(x), c.vocab_size),
  };
}

export function olmo2(c, m) {
  const { H } = sizes(c), eps = c.rms_norm_eps, bias = c.attention_bias;
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`;
      const norm = (n, x) => m.rms(`${a}.${n}_norm`, x, eps);		// all heads at once
      const out = attention(xs, separate(m, c, a, { bias, norm }), options(c));
      return xs.map((x, t) => {
        const y = add(x, m.rms(`${p}.post_attention_layernorm`, m.linear(`${a}.o_proj`, out[t], H, bias), eps));
        return add(y, m.rms(`${p}.post_feedforward_layernorm`, gated(m, `${p}.mlp`, acts.silu, c.intermediate_size, y), eps));
      });
    },
    head: (x) => m.linear('lm_head', m.rms('model.norm', x, eps), c.vocab_size),
  };
}

export function stablelm(c, m) {
  const { H, D } = sizes(c), eps = c.layer_norm_eps;
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, hs = xs.map((x) => m.ln(`${p}.input_layernorm`, x, eps));
      const norm = (n, x) => c.qk_layernorm ? each(x, D, (y, h) => m.ln(`${a}.${n}_layernorm.norms.${h}`, y, eps, false)) : x;
      const dim = Math.floor(D * c.partial_rotary_factor);
      const out = attention(hs, separate(m, c, a, { bias: c.use_qkv_bias, dim, norm }), options(c));
      const mlp = (x) => gated(m, `${p}.mlp`, acts.silu, c.intermediate_size, x);
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.o_proj`, out[t], H));
        return add(y, mlp(c.use_parallel_residual ? hs[t] : m.ln(`${p}.post_attention_layernorm`, y, eps)));
      });
    },
    head: (x) => m.linear('lm_head', m.ln('model.norm', x, eps), c.vocab_size),
  };
}

export function cohere(c, m) {
  const { H, D, nh, nkv } = sizes(c), eps = c.layer_norm_eps, bias = c.attention_bias;
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, hs = xs.map((x) => m.ln(`${p}.input_layernorm`, x, eps, false));
      const norm = (n, x) => {
        if (!c.use_qk_norm)
          return x;
        const w = m.get(`${a}.${n}_norm.weight`, [n === 'q' ? nh : nkv, D], 1, 0.3);
        return each(x, D, (y, h) => layerNorm(y, { data: w.data.slice(h * D, (h + 1) * D) }, null, eps));
      };
      const out = attention(hs, separate(m, c, a, { bias, turn: rotatePairs, norm }), options(c));
      return xs.map((x, t) => add(add(x, m.linear(`${a}.o_proj`, out[t], H, bias)),
        gated(m, `${p}.mlp`, acts.silu, c.intermediate_size, hs[t])));
    },
    head: (x) => matvec(m.get('model.embed_tokens.weight', [c.vocab_size, H]), m.ln('model.norm', x, eps, false))
      .map(by(c.logit_scale)),
  };
}

export function glm(c, m) {
  const { H, D } = sizes(c), eps = c.rms_norm_eps;
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, hs = xs.map((x) => m.rms(`${p}.input_layernorm`, x, eps));
      const out = attention(hs, separate(m, c, a, { bias: c.attention_bias, turn: rotatePairs,
        dim: Math.floor(D * (c.partial_rotary_factor ?? 0.5)) }), options(c));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.o_proj`, out[t], H));
        return add(y, fusedGated(m, `${p}.mlp`, acts.silu, c.intermediate_size, m.rms(`${p}.post_attention_layernorm`, y, eps)));
      });
    },
    head: (x) => m.linear('lm_head', m.rms('model.norm', x, eps), c.vocab_size),
  };
}

export function persimmon(c, m) {
  const { H, D, nh } = sizes(c), eps = c.layer_norm_eps, dim = Math.floor(D * c.partial_rotary_factor);
  const rope = inverseFrequencies(c, dim);
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`;
      const norm = (n, x) => c.qk_layernorm === false ? x : each(x, D, (y) => m.ln(`${a}.${n}_layernorm`, y, eps));
      const out = attention(xs.map((x) => m.ln(`${p}.input_layernorm`, x, eps)), (h, pos) => {
        const { q, k, v } = groups(m.linear(`${a}.query_key_value`, h, 3 * H, true), nh, 1, D);
        return { q: rotate(norm('q', q), nh, D, dim, pos, rope), k: rotate(norm('k', k), nh, D, dim, pos, rope), v };
      }, options(c));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.dense`, out[t], H, true)), h = m.ln(`${p}.post_attention_layernorm`, y, eps);
        return add(y, plain(m, `${p}.mlp.dense_h_to_4h`, `${p}.mlp.dense_4h_to_h`, acts[c.hidden_act ?? 'relu2'],
          c.intermediate_size, h, true));
      });
    },
    head: (x) => m.linear('lm_head', m.ln('model.final_layernorm', x, eps), c.vocab_size),
  };
}

export function qwen2moe(c, m) {
  const { H } = sizes(c), eps = c.rms_norm_eps, silu = acts.silu;
  const sparse = (l) => !c.mlp_only_layers?.includes(l) && (l + 1) % (c.decoder_sparse_step ?? 1) === 0;
  const experts = (p, x) => {
    const r = Array.from(m.linear(`${p}.gate`, x, c.num_experts)), top = Math.max(...r);
    const e = r.map((s) => Math.exp(s - top)), all = e.reduce((a, b) => a + b);
    const chosen = r.map((_, i) => i).sort((i, j) => r[j] - r[i]).slice(0, c.num_experts_per_tok);
    const sum = c.norm_topk_prob ? chosen.reduce((a, i) => a + e[i], 0) : all;
    for (let i = 0; i < c.num_experts; i++)		// all of them are in the checkpoint
      gated(m, `${p}.experts.${i}`, silu, c.moe_intermediate_size, x);
    const y = chosen.map((i) => gated(m, `${p}.experts.${i}`, silu, c.moe_intermediate_size, x).map(by(e[i] / sum)));
    const gate = 1 / (1 + Math.exp(-m.linear(`${p}.shared_expert_gate`, x, 1)[0]));
    y.push(gated(m, `${p}.shared_expert`, silu, c.shared_expert_intermediate_size, x).map(by(gate)));
    return y.reduce(add);
  };
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, hs = xs.map((x) => m.rms(`${p}.input_layernorm`, x, eps));
      const out = attention(hs, separate(m, c, a, { bias: true }), options(c));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.o_proj`, out[t], H)), h = m.rms(`${p}.post_attention_layernorm`, y, eps);
        return add(y, sparse(l) ? experts(`${p}.mlp`, h) : gated(m, `${p}.mlp`, silu, c.intermediate_size, h));
      });
    },
    head: (x) => m.linear('lm_head', m.rms('model.norm', x, eps), c.vocab_size),
  };
}

export function chatglm(c, m) {
  const { H, nh } = sizes(c), D = c.kv_channels, eps = c.layernorm_epsilon, inner = c.ffn_hidden_size;
  const many = c.multi_query_attention, nkv = many ? c.multi_query_group_num : nh, b = c.add_bias_linear;
  const ratio = c.rope_ratio ?? 1, second = c._name_or_path?.includes('chatglm2');
  const rope = inverseFrequencies(second ? { rope_theta: 10000, rope_scaling: { type: 'linear', factor: ratio } }
    : { rope_theta: 10000 * ratio }, D / 2);
  const norm = (name, x) => c.rmsnorm === false ? m.ln(name, x, eps) : m.rms(name, x, eps);
  const turn = (x, n, pos) => rotatePairs(x, n, D, D / 2, pos, rope);
  return {
    embed: (id) => m.row('transformer.embedding.word_embeddings', c.padded_vocab_size, H, id),
    layer(l, xs) {
      const p = `transformer.encoder.layers.${l}`, a = `${p}.self_attention`;
      const hs = xs.map((x) => norm(`${p}.input_layernorm`, x));
      const out = attention(hs, (h, pos) => {
        const all = m.linear(`${a}.query_key_value`, h, (nh + 2 * nkv) * D, b || c.add_qkv_bias);
        const { q, k, v } = many ? { q: all.slice(0, nh * D), k: all.slice(nh * D, (nh + nkv) * D), v: all.slice((nh + nkv) * D) }
          : groups(all, nh, 1, D);
        return { q: turn(q, nh, pos), k: turn(k, nkv, pos), v };
      }, { nh, nkv, D, scale: 1 / Math.sqrt(D) });
      const late = c.apply_residual_connection_post_layernorm;
      return xs.map((x, t) => {
        const y = add(late ? hs[t] : x, m.linear(`${a}.dense`, out[t], H, b)), h = norm(`${p}.post_attention_layernorm`, y);
        const both = m.linear(`${p}.mlp.dense_h_to_4h`, h, 2 * inner, b);
        return add(late ? h : y, m.linear(`${p}.mlp.dense_4h_to_h`,
          times(both.slice(0, inner).map(acts.silu), both.slice(inner)), H, b));
      });
    },
    head: (x) => m.linear('transformer.output_layer', c.post_layer_norm === false ? x
      : norm('transformer.encoder.final_layernorm', x), c.padded_vocab_size),
  };
}

export function gemma(c, m) {
  const { H, D } = sizes(c), eps = c.rms_norm_eps, bias = c.attention_bias, two = c.model_type === 'gemma2';
  const norm = (name, x) => {		// the gain is 1 + weight
    const w = m.get(`${name}.weight`, [x.length], 0, 0.3);
    return rmsNorm(x, { data: w.data.map((v) => 1 + v) }, eps);
  };
  const act = acts[c.hidden_activation ?? 'gelu_pytorch_tanh'], cap = (v, n) => n ? n * Math.tanh(v / n) : v;
  const scale = two ? 1 / Math.sqrt(c.query_pre_attn_scalar) : 1 / Math.sqrt(D);
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id).map(by(Math.sqrt(H))),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, hs = xs.map((x) => norm(`${p}.input_layernorm`, x));
      const window = two && c.sliding_window && l % 2 === 0 ? c.sliding_window : Infinity;
      const out = attention(hs, separate(m, c, a, { bias }), options(c, { scale, window, cap: c.attn_logit_softcapping }));
      return xs.map((x, t) => {
        const o = m.linear(`${a}.o_proj`, out[t], H, bias);
        const y = add(x, two ? norm(`${p}.post_attention_layernorm`, o) : o);
        const g = gated(m, `${p}.mlp`, act, c.intermediate_size,
          norm(`${p}.${two ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'}`, y));
        return add(y, two ? norm(`${p}.post_feedforward_layernorm`, g) : g);
      });
    },
    head: (x) => matvec(m.get('model.embed_tokens.weight', [c.vocab_size, H]), norm('model.norm', x))
      .map((v) => cap(v, c.final_logit_softcapping)),
  };
}

export function starcoder2(c, m) {
  const { H } = sizes(c), eps = c.norm_epsilon, bias = c.use_bias, tied = c.tie_word_embeddings !== false;
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, hs = xs.map((x) => m.ln(`${p}.input_layernorm`, x, eps));
      const out = attention(hs, separate(m, c, a, { bias }), options(c, { window: c.sliding_window ?? Infinity }));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.o_proj`, out[t], H, bias));
        return add(y, plain(m, `${p}.mlp.c_fc`, `${p}.mlp.c_proj`, acts[c.hidden_act], c.intermediate_size,
          m.ln(`${p}.post_attention_layernorm`, y, eps), bias));
      });
    },
    head: (x) => matvec(m.get(tied ? 'model.embed_tokens.weight' : 'lm_head.weight', [c.vocab_size, H]), m.ln('model.norm', x, eps)),
  };
}

export function phi3(c, m) {
  const { H, D, nh, nkv } = sizes(c), eps = c.rms_norm_eps, dim = Math.floor(D * (c.partial_rotary_factor ?? 1));
  const rope = inverseFrequencies(c, dim);
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, a = `${p}.self_attn`, turn = (x, n, pos) => rotate(x, n, D, dim, pos, rope);
      const out = attention(xs.map((x) => m.rms(`${p}.input_layernorm`, x, eps)), (h, pos) => {
        const all = m.linear(`${a}.qkv_proj`, h, (nh + 2 * nkv) * D), end = (nh + nkv) * D;
        return { q: turn(all.slice(0, nh * D), nh, pos), k: turn(all.slice(nh * D, end), nkv, pos), v: all.slice(end) };
      }, options(c, { window: c.sliding_window ?? Infinity }));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.o_proj`, out[t], H));
        return add(y, fusedGated(m, `${p}.mlp`, acts.silu, c.intermediate_size, m.rms(`${p}.post_attention_layernorm`, y, eps)));
      });
    },
    head: (x) => m.linear('lm_head', m.rms('model.norm', x, eps), c.vocab_size),
  };
}

export function neox(c, m) {
  const { H, D, nh } = sizes(c), eps = c.layer_norm_eps, bias = c.attention_bias ?? true, dim = Math.floor(D * c.rotary_pct);
  const rope = inverseFrequencies({ rope_theta: c.rotary_emb_base }, dim);
  return {
    embed: (id) => m.row('gpt_neox.embed_in', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `gpt_neox.layers.${l}`, a = `${p}.attention`;
      const out = attention(xs.map((x) => m.ln(`${p}.input_layernorm`, x, eps)), (h, pos) => {
        const { q, k, v } = groups(m.linear(`${a}.query_key_value`, h, 3 * H, bias), nh, 1, D);
        return { q: rotate(q, nh, D, dim, pos, rope), k: rotate(k, nh, D, dim, pos, rope), v };
      }, options(c));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.dense`, out[t], H, bias));
        const h = m.ln(`${p}.post_attention_layernorm`, c.use_parallel_residual === false ? y : x, eps);
        return add(y, plain(m, `${p}.mlp.dense_h_to_4h`, `${p}.mlp.dense_4h_to_h`, acts[c.hidden_act], c.intermediate_size, h, true));
      });
    },
    head: (x) => m.linear('embed_out', m.ln('gpt_neox.final_layer_norm', x, eps), c.vocab_size),
  };
}
