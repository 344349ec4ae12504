// SPDX-License-Identifier: MIT
//
// Configs for decoders.mjs: classes without a golden model, and options of the
// classes with one that it does not have.
const all = (model_type, cls, more) => ({ architectures: [cls], model_type, ...more });
const base = {
  hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, vocab_size: 96,
  max_position_embeddings: 64,
};
const inner = { ...base, intermediate_size: 48 };
const gqa = { ...inner, num_key_value_heads: 2, rms_norm_eps: 1e-5 };
const gpt = {
  n_embd: 32, n_layer: 2, n_head: 4, n_positions: 64, vocab_size: 96, layer_norm_epsilon: 1e-5,
};
const factors = { short_factor: [1, 1.1, 1.2, 1.5], long_factor: [1.3, 2, 4, 6] };

const phi = all('phi', 'PhiForCausalLM',
  { ...inner, hidden_act: 'gelu_new', layer_norm_eps: 1e-5, partial_rotary_factor: 0.5 });
const olmo = all('olmo', 'OlmoForCausalLM', { ...inner, num_key_value_heads: 2 });
const olmo2 = all('olmo2', 'Olmo2ForCausalLM', gqa);
const stablelm = all('stablelm', 'StableLmForCausalLM',
  { ...inner, num_key_value_heads: 4, layer_norm_eps: 1e-5, partial_rotary_factor: 0.25 });
const cohere = all('cohere', 'CohereForCausalLM',
  { ...inner, num_key_value_heads: 2, layer_norm_eps: 1e-5, logit_scale: 0.25 });
const glm = all('glm', 'GlmForCausalLM', { ...gqa, head_dim: 12, attention_bias: true, partial_rotary_factor: 0.5 });
const persimmon = all('persimmon', 'PersimmonForCausalLM',
  { ...inner, layer_norm_eps: 1e-5, partial_rotary_factor: 0.5, rope_theta: 25000, hidden_act: 'relu2' });
const moe = all('qwen2_moe', 'Qwen2MoeForCausalLM', { ...gqa, num_experts: 6, num_experts_per_tok: 2,
  moe_intermediate_size: 24, shared_expert_intermediate_size: 40, norm_topk_prob: false, sliding_window: 4 });
const opt = all('opt', 'OPTForCausalLM', { ...base, ffn_dim: 48 });
const mpt = all('mpt', 'MPTForCausalLM', { d_model: 32, n_layers: 2, n_heads: 4, vocab_size: 96, max_seq_len: 64,
  expansion_ratio: 2, no_bias: true, norm_type: 'low_precision_layernorm',
  attn_config: { attn_type: 'multihead_attention', alibi: true, clip_qkv: null, softmax_scale: null } });
const bigcode = all('gpt_bigcode', 'GPTBigCodeForCausalLM', { ...gpt, multi_query: false });
const falcon = all('falcon', 'FalconForCausalLM',
  { ...base, multi_query: false, parallel_attn: false, alibi: false, bias: true });
const falcon11 = all('falcon', 'FalconForCausalLM', { ...base, new_decoder_architecture: true, num_kv_heads: 2,
  num_ln_in_parallel_attn: 1, ffn_hidden_size: 72, tie_word_embeddings: false, activation: 'gelu_pytorch_tanh' });
const chatglm = all('chatglm', 'ChatGLMModel', { hidden_size: 32, num_layers: 2, num_attention_heads: 4, kv_channels: 8,
  ffn_hidden_size: 48, padded_vocab_size: 96, seq_length: 64, layernorm_epsilon: 1e-5,
  multi_query_attention: true, multi_query_group_num: 2, add_qkv_bias: true });
const jais = all('jais', 'JAISLMHeadModel', { ...gpt, position_embedding_type: 'learned', activation_function: 'gelu',
  mup_embeddings_scale: 3, mup_width_scale: 0.5, mup_output_alpha: 1.5, mup_scale_qk_dot_by_d: true });
const baichuan = all('baichuan', 'BaichuanForCausalLM', { ...inner, rms_norm_eps: 1e-6 });
const { max_position_embeddings: _, ...baichuanAlibi } = baichuan;
const gemma = all('gemma', 'GemmaForCausalLM', { ...gqa, head_dim: 12 });
const gemma2 = all('gemma2', 'Gemma2ForCausalLM', { ...gqa, head_dim: 12, query_pre_attn_scalar: 20,
  attn_logit_softcapping: 5, final_logit_softcapping: 6, sliding_window: 5 });
const starcoder2 = all('starcoder2', 'Starcoder2ForCausalLM',
  { ...gqa, norm_epsilon: 1e-5, hidden_act: 'gelu_pytorch_tanh', use_bias: true });
const phi3 = all('phi3', 'Phi3ForCausalLM', { ...gqa, sliding_window: 6 });
const bloom = all('bloom', 'BloomForCausalLM',
  { hidden_size: 32, n_layer: 2, n_head: 4, vocab_size: 96, layer_norm_epsilon: 1e-5 });
const neox = all('gpt_neox', 'GPTNeoXForCausalLM',
  { ...inner, hidden_act: 'gelu', layer_norm_eps: 1e-5, rotary_pct: 0.5, rotary_emb_base: 5000 });

const configs = {
  'phi': phi,
  'phi-qk-norm': { ...phi, qk_layernorm: true, num_key_value_heads: 2, hidden_act: 'relu' },
  'phi-linear': { ...phi, rope_scaling: { type: 'linear', factor: 2 } },
  'olmo': olmo,
  'olmo-clip': { ...olmo, clip_qkv: 0.5, attention_bias: true },
  'olmo2': olmo2,
  'olmo2-bias': { ...olmo2, attention_bias: true, rope_theta: 500000 },
  'stablelm': stablelm,
  'stablelm-bias': { ...stablelm, use_qkv_bias: true, partial_rotary_factor: 0.5 },
  'stablelm-12b-style': { ...stablelm, num_key_value_heads: 2, use_parallel_residual: true, qk_layernorm: true },
  'cohere': cohere,
  'cohere-plus-style': { ...cohere, use_qk_norm: true, attention_bias: true, rope_theta: 75e6 },
  'glm': glm,
  'glm-no-bias': { ...glm, attention_bias: false, head_dim: 8 },
  'persimmon': persimmon,
  'persimmon-plain': { ...persimmon, qk_layernorm: false, hidden_act: 'gelu' },
  'qwen2-moe': moe,
  'qwen2-moe-to-one': { ...moe, norm_topk_prob: true },
  'qwen2-moe-every-other': { ...moe, num_hidden_layers: 4, decoder_sparse_step: 2, mlp_only_layers: [3] },
  'opt-untouched': { ...opt, enable_bias: false, activation_function: 'gelu' },
  'opt-350m-style': { ...opt, do_layer_norm_before: false, word_embed_proj_dim: 16 },
  'opt-no-final-norm': { ...opt, _remove_final_layer_norm: true },
  'mpt-clip': { ...mpt, attn_config: { ...mpt.attn_config, clip_qkv: 0.5, alibi_bias_max: 4 } },
  'mpt-six-heads': { ...mpt, n_heads: 6, d_model: 48, attn_config: { ...mpt.attn_config, softmax_scale: 0.2 } },
  'bigcode-multi-head': bigcode,
  'bigcode-unscaled': { ...bigcode, scale_attn_weights: false },
  'falcon-11b-style': falcon11,
  'falcon-two-norms': { ...falcon11, num_ln_in_parallel_attn: null, tie_word_embeddings: true },
  'falcon-rotary-serial': falcon,
  'falcon-rw-style': { ...falcon, alibi: true, transformers_version: '4.27.4' },
  'falcon-rw-sdpa': { ...falcon, alibi: true, attn_implementation: 'sdpa', transformers_version: '4.47.0' },
  'chatglm3': { ...chatglm, seq_length: 64, rope_ratio: 50 },
  'chatglm2-32k': { ...chatglm, _name_or_path: 'THUDM/chatglm2-6b-32k', seq_length: 64, rope_ratio: 4 },
  'chatglm-multi-head': { ...chatglm, multi_query_attention: false, add_bias_linear: true },
  'chatglm-layer-norm': { ...chatglm, rmsnorm: false, post_layer_norm: false,
    apply_residual_connection_post_layernorm: true },
  'jais-learned': jais,
  'jais-alibi-plain': { ...jais, position_embedding_type: 'alibi', n_head: 6, n_embd: 48, activation_function: 'relu' },
  'baichuan': baichuan,
  'baichuan-norm-head': { ...baichuan, z_loss_weight: 0 },
  'baichuan-13b-style': { ...baichuanAlibi, num_attention_heads: 6, hidden_size: 48, model_max_length: 64 },
  'baichuan2-13b-style': { ...baichuanAlibi, model_max_length: 64, z_loss_weight: 0 },
  'gemma-options': { ...gemma, attention_bias: true, hidden_activation: 'gelu', hidden_act: 'silu' },
  'gemma2-small-caps': gemma2,
  'gemma2-no-caps': { ...gemma2, attn_logit_softcapping: null, final_logit_softcapping: null, sliding_window: null },
  'starcoder2-no-bias': { ...starcoder2, use_bias: false, tie_word_embeddings: false },
  'starcoder2-window': { ...starcoder2, sliding_window: 5, hidden_act: 'gelu' },
  'phi3-gqa-window': phi3,
  'phi3-su': { ...phi3, sliding_window: null, original_max_position_embeddings: 40, rope_scaling: { type: 'su', ...factors } },
  'phi3-partial-long': { ...phi3, head_dim: 16, partial_rotary_factor: 0.5, original_max_position_embeddings: 10,
    rope_scaling: { type: 'longrope', ...factors } },
  'bloom-late-residual': { ...bloom, apply_residual_connection_post_layernorm: true },
  'bloom-six-heads': { ...bloom, hidden_size: 48, n_head: 6 },
  'neox-serial': { ...neox, use_parallel_residual: false },
  'neox-no-bias': { ...neox, attention_bias: false },
};

export const decoderVariants = Object.fromEntries(Object.entries(configs).map(([name, config]) => [name, { config }]));
