// SPDX-License-Identifier: MIT
//
// Makes golden models out of variants: node tests/onnx/make_golden.mjs DIR NAME...
// Those of tests/golden that Hugging Face did not compute were made so.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argmax } from './ort.mjs';
import { makeVariant, variants } from './variants.mjs';

// as many as the others of tests/golden have
const first = [3, 170, 64, 2, 90, 241, 5, 5, 77, 130, 8, 1, 200, 33, 9, 14, 255, 101, 46, 46, 180, 72, 19, 222];
const [out, ...names] = process.argv.slice(2);

// 24 greedy tokens, and how clear the closest call on the way was
function greedy(logits, prompt) {
  const ids = [...prompt];
  let gap = Infinity;
  for (let i = 0; i < 24; i++) {
    const row = Array.from(logits(ids).at(-1)), best = argmax(row);
    ids.push(best);
    gap = Math.min(gap, row[best] - Math.max(...row.filter((_, k) => k !== best)));
  }
  return { ids, gap };
}

for (const name of names) {
  const dir = join(out, name), logits = makeVariant(name, dir, { ...variants[name].config, vocab_size: 256 });
  let prompt = first, run = greedy(logits, prompt);
  // reduced precision may take another way at a close call: look for a clear one
  for (let i = 1; run.gap < 0.03 && i < 200; i++) {
    prompt = first.map((v, k) => (v + i * (k + 1)) % 256);
    run = greedy(logits, prompt);
  }
  const rows = logits(prompt);
  writeFileSync(join(dir, 'logits.f32'), Buffer.from(Float32Array.from(rows.flatMap((r) => Array.from(r))).buffer));
  writeFileSync(join(dir, 'golden.json'), JSON.stringify({
    arch: variants[name].config.architectures[0], input_ids: prompt, greedy_ids: run.ids,
    min_top1_gap: run.gap, logits_f32_shape: [rows.length, rows[0].length],
    made_by: `tests/onnx/make_golden.mjs ${name}: the published formulas in double precision`,
  }) + '\n');
}
