// SPDX-License-Identifier: MIT
//
// Decoders with learned positions or linear biases (Falcon and Baichuan: or rotary
// ones), as the formulas of their published code.
import { fromBf16, toBf16 } from './checkpoint.mjs';
import { attention, by, distance, gated, groups, mptSlopes, options, plain, sizes, slopes, times } from './decoder_ops.mjs';
import { acts, add, inverseFrequencies, matvec, rotate } from './formulas.mjs';

export function opt(c, m) {
  const { H, nh } = sizes(c), W = c.word_embed_proj_dim ?? H, b = c.enable_bias ?? true, d = 'model.decoder';
  const before = c.do_layer_norm_before ?? true, final = before && !c._remove_final_layer_norm;
  return {
    embed: (id, i) => {
      const e = m.row(`${d}.embed_tokens`, c.vocab_size, W, id);
      return add(W === H ? e : m.linear(`${d}.project_in`, e, H),
        m.row(`${d}.embed_positions`, c.max_position_embeddings + 2, H, i + 2));
    },
    layer(l, xs) {
      const p = `${d}.layers.${l}`, a = `${p}.self_attn`;
      const first = (x) => m.ln(`${p}.self_attn_layer_norm`, x, 1e-5), second = (x) => m.ln(`${p}.final_layer_norm`, x, 1e-5);
      const out = attention(before ? xs.map(first) : xs, (h) => Object.fromEntries(['q', 'k', 'v'].map((n) =>
        [n, m.linear(`${a}.${n}_proj`, h, H, b)])), options(c, { nkv: nh }));
      const mlp = (x) => plain(m, `${p}.fc1`, `${p}.fc2`, acts[c.activation_function ?? 'relu'], c.ffn_dim, x, b);
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.out_proj`, out[t], H, b));
        return before ? add(y, mlp(second(y))) : second(add(first(y), mlp(first(y))));
      });
    },
    head: (x) => {
      const y = final ? m.ln(`${d}.final_layer_norm`, x, 1e-5) : x;
      return matvec(m.get(`${d}.embed_tokens.weight`, [c.vocab_size, W]), W === H ? y : m.linear(`${d}.project_out`, y, W));
    },
  };
}

export function mpt(c, m) {
  const { H, D, nh } = sizes(c), a = c.attn_config, eps = 1e-5;
  const bias = distance(mptSlopes(nh, a.alibi_bias_max ?? 8)), scale = a.softmax_scale ?? 1 / Math.sqrt(D);
  const clip = (v) => a.clip_qkv ? Math.max(-a.clip_qkv, Math.min(a.clip_qkv, v)) : v;
  return {
    embed: (id) => m.row('transformer.wte', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `transformer.blocks.${l}`;
      const out = attention(xs.map((x) => m.ln(`${p}.norm_1`, x, eps, false)), (h) => {
        const all = m.linear(`${p}.attn.Wqkv`, h, 3 * H).map(clip);
        return { q: all.slice(0, H), k: all.slice(H, 2 * H), v: all.slice(2 * H) };
      }, { nh, nkv: nh, D, scale, bias });
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${p}.attn.out_proj`, out[t], H));
        return add(y, plain(m, `${p}.ffn.up_proj`, `${p}.ffn.down_proj`, acts.gelu, c.expansion_ratio * H,
          m.ln(`${p}.norm_2`, y, eps, false)));
      });
    },
    head: (x) => matvec(m.get('transformer.wte.weight', [c.vocab_size, H]), m.ln('transformer.norm_f', x, eps, false)),
  };
}

export function bigcode(c, m) {
  const { H, D, nh } = sizes(c), eps = c.layer_norm_epsilon, scale = c.scale_attn_weights === false ? 1 : 1 / Math.sqrt(D);
  return {
    embed: (id, i) => add(m.row('transformer.wte', c.vocab_size, H, id), m.row('transformer.wpe', c.n_positions, H, i)),
    layer(l, xs) {
      const p = `transformer.h.${l}`;
      const out = attention(xs.map((x) => m.ln(`${p}.ln_1`, x, eps)), (h) =>
        groups(m.linear(`${p}.attn.c_attn`, h, 3 * H, true), nh, 1, D), { nh, nkv: nh, D, scale });
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${p}.attn.c_proj`, out[t], H, true));
        return add(y, plain(m, `${p}.mlp.c_fc`, `${p}.mlp.c_proj`, acts.gelu_new, 4 * H, m.ln(`${p}.ln_2`, y, eps), true));
      });
    },
    head: (x) => matvec(m.get('transformer.wte.weight', [c.vocab_size, H]), m.ln('transformer.ln_f', x, eps)),
  };
}

export function falcon(c, m) {
  const { H, D, nh } = sizes(c), eps = 1e-5, wide = c.new_decoder_architecture, b = c.bias;
  const nkv = wide ? c.num_kv_heads : c.multi_query === false ? nh : 1;
  const two = wide && (c.num_ln_in_parallel_attn ?? 2) === 2, rope = inverseFrequencies(c, D);
  const bf16 = (v) => fromBf16(toBf16(v)), s = slopes(nh).map(bf16);
  const bias = c.alibi && ((h, t, u) => bf16(s[h] * u) / Math.sqrt(D));
  const turn = (x, n, pos) => c.alibi ? x : rotate(x, n, D, D, pos, rope);
  return {
    embed: (id) => m.row('transformer.word_embeddings', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `transformer.h.${l}`, a = `${p}.self_attention`;
      const hs = xs.map((x) => m.ln(`${p}.${two ? 'ln_attn' : 'input_layernorm'}`, x, eps));
      const out = attention(hs, (h, pos) => {
        const { q, k, v } = groups(m.linear(`${a}.query_key_value`, h, (nh + 2 * nkv) * D, b), nkv, nh / nkv, D);
        return { q: turn(q, nh, pos), k: turn(k, nkv, pos), v };
      }, { nh, nkv, D, scale: 1 / Math.sqrt(D), bias });
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${a}.dense`, out[t], H, b));
        const h = c.parallel_attn === false ? m.ln(`${p}.post_attention_layernorm`, y, eps)
          : two ? m.ln(`${p}.ln_mlp`, x, eps) : hs[t];
        return add(y, plain(m, `${p}.mlp.dense_h_to_4h`, `${p}.mlp.dense_4h_to_h`, acts[c.activation ?? 'gelu'],
          c.ffn_hidden_size ?? 4 * H, h, b));
      });
    },
    head: (x) => matvec(c.tie_word_embeddings === false ? m.get('lm_head.weight', [c.vocab_size, H])
      : m.get('transformer.word_embeddings.weight', [c.vocab_size, H]), m.ln('transformer.ln_f', x, eps)),
  };
}

export function jais(c, m) {
  const { H, D, nh } = sizes(c), eps = c.layer_norm_epsilon, T = 'transformer', inner = c.n_inner ?? 4 * H;
  const scale = c.mup_scale_qk_dot_by_d ? 1 / D : 1 / Math.sqrt(D);
  const bias = c.position_embedding_type === 'alibi' && distance(slopes(nh));
  return {
    embed: (id, i) => {
      const e = m.row(`${T}.wte`, c.vocab_size, H, id);
      return (bias ? e : add(e, m.row(`${T}.wpe`, c.n_positions, H, i))).map(by(c.mup_embeddings_scale ?? 1));
    },
    layer(l, xs) {
      const p = `${T}.h.${l}`;
      const out = attention(xs.map((x) => m.ln(`${p}.ln_1`, x, eps)), (h) => {
        const all = m.conv(`${p}.attn.c_attn`, h, 3 * H);
        return { q: all.slice(0, H), k: all.slice(H, 2 * H), v: all.slice(2 * H) };
      }, { nh, nkv: nh, D, scale, bias });
      return xs.map((x, t) => {
        const y = add(x, m.conv(`${p}.attn.c_proj`, out[t], H)), h = m.ln(`${p}.ln_2`, y, eps);
        const g = c.activation_function === 'swiglu'
          ? times(m.conv(`${p}.mlp.c_fc`, h, inner), m.conv(`${p}.mlp.c_fc2`, h, inner).map(acts.silu))
          : m.conv(`${p}.mlp.c_fc`, h, inner).map(acts[c.activation_function]);
        return add(y, m.conv(`${p}.mlp.c_proj`, g, H));
      });
    },
    head: (x) => matvec(m.get(`${T}.wte.weight`, [c.vocab_size, H]), m.ln(`${T}.ln_f`, x, eps))
      .map(by((c.mup_output_alpha ?? 1) * (c.mup_width_scale ?? 1))),
  };
}

export function baichuan(c, m) {
  const { H, D, nh } = sizes(c), eps = c.rms_norm_eps, turns = 'max_position_embeddings' in c;
  const rope = inverseFrequencies(c, D), bias = !turns && distance(slopes(nh));
  return {
    embed: (id) => m.row('model.embed_tokens', c.vocab_size, H, id),
    layer(l, xs) {
      const p = `model.layers.${l}`, turn = (x, pos) => turns ? rotate(x, nh, D, D, pos, rope) : x;
      const out = attention(xs.map((x) => m.rms(`${p}.input_layernorm`, x, eps)), (h, pos) => {
        const all = m.linear(`${p}.self_attn.W_pack`, h, 3 * H);
        return { q: turn(all.slice(0, H), pos), k: turn(all.slice(H, 2 * H), pos), v: all.slice(2 * H) };
      }, options(c, { bias }));
      return xs.map((x, t) => {
        const y = add(x, m.linear(`${p}.self_attn.o_proj`, out[t], H));
        return add(y, gated(m, `${p}.mlp`, acts.silu, c.intermediate_size, m.rms(`${p}.post_attention_layernorm`, y, eps)));
      });
    },
    head: (x) => {
      const w = m.get('lm_head.weight', [c.vocab_size, H]), y = matvec(w, m.rms('model.norm', x, eps));
      const length = (i) => Math.hypot(...w.data.slice(i * H, (i + 1) * H));
      return 'z_loss_weight' in c ? y.map((v, i) => v / length(i)) : y;
    },
  };
}

export function bloom(c, m) {
  const { H, D, nh } = sizes(c), eps = c.layer_norm_epsilon, T = 'transformer', late = c.apply_residual_connection_post_layernorm;
  return {
    embed: (id) => m.ln(`${T}.word_embeddings_layernorm`, m.row(`${T}.word_embeddings`, c.vocab_size, H, id), eps),
    layer(l, xs) {
      const p = `${T}.h.${l}`, hs = xs.map((x) => m.ln(`${p}.input_layernorm`, x, eps));
      const out = attention(hs, (h) => groups(m.linear(`${p}.self_attention.query_key_value`, h, 3 * H, true), nh, 1, D),
        options(c, { bias: distance(slopes(nh)) }));
      return xs.map((x, t) => {
        const y = add(late ? hs[t] : x, m.linear(`${p}.self_attention.dense`, out[t], H, true));
        const h = m.ln(`${p}.post_attention_layernorm`, y, eps);
        return add(late ? h : y, plain(m, `${p}.mlp.dense_h_to_4h`, `${p}.mlp.dense_4h_to_h`, acts.gelu_new, 4 * H, h, true));
      });
    },
    head: (x) => matvec(m.get(`${T}.word_embeddings.weight`, [c.vocab_size, H]), m.ln(`${T}.ln_f`, x, eps)),
  };
}
