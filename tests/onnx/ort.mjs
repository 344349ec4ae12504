// SPDX-License-Identifier: MIT
//
// Run an exported decoder through ONNX Runtime as the host loop does: zero caches,
// chunked prefill with right padding (position -1), then greedy decode with the
// RetainedState outputs fed back.
//
//   node ort.mjs --modules DIR --onnx FILE --ids "1 8 56" [--ids "..."]...
//        [--prompt-len N] [--ctx-len N] [--gen N] [--logits FILE] [--out FILE]
//
// One --ids for each batch row. --logits: float32 rows of every call, row by row
// of the batch, only of rows that had a token in the call. --out: one line of
// generated ids for each row.
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

function options(argv) {
  const o = { ids: [], 'prompt-len': '1', 'ctx-len': '128', gen: '0' };
  for (let i = 0; i < argv.length; i += 2) {
    const key = argv[i].replace(/^--/, '');
    if (key === 'ids')
      o.ids.push(argv[i + 1].trim().split(/\s+/).map(Number));
    else
      o[key] = argv[i + 1];
  }
  return o;
}

const o = options(process.argv.slice(2));
const require = createRequire(resolve(o.modules, 'x.js'));
const ort = require('onnxruntime-node');

const B = o.ids.length, S = Number(o['prompt-len']), C = Number(o['ctx-len']);
const gen = Number(o.gen);
const session = await ort.InferenceSession.create(o.onnx, { logSeverityLevel: 3 });
const past = session.inputNames.filter((n) => n.startsWith('past_'));
const rows = [];

// [B, heads, C, dim] of a cache: the metadata knows the fixed dimensions
function cacheDims(name) {
  const meta = session.inputMetadata.find((m) => m.name === name);
  return [B, Number(meta.shape[1]), C, Number(meta.shape[3])];
}

let caches = {};
for (const name of past) {
  const dims = cacheDims(name);
  caches[name] = new ort.Tensor('float32',
    new Float32Array(dims.reduce((a, b) => a * b)), dims);
}

async function call(ids, pos, len) {
  const feeds = { ...caches };
  feeds.input_ids = new ort.Tensor('int64', BigInt64Array.from(ids.map(BigInt)), [B, len]);
  feeds.position_ids = new ort.Tensor('int64', BigInt64Array.from(pos.map(BigInt)), [B, len]);
  const out = await session.run(feeds);
  caches = {};
  for (const name of past)
    caches[name] = out[`${name}_RetainedState`];
  const vocab = out.logits.dims[2];
  if (out.logits.dims[0] !== B || out.logits.dims[1] !== 1)
    throw new Error(`logits have shape ${out.logits.dims}`);
  const result = [];
  for (let b = 0; b < B; b++) {
    const row = out.logits.data.slice(b * vocab, (b + 1) * vocab);
    const live = pos.slice(b * len, (b + 1) * len).some((p) => p >= 0);
    result.push(live ? row : null);
    if (live)
      rows.push(row);
  }
  return result;
}

function argmax(row) {
  let best = 0;
  for (let i = 1; i < row.length; i++)
    if (row[i] > row[best])
      best = i;
  return best;
}

const longest = Math.max(...o.ids.map((x) => x.length));
let last = Array(B).fill(null);
for (let at = 0; at < longest; at += S) {
  const ids = [], pos = [];
  for (let b = 0; b < B; b++)
    for (let i = at; i < at + S; i++) {
      const real = i < o.ids[b].length;
      ids.push(real ? o.ids[b][i] : 0);
      pos.push(real ? i : -1);
    }
  (await call(ids, pos, S)).forEach((row, b) => { last[b] = row ?? last[b]; });
}

const made = o.ids.map(() => []);
for (let step = 0; step < gen; step++) {
  const ids = last.map(argmax);
  ids.forEach((id, b) => made[b].push(id));
  if (step + 1 < gen)
    last = await call(ids, o.ids.map((x) => x.length + step), 1);
}

if (o.logits)
  writeFileSync(o.logits, Buffer.concat(rows.map((r) => Buffer.from(r.buffer, r.byteOffset, r.byteLength))));
if (o.out)
  writeFileSync(o.out, made.map((m) => m.join(' ')).join('\n') + '\n');
