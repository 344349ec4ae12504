// SPDX-License-Identifier: MIT
//
// Run an exported encoder-decoder through ONNX Runtime as the host loop does: one
// call with the encoder's rows and the start token, then calls whose input_ids have
// no rows, the RetainedState outputs fed back.
import { argmax } from './ort.mjs';

// Zeros for every cache of the model; symbols give the sizes.
function emptyCaches(ort, session, symbols) {
  const caches = {};
  for (const { name, shape } of session.inputMetadata) {
    if (!name.startsWith('past_'))
      continue;
    const dims = shape.map((d) => symbols[d] ?? Number(d));
    caches[name] = new ort.Tensor('float32',
      new Float32Array(dims.reduce((a, b) => a * b)), dims);
  }
  return caches;
}

// { onnx, ids: [[...]...], encoderLen, start, gen } -> { made, rows }, of each prompt
export async function translate(ort, { onnx, ids, encoderLen, start, gen }) {
  const session = await ort.InferenceSession.create(onnx, { logSeverityLevel: 3 });
  const batch = ids.length, made = ids.map(() => []), rows = ids.map(() => []);
  const ints = (values, dims) =>
    new ort.Tensor('int64', BigInt64Array.from(values.map(BigInt)), dims);
  let caches = emptyCaches(ort, session, {
    batch_size: batch, ctx_len: gen, encoder_ctx_len: encoderLen,
  });

  for (let step = 0; step < gen; step++) {
    const len = step ? 0 : encoderLen;
    const source = ids.flatMap((p) => Array.from({ length: len }, (_, i) => p[i] ?? 0));
    const out = await session.run({
      ...caches,
      input_ids: ints(source, [batch, len]),
      cross_position_ids: ints(ids.map((p) => p.length - 1), [batch, 1]),
      decoder_input_ids: ints(made.map((m) => m.at(-1) ?? start), [batch, 1]),
      decoder_position_ids: ints(ids.map(() => step), [batch, 1]),
    });
    for (const name of Object.keys(caches))
      caches[name] = out[`${name}_RetainedState`];
    const vocab = out.logits.dims[2];
    for (let b = 0; b < batch; b++) {
      const row = out.logits.data.slice(b * vocab, (b + 1) * vocab);
      rows[b].push(row);
      made[b].push(argmax(row));
    }
  }
  await session.release();
  return { made, rows };
}
