// SPDX-License-Identifier: MIT
//
// Encoders and their heads as the formulas of their published code, in double
// precision, for one text. Weights are made when a formula first asks for them.
import { ops } from './decoder_ops.mjs';
import { acts, add } from './formulas.mjs';

const dot = (a, b) => a.reduce((s, v, i) => s + v * b[i], 0);
const tanh = (v) => Math.tanh(v);

// modules of the families
const names = {
  bert: { q: 'attention.self.query', k: 'attention.self.key', v: 'attention.self.value', o: 'attention.output.dense',
    n1: 'attention.output.LayerNorm', up: 'intermediate.dense', down: 'output.dense', n2: 'output.LayerNorm', layer: 'encoder.layer' },
  distilbert: { q: 'attention.q_lin', k: 'attention.k_lin', v: 'attention.v_lin', o: 'attention.out_lin', n1: 'sa_layer_norm',
    up: 'ffn.lin1', down: 'ffn.lin2', n2: 'output_layer_norm', layer: 'transformer.layer' },
};
names.roberta = names['xlm-roberta'] = names.bert;
names.mpnet = { ...names.bert, q: 'attention.attn.q', k: 'attention.attn.k', v: 'attention.attn.v', o: 'attention.attn.o', n1: 'attention.LayerNorm' };
names['deberta-v2'] = { ...names.bert, q: 'attention.self.query_proj', k: 'attention.self.key_proj', v: 'attention.self.value_proj' };

const bases = { bert: 'bert', roberta: 'roberta', 'xlm-roberta': 'roberta', mpnet: 'mpnet', distilbert: 'distilbert', 'deberta-v2': 'deberta' };

function sizes(c) {
  const H = c.hidden_size ?? c.dim, n = c.num_attention_heads ?? c.n_heads;
  return { H, n, D: c.attention_head_size ?? H / n, I: c.intermediate_size ?? c.hidden_dim, L: c.num_hidden_layers ?? c.n_layers,
    eps: c.layer_norm_eps ?? 1e-12, act: acts[c.activation ?? c.hidden_act ?? 'gelu'], V: c.vocab_size, P: c.max_position_embeddings };
}

// 32 buckets of distances: 16 for each side, the nearest 8 each their own
function t5Bucket(far, buckets, most) {
  const half = buckets / 2, near = half / 2, d = Math.abs(far), side = far > 0 ? half : 0;
  if (d < near)
    return side + d;
  return side + Math.min(half - 1, near + Math.floor(Math.log(d / near) / Math.log(most / near) * (half - near)));
}

function debertaBucket(far, buckets, most) {
  const mid = Math.floor(buckets / 2), d = Math.abs(far);
  if (buckets <= 0 || d <= mid)
    return far;
  return Math.sign(far) * (Math.ceil(Math.log(d / mid) / Math.log((most - 1) / mid) * (mid - 1) - 1e-9) + mid);
}

function embed(c, m, base, ids, types) {
  const { H, V, P, eps } = sizes(c), e = `${base}embeddings`;
  const counted = ['roberta', 'xlm-roberta', 'mpnet'].includes(c.model_type), pad = c.pad_token_id ?? 1;
  let at = pad;
  return ids.map((id, i) => {
    let x = m.row(`${e}.word_embeddings`, V, H, id);
    if (c.position_biased_input !== false)
      x = add(x, m.row(`${e}.position_embeddings`, P, H, !counted ? i : id === pad ? pad : ++at));
    if (c.type_vocab_size)
      x = add(x, m.row(`${e}.token_type_embeddings`, c.type_vocab_size, H, counted ? 0 : types[i]));
    return m.ln(`${e}.LayerNorm`, x, eps);
  });
}

// bias(q, k, head, from, to), q and k being that head's
function biasOf(c, m, base) {
  const { H, n, D, P, eps } = sizes(c);
  if (c.model_type === 'mpnet')
    return () => (q, k, h, t, u) => m.row(`${base}encoder.relative_attention_bias`, 32, n, t5Bucket(u - t, 32, 128))[h];
  if (c.model_type !== 'deberta-v2' || !c.relative_attention)
    return () => () => 0;
  const types = [c.pos_att_type].flat().join('|').split('|'), most = c.max_relative_positions > 0 ? c.max_relative_positions : P;
  const span = c.position_buckets > 0 ? c.position_buckets : most;
  const rel = Array.from({ length: 2 * span }, (_, i) => {
    const x = m.row(`${base}encoder.rel_embeddings`, 2 * span, H, i);
    return c.norm_rel_ebd === 'layer_norm' ? m.ln(`${base}encoder.LayerNorm`, x, eps) : x;
  });
  return (p) => {
    const name = (own, shared) => `${p}.attention.self.${c.share_att_key ? shared : own}`;
    const table = (on, own, shared) => on && rel.map((x) => m.linear(name(own, shared), x, n * D, true));
    const kr = table(types.includes('c2p'), 'pos_key_proj', 'key_proj');
    const qr = table(types.includes('p2c'), 'pos_query_proj', 'query_proj');
    const scale = 1 / Math.sqrt(D * (1 + types.length));
    return (q, k, h, t, u) => {
      const i = Math.min(2 * span - 1, Math.max(0, debertaBucket(t - u, c.position_buckets ?? -1, most) + span));
      const part = (x, y) => (y ? dot(x, y[i].slice(h * D, (h + 1) * D)) * scale : 0);
      return part(q, kr) + part(k, qr);
    };
  };
}

function body(c, m, base, ids, types) {
  const { n, D, I, L, H, eps, act } = sizes(c), a = names[c.model_type], makeBias = biasOf(c, m, base);
  const parts = c.model_type === 'deberta-v2' && c.pos_att_type ? [c.pos_att_type].flat().join('|').split('|').length : 0;
  const scale = 1 / Math.sqrt(D * (1 + parts));
  let xs = embed(c, m, base, ids, types);
  for (let l = 0; l < L; l++) {
    const p = `${base}${a.layer}.${l}`, bias = makeBias(p);
    const [q, k, v] = ['q', 'k', 'v'].map((s) => xs.map((x) => m.linear(`${p}.${a[s]}`, x, n * D, true)));
    const head = (x, h) => x.slice(h * D, (h + 1) * D);
    xs = xs.map((x, t) => {
      const out = new Float64Array(n * D);
      for (let h = 0; h < n; h++) {
        const s = k.map((y, u) => dot(head(q[t], h), head(y, h)) * scale + bias(head(q[t], h), head(y, h), h, t, u));
        const e = s.map((z) => Math.exp(z - Math.max(...s))), sum = e.reduce((y, z) => y + z);
        for (let u = 0; u < e.length; u++)
          head(v[u], h).forEach((z, i) => { out[h * D + i] += e[u] / sum * z; });
      }
      const y = m.ln(`${p}.${a.n1}`, add(x, m.linear(`${p}.${a.o}`, out, H, true)), eps);
      const z = m.linear(`${p}.${a.down}`, m.linear(`${p}.${a.up}`, y, I, true).map(act), H, true);
      return m.ln(`${p}.${a.n2}`, add(y, z), eps);
    });
  }
  return xs;
}

// where the vocabulary's head keeps its parts
const vocabHead = (type, act) => ({
  distilbert: { dense: 'vocab_transform', norm: 'vocab_layer_norm', bias: 'vocab_projector', act },
  bert: { dense: 'cls.predictions.transform.dense', norm: 'cls.predictions.transform.LayerNorm', bias: 'cls.predictions', act },
}[type === 'deberta-v2' ? 'bert' : type] ?? { dense: 'lm_head.dense', norm: 'lm_head.layer_norm', bias: 'lm_head', act: acts.gelu });

function maskedLm(c, m, w, base, xs) {
  const { H, V, eps, act } = sizes(c), n = vocabHead(c.model_type, act);
  const bias = w.get(`${n.bias}.bias`, [V], 0, 0.5).data;
  return xs.map((x) => {
    const y = m.ln(n.norm, m.linear(n.dense, x, H, true).map(n.act), eps);
    return Float64Array.from({ length: V }, (_, t) => dot(y, m.row(`${base}embeddings.word_embeddings`, V, H, t)) + bias[t]);
  });
}

function labels(c, m, base, x) {
  const { H } = sizes(c), n = Object.keys(c.id2label).length;
  switch (c.model_type) {
  case 'bert':
    return m.linear('classifier', m.linear(`${base}pooler.dense`, x, H, true).map(tanh), n, true);
  case 'distilbert':
    return m.linear('classifier', m.linear('pre_classifier', x, H, true).map(acts.relu), n, true);
  case 'deberta-v2':
    return m.linear('classifier', m.linear('pooler.dense', x, H, true).map(acts[c.pooler_hidden_act ?? 'gelu']), n, true);
  default:
    return m.linear('classifier.out_proj', m.linear('classifier.dense', x, H, true).map(tanh), n, true);
  }
}

// All outputs one behind the other, in the order of the graph's.
export function encoderOutputs(c, w, ids, types = ids.map(() => 0)) {
  const m = ops(w), name = c.architectures[0], base = name.endsWith('Model') ? '' : `${bases[c.model_type]}.`;
  const xs = body(c, m, base, ids, types), flat = (rows) => rows.flatMap((r) => Array.from(r));
  if (name.endsWith('MaskedLM'))
    return flat(maskedLm(c, m, w, base, xs));
  if (name.endsWith('SequenceClassification'))
    return Array.from(labels(c, m, base, xs[0]));
  if (name.endsWith('TokenClassification'))
    return flat(xs.map((x) => m.linear('classifier', x, Object.keys(c.id2label).length, true)));
  if (name.endsWith('QuestionAnswering')) {
    const rows = xs.map((x) => m.linear('qa_outputs', x, 2, true));
    return [0, 1].flatMap((i) => rows.map((r) => r[i]));
  }
  return flat(xs);
}
