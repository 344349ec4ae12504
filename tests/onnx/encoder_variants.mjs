// SPDX-License-Identifier: MIT
//
// Configurations of encoders that no golden model has, each with every head.
const common = {
  hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4, vocab_size: 96,
  max_position_embeddings: 40, layer_norm_eps: 1e-6, hidden_act: 'gelu', id2label: { 0: 'a', 1: 'b', 2: 'c' },
};
const heads = { embed: 'Model', mlm: 'ForMaskedLM', cls: 'ForSequenceClassification', tokens: 'ForTokenClassification', qa: 'ForQuestionAnswering' };
const deberta = { model_type: 'deberta-v2', relative_attention: true, position_biased_input: false, type_vocab_size: 0 };

const families = {
  bert: ['Bert', { model_type: 'bert', type_vocab_size: 3, pad_token_id: 0 }],
  roberta: ['Roberta', { model_type: 'roberta', type_vocab_size: 1, pad_token_id: 1, hidden_act: 'gelu_new' }],
  xlm: ['XLMRoberta', { model_type: 'xlm-roberta', type_vocab_size: 1, pad_token_id: 2 }],
  distilbert: ['DistilBert', { model_type: 'distilbert', dim: 32, hidden_dim: 48, n_layers: 2, n_heads: 4, activation: 'relu',
    layer_norm_eps: 1e-12 }],
  mpnet: ['MPNet', { model_type: 'mpnet', pad_token_id: 1, relative_attention_num_buckets: 32 }],
  deberta: ['DebertaV2', { ...deberta, pos_att_type: ['p2c', 'c2p'], share_att_key: true, position_buckets: 8,
    norm_rel_ebd: 'layer_norm', pooler_hidden_act: 'relu' }],
};

const options = {
  'deberta-c2p': { ...deberta, pos_att_type: 'c2p', max_relative_positions: 6, position_biased_input: true, type_vocab_size: 2 },
  'deberta-p2c-own': { ...deberta, pos_att_type: ['p2c'], position_buckets: 6, max_relative_positions: 12 },
  'deberta-both-own': { ...deberta, pos_att_type: 'c2p|p2c', norm_rel_ebd: 'layer_norm' },
  'deberta-no-distance': { ...deberta, relative_attention: false, position_biased_input: true },
};

export const encoderVariants = {};
for (const [family, [cls, config]] of Object.entries(families))
  for (const [head, end] of Object.entries(heads))
    encoderVariants[`${family}-${head}`] = { ...common, ...config, architectures: [cls + end] };
for (const [name, config] of Object.entries(options))
  encoderVariants[name] = { ...common, ...config, architectures: ['DebertaV2Model'] };

// Decoders that classify: base is a variant of variants.mjs that has no prefix.
export const scoring = { 'score-llama': 'attention-bias', 'score-gpt2': 'gpt2-inner', 'score-mistral': 'mistral-window', 'score-qwen2': 'qwen2-window-from-1' };
