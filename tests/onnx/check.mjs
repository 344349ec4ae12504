// SPDX-License-Identifier: MIT
//
// Export every golden model and every variant with build/bin/qeff and compare
// what ONNX Runtime (and, for the variants, the card) makes of it with the expected
// logits and tokens.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { argmax, generate, loadRuntime } from './ort.mjs';
import { encode, runEncoder } from './encode.mjs';
import { translate } from './translate.mjs';
import { translators } from './translators.mjs';
import { encoderVariants, scoring } from './encoder_variants.mjs';
import { makeEncoder, makeScoring, makeTranslator, makeVariant, variants } from './variants.mjs';

const qeff = 'build/bin/qeff', limit = 1e-4;
const ort = loadRuntime('build/npm');
const work = mkdtempSync(join(tmpdir(), 'qaic-onnx-'));
let passed = 0, failed = 0, skipped = 0;

function check(ok, what) {
  if (ok) {
    passed++;
  } else {
    failed++;
    console.log(`FAILED: ${what}`);
  }
}

function find(dir, end) {
  for (const e of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, e.name);
    const hit = e.isDirectory() ? find(path, end) : e.name.endsWith(end) && path;
    if (hit)
      return hit;
  }
  return null;
}

function exportModel(dir, name) {
  const cache = join(work, 'cache', name);
  mkdirSync(cache, { recursive: true });
  execFileSync(qeff, ['export', '--model-name', resolve(dir), '--cache-dir', cache],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  return find(cache, '.onnx');
}

function floats(path) {
  const b = readFileSync(path);
  return new Float32Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.length));
}

// root mean square of the difference over that of the expected values
function distance(got, want) {
  let d = 0, w = 0;
  if (got.length !== want.length)
    return Infinity;
  for (let i = 0; i < want.length; i++) {
    d += (got[i] - want[i]) ** 2;
    w += want[i] ** 2;
  }
  return Number.isNaN(d) ? Infinity : Math.sqrt(d / w);
}

const flat = (rows) => Float64Array.from(rows.flatMap((r) => Array.from(r)));

// An encoder's golden text alone, and padded beside a shorter one.
async function encoderGolden(name, dir, onnx, ids) {
  const want = floats(join(dir, 'logits.f32'));
  for (const [texts, len] of [[[ids], ids.length], [[ids.slice(0, 3), ids], ids.length + 7]]) {
    const out = await runEncoder(ort, { onnx, texts, len });
    const far = distance(encode(out, texts, texts.length - 1), want);
    check(far < limit, `${name}: outputs are ${far} away from Hugging Face's`);
  }
}

// An encoder-decoder's golden tokens alone, and in a batch with shorter prompts.
async function seq2seqGolden(name, dir, onnx, g) {
  const ids = g.input_ids, made = g.decoder_greedy_ids, gen = made.length - 1;
  const one = await translate(ort, { onnx, ids: [ids], encoderLen: ids.length, start: made[0], gen });
  const far = distance(flat(one.rows[0]), floats(join(dir, 'logits.f32')));
  check(far < limit, `${name}: logits are ${far} away from Hugging Face's`);
  check(one.made[0].join(' ') === made.slice(1).join(' '), `${name}: tokens differ`);
  const texts = [ids.slice(0, 5), ids, ids.slice(0, 17)];
  const all = await translate(ort, { onnx, ids: texts, encoderLen: ids.length + 9, start: made[0], gen: 8 });
  for (let b = 0; b < texts.length; b++) {
    const alone = await translate(ort, { onnx, ids: [texts[b]], encoderLen: texts[b].length, start: made[0], gen: 8 });
    check(alone.made[0].join(' ') === all.made[b].join(' '), `${name}: batch row ${b} differs`);
  }
}

async function golden(name, dir) {
  const g = JSON.parse(readFileSync(join(dir, 'golden.json')));
  const onnx = exportModel(dir, `golden-${name}`);
  if (g.decoder_greedy_ids) {
    await seq2seqGolden(name, dir, onnx, g);
    return;
  }
  if (!g.greedy_ids) {
    await encoderGolden(name, dir, onnx, g.input_ids);
    return;
  }
  const prompt = g.prompt_ids ?? g.input_ids;
  const want = g.greedy_ids.slice(prompt.length).join(' ');
  const gen = g.greedy_ids.length - prompt.length;
  // closer calls than this are not the same in another order of summation
  const clear = (g.min_top1_gap ?? 1) > 0.002;
  const all = await generate(ort, { onnx, ids: [g.input_ids], ctxLen: g.input_ids.length });
  const far = distance(flat(all.rows), floats(join(dir, 'logits.f32')));
  check(far < limit, `${name}: logits are ${far} away from Hugging Face's`);

  // the last chunk is padded where the length is no multiple; the cache is full
  for (const promptLen of clear ? [1, 8, 32] : []) {
    const r = await generate(ort, { onnx, ids: [prompt], promptLen, gen, ctxLen: g.greedy_ids.length });
    check(r.made[0].join(' ') === want, `${name}: prompt-len ${promptLen}: tokens differ`);
  }
  // unequal prompts in one batch: each row must be as if it were alone
  const ids = [prompt, prompt.slice(0, 3), prompt.slice(0, Math.max(4, prompt.length - 5))];
  const batch = await generate(ort, { onnx, ids, promptLen: 4, gen: 8, ctxLen: 64 });
  for (let b = 0; b < ids.length; b++) {
    const alone = await generate(ort, { onnx, ids: [ids[b]], promptLen: 1, gen: 8, ctxLen: 64 });
    check(alone.made[0].join(' ') === batch.made[b].join(' '), `${name}: batch row ${b} differs`);
  }
}

async function variant(name) {
  const dir = join(work, 'models', name), expect = makeVariant(name, dir);
  const ids = [3, 17, 64, 2, 90, 41, 5, 5, 77, 30, 8, 1, 55, 12];
  const want = expect(ids);
  const onnx = exportModel(dir, name);
  const one = await generate(ort, { onnx, ids: [ids], ctxLen: 32 });
  const far = distance(flat(one.rows), flat(want));
  check(far < limit, `${name}: logits are ${far} away from the formulas'`);
  const chunk = await generate(ort, { onnx, ids: [ids], promptLen: 8, ctxLen: 16, gen: 1 });
  check(chunk.made[0][0] === argmax(want.at(-1)), `${name}: prompt-len 8: another token`);
  card(name, dir, ids, want);
}

// The same checkpoint through the compiler on the card, in FP32; --verify adds the
// reference evaluation and fails where the card is away from it.
function card(name, dir, ids, want) {
  const file = join(work, `${name}.f32`);
  execFileSync(qeff, ['infer', '--model-name', resolve(dir), '--cache-dir', join(work, 'cache', name),
    '--input-ids', ids.join(' '), '--prompt-len', '1', '--ctx-len', '32', '--num-cores', '3',
    '--generation-len', '1', '--precision', 'fp32', '--write-logits', file, '--verify'],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const far = distance(floats(file), flat(want));
  check(far < limit, `${name}: the card's logits are ${far} away from the formulas'`);
}

// A model that reads a whole text: alone, padded in a batch with other types, and on
// the card.
async function whole(name, make) {
  const dir = join(work, 'models', name), expect = make(name, dir);
  const ids = [3, 17, 64, 2, 90, 41, 5, 5, 77, 30, 8, 1, 55, 12], types = ids.map((_, i) => Number(i > 6));
  const onnx = exportModel(dir, name), texts = [ids.slice(0, 3), ids], want = expect(ids);
  const far = distance(encode(await runEncoder(ort, { onnx, texts: [ids], len: ids.length }), [ids], 0), want);
  check(far < limit, `${name}: outputs are ${far} away from the formulas'`);
  const out = await runEncoder(ort, { onnx, texts, types: [[0, 0, 0], types], len: 19 });
  const typed = distance(encode(out, texts, 1), expect(ids, types));
  check(typed < limit, `${name}: padded, with types: ${typed} away from the formulas'`);

  const file = join(work, `${name}.f32`);
  execFileSync(qeff, ['infer', '--model-name', resolve(dir), '--cache-dir', join(work, 'cache', name),
    '--input-ids', `3 5|${ids.join(' ')}`, '--seq-len', '8,19', '--batch-size', '2', '--num-cores', '3', '--precision', 'fp32',
    '--write-logits', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const card = distance(floats(file), Float64Array.from([...expect([3, 5]), ...want]));
  check(card < limit, `${name}: the card's outputs are ${card} away from the formulas'`);
}

// An encoder-decoder: alone, in a batch with padding, and on the card.
async function translator(name) {
  const dir = join(work, 'models', name), expect = makeTranslator(name, dir), gen = 8;
  const source = [3, 17, 64, 2, 90, 41, 5, 5, 77, 30, 8, 1, 55, 12], texts = [source.slice(0, 3), source];
  const onnx = exportModel(dir, name);
  const out = await translate(ort, { onnx, ids: texts, encoderLen: 19, start: 2, gen });
  const want = texts.map((text, b) => expect(text, [2, ...out.made[b].slice(0, -1)]));
  for (let b = 0; b < texts.length; b++) {
    const far = distance(flat(out.rows[b]), flat(want[b]));
    check(far < limit, `${name}: row ${b}: logits are ${far} away from the formulas'`);
  }
  const file = join(work, `${name}.f32`);
  execFileSync(qeff, ['infer', '--model-name', resolve(dir), '--cache-dir', join(work, 'cache', name), '--input-ids', source.join(' '),
    '--prompt-len', '19', '--ctx-len', `${gen + 1}`, '--num-cores', '3', '--precision', 'fp32', '--write-logits', file, '--verify'],
  { stdio: ['ignore', 'ignore', 'pipe'] });
  const far = distance(floats(file), flat(want[1]));
  check(far < limit, `${name}: the card's logits are ${far} away from the formulas'`);
}

async function attempt(name, f) {
  try {
    await f();
  } catch (e) {
    check(false, `${name}: ${e.stderr?.toString().trim() || e.message}`);
  }
}

for (const name of readdirSync('tests/golden')) {
  const dir = `tests/golden/${name}`;
  if (!existsSync(`${dir}/golden.json`))
    continue;
  await attempt(name, () => golden(name, dir));
}
await attempt('tales', () => golden('tales', 'models/tales'));
for (const name of Object.keys(variants))
  await attempt(name, () => variant(name));

for (const name of Object.keys(encoderVariants))
  await attempt(name, () => whole(name, makeEncoder));
for (const name of Object.keys(translators))
  await attempt(name, () => translator(name));
for (const name of Object.keys(scoring))
  await attempt(name, () => whole(name, makeScoring));

const stories = join(process.env.QAIC_SHARED ?? '../shared', 'models/stories260K');
if (existsSync(stories)) {
  await attempt('stories260K', async () => {
    const g = JSON.parse(readFileSync(join(stories, 'golden.json')));
    const rows = floats(join(stories, 'logits_first64.f32'));
    const ids = g.greedy_ids_from_bos.slice(0, 64);
    const r = await generate(ort, { onnx: exportModel(stories, 'stories260K'), ids: [ids], ctxLen: 64 });
    const far = distance(flat(r.rows), rows);
    check(far < limit, `stories260K: logits are ${far} away from llama2.c's`);
  });
} else {
  skipped++;
  console.log(`skipped: ${stories} is not there`);
}

rmSync(work, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed ? 1 : 0;
