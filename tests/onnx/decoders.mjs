// SPDX-License-Identifier: MIT
//
// The decoders that no golden model covers, and the options of those that one
// does: each as the formulas of its published code, for whole sequences. The
// weights are made when a formula first asks for them, by name and shape, so that
// what is written there is all that a checkpoint has.
import { ops } from './decoder_ops.mjs';
import * as linear from './decoders_linear.mjs';
import * as rotary from './decoders_rotary.mjs';

const formulas = {
  ...rotary, ...linear, qwen2_moe: rotary.qwen2moe, gemma2: rotary.gemma, gpt_neox: rotary.neox,
  gpt_bigcode: linear.bigcode,
};

export const hasFormulas = (type) => type in formulas;

// Logits of every position; w.get(name, shape, mean, scale) gives a weight.
export function decoderLogits(c, w, ids) {
  const m = formulas[c.model_type](c, ops(w));
  let xs = ids.map((id, i) => m.embed(id, i));
  const layers = c.num_hidden_layers ?? c.n_layers ?? c.n_layer ?? c.num_layers;
  for (let l = 0; l < layers; l++)
    xs = m.layer(l, xs);
  return xs.map(m.head);
}
