// SPDX-License-Identifier: MIT
//
// Run an exported encoder through ONNX Runtime: texts padded on the right, masked
// there.

// -> { name: { dims, data } }; texts are lists of ids, types lists of token types
export async function runEncoder(ort, { onnx, texts, types, len, pad = 0 }) {
  const session = await ort.InferenceSession.create(onnx, { logSeverityLevel: 3 });
  const tensor = (f) => new ort.Tensor('int64', BigInt64Array.from(
    texts.flatMap((t, b) => Array.from({ length: len }, (_, i) => BigInt(f(t, i, b))))), [texts.length, len]);
  const feeds = {
    input_ids: tensor((t, i) => t[i] ?? pad),
    attention_mask: tensor((t, i) => Number(i < t.length)),
  };
  if (session.inputNames.includes('token_type_ids'))
    feeds.token_type_ids = tensor((t, i, b) => types?.[b][i] ?? 0);
  const extra = session.inputNames.filter((n) => !feeds[n]);
  if (extra.length)
    throw new Error(`the encoder has an input ${extra}`);
  const out = await session.run(feeds);
  await session.release();
  return out;
}

// The outputs of one row, one behind the other, without what is behind the text.
export function encode(out, texts, row) {
  const n = texts[row].length, all = [];
  for (const [name, { dims, data }] of Object.entries(out)) {
    const size = data.length / dims[0], width = dims[2] ?? 1;
    const labels = dims.length === 2 && name === 'logits';
    all.push(...data.slice(row * size, row * size + (labels ? size : n * width)));
  }
  return Float64Array.from(all);
}
