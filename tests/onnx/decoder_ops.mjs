// SPDX-License-Identifier: MIT
//
// What the formulas of decoders_*.mjs are made of.
import { add, attend, conv1d, inverseFrequencies, layerNorm, matvec, rmsNorm, rotate } from './formulas.mjs';

// The operations of a model over its weights w: get(name, shape, mean, scale).
export function ops(w) {
  return {
    get: w.get,
    linear: (name, x, out, bias) => matvec(w.get(`${name}.weight`, [out, x.length]), x,
      bias && w.get(`${name}.bias`, [out], 0, 0.3)),
    conv: (name, x, out) => conv1d(w.get(`${name}.weight`, [x.length, out]), x, w.get(`${name}.bias`, [out], 0, 0.3)),
    row: (name, rows, width, i) => w.get(`${name}.weight`, [rows, width], 0, 1).data.slice(i * width, (i + 1) * width),
    ln: (name, x, eps, bias = true) => layerNorm(x, w.get(`${name}.weight`, [x.length], 1, 0.3),
      bias && w.get(`${name}.bias`, [x.length], 0, 0.3), eps),
    rms: (name, x, eps) => rmsNorm(x, w.get(`${name}.weight`, [x.length], 1, 0.3), eps),
  };
}

export const by = (s) => (v) => v * s;
export const times = (a, b) => a.map((v, i) => v * b[i]);
export const join = (parts) => Float64Array.from(parts.flatMap((p) => Array.from(p)));
export const each = (x, D, f) => join(Array.from({ length: x.length / D }, (_, h) => f(x.slice(h * D, (h + 1) * D), h)));

// Rows that hold, group by group, n queries, a key and a value.
export function groups(row, count, n, D) {
  const at = (g, from, to) => row.slice((g * (n + 2) + from) * D, (g * (n + 2) + to) * D);
  const all = Array.from({ length: count }, (_, g) => g);
  return { q: join(all.map((g) => at(g, 0, n))), k: join(all.map((g) => at(g, n, n + 1))),
    v: join(all.map((g) => at(g, n + 1, n + 2))) };
}

// Neighbours (2i, 2i + 1) of the first dim elements of each head turn.
export function rotatePairs(x, heads, D, dim, pos, { freq }) {
  const y = Float64Array.from(x);
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < dim / 2; i++) {
      const a = h * D + 2 * i, c = Math.cos(pos * freq[i]), s = Math.sin(pos * freq[i]);
      y[a] = x[a] * c - x[a + 1] * s;
      y[a + 1] = x[a + 1] * c + x[a] * s;
    }
  return y;
}

// qkv(h, position) gives { q, k, v }; returns what each position attends to.
export function attention(hs, qkv, options) {
  const rows = hs.map(qkv), [q, k, v] = ['q', 'k', 'v'].map((n) => rows.map((r) => r[n]));
  return hs.map((_, t) => attend(q, k, v, t, options));
}

export const gated = (m, p, act, inner, x, bias) => m.linear(`${p}.down_proj`, times(m.linear(`${p}.gate_proj`, x, inner, bias).map(act),
  m.linear(`${p}.up_proj`, x, inner, bias)), x.length, bias);
export const plain = (m, up, down, act, inner, x, bias) => m.linear(down, m.linear(up, x, inner, bias).map(act), x.length, bias);

// q_proj, k_proj, v_proj, perhaps normed, rotated
export function separate(m, c, p, { bias, turn = rotate, dim, norm = (n, x) => x, clip = (x) => x, D = sizes(c).D }) {
  const { nh, nkv } = sizes(c), rope = inverseFrequencies(c, dim ?? D);
  return (h, pos) => {
    const [q, k, v] = [nh, nkv, nkv].map((n, i) => clip(m.linear(`${p}.${'qkv'[i]}_proj`, h, n * D, bias)));
    return { q: turn(norm('q', q), nh, D, dim ?? D, pos, rope), k: turn(norm('k', k), nkv, D, dim ?? D, pos, rope), v };
  };
}

export function sizes(c) {
  const nh = c.num_attention_heads ?? c.n_head ?? c.n_heads, H = c.hidden_size ?? c.n_embd ?? c.d_model;
  return { nh, nkv: c.num_key_value_heads ?? nh, H, D: c.head_dim ?? H / nh };
}
export const options = (c, more) => ({ ...sizes(c), scale: 1 / Math.sqrt(sizes(c).D), ...more });

// Slopes of Bloom, Falcon, Baichuan, JAIS: a power of two of them, then those between.
export function slopes(n) {
  const p = 2 ** Math.floor(Math.log2(n)), first = 2 ** (-8 / p), second = 2 ** (-4 / p);
  return Array.from({ length: n }, (_, i) => i < p ? first ** (i + 1) : second ** (2 * (i - p) + 1));
}
// MPT's: of the next power of two, the odd ones and then the even ones
export function mptSlopes(n, max) {
  const p = 2 ** Math.ceil(Math.log2(n));
  const all = Array.from({ length: p }, (_, i) => 1 / 2 ** ((i + 1) * max / p));
  return p === n ? all : [...all.filter((_, i) => i % 2), ...all.filter((_, i) => !(i % 2))].slice(0, n);
}
export const distance = (s) => (h, t, u) => s[h] * (u - t);

// gate_up_proj: gate | up
export function fusedGated(m, p, act, inner, x) {
  const both = m.linear(`${p}.gate_up_proj`, x, 2 * inner);
  return m.linear(`${p}.down_proj`, times(both.slice(0, inner).map(act), both.slice(inner)), x.length);
}
