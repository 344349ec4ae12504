// SPDX-License-Identifier: MIT
//
// Run an exported decoder through ONNX Runtime as the host loop does: zero caches,
// chunked prefill with right padding (position -1), then greedy decode with the
// RetainedState outputs fed back. As a program:
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
import { fileURLToPath } from 'node:url';

export function loadRuntime(modules) {
  return createRequire(resolve(modules, 'x.js'))('onnxruntime-node');
}

export function argmax(row) {
  let best = 0;
  for (let i = 1; i < row.length; i++)
    if (row[i] > row[best])
      best = i;
  return best;
}

class Host {
  constructor(ort, session, batch, ctxLen) {
    Object.assign(this, { ort, session, batch, ctxLen, caches: {} });
    this.past = session.inputNames.filter((n) => n.startsWith('past_'));
    for (const name of this.past) {
      const { shape } = session.inputMetadata.find((m) => m.name === name);
      const dims = [batch, Number(shape[1]), ctxLen, Number(shape[3])];
      this.caches[name] = new ort.Tensor('float32',
        new Float32Array(dims.reduce((a, b) => a * b)), dims);
    }
  }

  ints(values, dims) {
    return new this.ort.Tensor('int64', BigInt64Array.from(values.map(BigInt)), dims);
  }

  // One call; the logits row of each sequence, null where it had only padding.
  async call(ids, pos, len) {
    const out = await this.session.run({
      ...this.caches,
      input_ids: this.ints(ids, [this.batch, len]),
      position_ids: this.ints(pos, [this.batch, len]),
    });
    for (const name of this.past)
      this.caches[name] = out[`${name}_RetainedState`];
    const [b0, one, vocab] = out.logits.dims;
    if (b0 !== this.batch || one !== 1)
      throw new Error(`logits have shape ${out.logits.dims}`);
    return Array.from({ length: this.batch }, (_, b) =>
      (pos.slice(b * len, (b + 1) * len).some((p) => p >= 0)
        ? out.logits.data.slice(b * vocab, (b + 1) * vocab) : null));
  }
}

// { onnx, ids: [[...]...], promptLen, ctxLen, gen } -> { made, rows }
export async function generate(ort, { onnx, ids, promptLen = 1, ctxLen, gen = 0 }) {
  const session = await ort.InferenceSession.create(onnx, { logSeverityLevel: 3 });
  const host = new Host(ort, session, ids.length, ctxLen);
  const longest = Math.max(...ids.map((x) => x.length));
  const made = ids.map(() => []), rows = [];
  let last = ids.map(() => null);

  const keep = (out) => out.forEach((row, b) => {
    if (row)
      rows.push(row);
    last[b] = row ?? last[b];
  });
  for (let at = 0; at < longest; at += promptLen) {
    const pos = [], chunk = [];
    for (const prompt of ids)
      for (let i = at; i < at + promptLen; i++) {
        chunk.push(prompt[i] ?? 0);
        pos.push(i < prompt.length ? i : -1);
      }
    keep(await host.call(chunk, pos, promptLen));
  }
  for (let step = 0; step < gen; step++) {
    const next = last.map(argmax);
    next.forEach((id, b) => made[b].push(id));
    if (step + 1 < gen)
      keep(await host.call(next, ids.map((x) => x.length + step), 1));
  }
  await session.release();
  return { made, rows };
}

async function main(argv) {
  const o = { ids: [], 'prompt-len': '1', 'ctx-len': '128', gen: '0' };
  for (let i = 0; i + 1 < argv.length; i += 2) {
    if (argv[i] === '--ids')
      o.ids.push(argv[i + 1].trim().split(/\s+/).map(Number));
    else
      o[argv[i].replace(/^--/, '')] = argv[i + 1];
  }
  const { made, rows } = await generate(loadRuntime(o.modules), {
    onnx: o.onnx, ids: o.ids, promptLen: Number(o['prompt-len']),
    ctxLen: Number(o['ctx-len']), gen: Number(o.gen),
  });
  if (o.logits)
    writeFileSync(o.logits, Buffer.concat(rows.map((r) =>
      Buffer.from(r.buffer, r.byteOffset, r.byteLength))));
  if (o.out)
    writeFileSync(o.out, made.map((m) => `${m.join(' ')}\n`).join(''));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(process.argv.slice(2));
