// SPDX-License-Identifier: MIT
//
// Llamas with random weights, in the format of Hugging Face and in GGUF. Only sizes
// matter for speed, so blocks of weights are written as they are stored: nothing is
// quantised.
import fs from "node:fs";
import path from "node:path";

export const shapes = {
	"124m": { layers: 12, hidden: 768, inter: 2048, heads: 12, kv: 12,
		  vocab: 50257, tied: true },
	"1.1b": { layers: 22, hidden: 2048, inter: 5632, heads: 32, kv: 4,
		  vocab: 32000, tied: false },
};

// [our name, GGUF's name, rows, columns]; rows 0: a vector
function tensors(s) {
	const h = s.hidden, kv = h / s.heads * s.kv, list = [];
	for (let l = 0; l < s.layers; l++) {
		const hf = `model.layers.${l}.`, gg = `blk.${l}.`;
		list.push([hf + "input_layernorm", gg + "attn_norm", 0, h],
			  [hf + "mlp.down_proj", gg + "ffn_down", h, s.inter],
			  [hf + "mlp.gate_proj", gg + "ffn_gate", s.inter, h],
			  [hf + "mlp.up_proj", gg + "ffn_up", s.inter, h],
			  [hf + "post_attention_layernorm", gg + "ffn_norm", 0, h],
			  [hf + "self_attn.k_proj", gg + "attn_k", kv, h],
			  [hf + "self_attn.o_proj", gg + "attn_output", h, h],
			  [hf + "self_attn.q_proj", gg + "attn_q", h, h],
			  [hf + "self_attn.v_proj", gg + "attn_v", kv, h]);
	}
	if (!s.tied)
		list.push(["lm_head", "output", s.vocab, h]);
	list.push(["model.embed_tokens", "token_embd", s.vocab, h],
		  ["model.norm", "output_norm", 0, h]);
	return list;
}

// weights of the products that every token of a prompt goes through
export function layerWeights(s) {
	return tensors(s).filter((t) => t[2] && t[0].startsWith("model.layers."))
		.reduce((n, t) => n + t[2] * t[3], 0);
}

// those that a decode step reads
export function stepWeights(s) {
	return layerWeights(s) + s.vocab * s.hidden;
}

let seed = 1;
function random() {
	seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
	return seed / 2 ** 32;
}

function half(x) {
	const bits = new Uint32Array(new Float32Array([x]).buffer)[0];
	const exp = ((bits >>> 23) & 255) - 112;
	return exp <= 0 ? 0 : (bits >>> 16 & 0x8000) | exp << 10 |
		(bits >>> 13 & 1023);
}

// GGUF's type number, weights and bytes of a block, where its F16 scale is
export const formats = {
	f32: { type: 0, weights: 1, bytes: 4 },
	f16: { type: 1, weights: 1, bytes: 2 },
	q4_0: { type: 2, weights: 32, bytes: 18, scale: 0, size: 0.002, file: 2 },
	q8_0: { type: 8, weights: 32, bytes: 34, scale: 0, size: 2e-4, file: 7 },
	q6_k: { type: 14, weights: 256, bytes: 210, scale: 208, size: 1e-5, file: 18 },
};

const noise = {};
const BLOCKS_BYTES = 1 << 22;

// a few MB of blocks, of which every tensor takes pieces
function blocks(name) {
	if (noise[name])
		return noise[name];
	const f = formats[name], n = Math.floor(BLOCKS_BYTES / f.bytes);
	const buf = Buffer.alloc(n * f.bytes);
	for (let i = 0; i < buf.length; i += 2)
		buf.writeUInt16LE(name == "f16" ?
			half((random() + random() + random() - 1.5) * 0.04) :
			Math.floor(random() * 65536), i);
	for (let i = 0; f.size && i < n; i++)
		buf.writeUInt16LE(half(f.size), i * f.bytes + f.scale);
	return noise[name] = buf;
}

function writeMatrix(fd, name, count) {
	const f = formats[name], buf = blocks(name);
	let left = count / f.weights * f.bytes;
	while (left) {
		const start = Math.floor(random() * buf.length / 2 / f.bytes) * f.bytes;
		const n = Math.min(left, buf.length - start);
		fs.writeSync(fd, buf, start, n);
		left -= n;
	}
}

// write() gets a descriptor; the file is renamed when it is complete
function whole(file, write) {
	if (fs.existsSync(file))
		return file;
	fs.mkdirSync(path.dirname(file), { recursive: true });
	const fd = fs.openSync(file + ".part", "w");
	write(fd);
	fs.closeSync(fd);
	fs.renameSync(file + ".part", file);
	return file;
}

export function makeCheckpoint(dir, s) {
	fs.mkdirSync(dir, { recursive: true });
	fs.writeFileSync(path.join(dir, "config.json"), JSON.stringify({
		architectures: ["LlamaForCausalLM"], model_type: "llama",
		hidden_size: s.hidden, intermediate_size: s.inter,
		num_hidden_layers: s.layers, num_attention_heads: s.heads,
		num_key_value_heads: s.kv, head_dim: s.hidden / s.heads,
		vocab_size: s.vocab, max_position_embeddings: 2048,
		rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: "silu",
		tie_word_embeddings: s.tied, attention_bias: false, mlp_bias: false,
		bos_token_id: 1, eos_token_id: 2, torch_dtype: "float16",
	}));
	whole(path.join(dir, "model.safetensors"), (fd) => {
		const list = tensors(s), header = {};
		let off = 0;
		for (const [name, , rows, cols] of list) {
			const end = off + (rows || 1) * cols * 2;
			header[name + ".weight"] = { dtype: "F16",
				shape: rows ? [rows, cols] : [cols],
				data_offsets: [off, end] };
			off = end;
		}
		let text = JSON.stringify(header);
		text = text.padEnd(Math.ceil(text.length / 8) * 8);
		const len = Buffer.alloc(8);
		len.writeBigUInt64LE(BigInt(text.length));
		fs.writeSync(fd, len);
		fs.writeSync(fd, text);
		for (const [, , rows, cols] of list)
			if (rows)
				writeMatrix(fd, "f16", rows * cols);
			else
				fs.writeSync(fd, Buffer.from(
					new Uint16Array(cols).fill(half(1)).buffer));
	});
	return dir;
}

// ---- GGUF, version 3 ----

const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
const f32 = (x) => { const b = Buffer.alloc(4); b.writeFloatLE(x); return b; };
const str = (s) => Buffer.concat([u64(Buffer.byteLength(s)), Buffer.from(s)]);
const ALIGN = 32;

function fields(s, format) {
	const U = 4, F = 6, S = 8;
	const list = [["general.architecture", S, "llama"],
		["general.name", S, "random"], ["general.alignment", U, ALIGN],
		["general.file_type", U, formats[format].file || 1],
		["llama.context_length", U, 2048], ["llama.embedding_length", U, s.hidden],
		["llama.block_count", U, s.layers],
		["llama.feed_forward_length", U, s.inter],
		["llama.attention.head_count", U, s.heads],
		["llama.attention.head_count_kv", U, s.kv],
		["llama.rope.dimension_count", U, s.hidden / s.heads],
		["llama.rope.freq_base", F, 10000],
		["llama.attention.layer_norm_rms_epsilon", F, 1e-5],
		["llama.vocab_size", U, s.vocab], ["tokenizer.ggml.model", S, "no_vocab"]];
	return [list.length, list.map(([k, type, v]) => Buffer.concat([str(k), u32(type),
		type == U ? u32(v) : type == F ? f32(v) : str(v)]))];
}

export function makeGguf(file, s, format) {
	return whole(file, (fd) => {
		let off = 0;
		const list = tensors(s).map(([, name, rows, cols]) => {
			// as llama-quantize chooses: the head of Q4_0 is Q6_K
			const head = name == (s.tied ? "token_embd" : "output");
			const f = !rows ? "f32" : format == "q4_0" && head ? "q6_k" : format;
			const at = off, n = (rows || 1) * cols;
			const size = n / formats[f].weights * formats[f].bytes;
			off = Math.ceil((at + size) / ALIGN) * ALIGN;
			return { name, rows, cols, f, at, n, pad: off - at - size };
		});
		const [count, kv] = fields(s, format);
		const head = Buffer.concat([Buffer.from("GGUF"), u32(3), u64(list.length),
			u64(count), ...kv, ...list.map((t) => Buffer.concat([
				str(t.name + ".weight"), u32(t.rows ? 2 : 1), u64(t.cols),
				t.rows ? u64(t.rows) : Buffer.alloc(0),
				u32(formats[t.f].type), u64(t.at)]))]);
		fs.writeSync(fd, head);
		fs.writeSync(fd, Buffer.alloc((ALIGN - head.length % ALIGN) % ALIGN));
		for (const t of list) {
			if (t.rows)
				writeMatrix(fd, t.f, t.n);
			else
				fs.writeSync(fd, Buffer.from(
					new Float32Array(t.n).fill(1).buffer));
			if (t.pad)
				fs.writeSync(fd, Buffer.alloc(t.pad));
		}
	});
}
