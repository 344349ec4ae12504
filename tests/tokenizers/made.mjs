// SPDX-License-Identifier: MIT
// Small tokenizers of the kinds that no npm package carries, their vocabularies
// taken from the lines themselves: what BERT, XLM-RoBERTa, T5 and CLIP have.
import { lines } from "./lines.mjs";

const counts = new Map();
const count = (s) => counts.set(s, (counts.get(s) ?? 0) + 1);
for (const line of lines)
	for (const w of line.normalize("NFKC").split(/\s+/u).filter(Boolean)) {
		for (const c of w)
			count(c);
		for (const s of [w, w.toLowerCase()])
			for (let n = 2; n <= 8; n++)
				if (s.length >= n) {
					count(s.slice(0, n));
					count(s.slice(-n));
				}
	}
const frequent = [...counts].filter(([s, n]) => n > 2 && s.isWellFormed())
	.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([s]) => s).slice(0, 4000);

const template = (cls, sep, ids, second) => ({
	type: "TemplateProcessing",
	single: [{ SpecialToken: { id: cls, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: sep, type_id: 0 } }],
	pair: [{ SpecialToken: { id: cls, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: sep, type_id: 0 } },
		{ Sequence: { id: "B", type_id: second } }, { SpecialToken: { id: sep, type_id: second } }],
	special_tokens: { [cls]: { id: cls, ids: [ids[0]], tokens: [cls] }, [sep]: { id: sep, ids: [ids[1]], tokens: [sep] } },
});
const special = (id, content, more) => ({ id, content, special: true, normalized: false, single_word: false, lstrip: false, rstrip: false, ...more });

function wordpiece(lower) {
	const names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
	const vocab = Object.fromEntries([...new Set([...names, ...frequent, ...frequent.map((s) => "##" + s)])].map((s, i) => [s, i]));
	return {
		version: "1.0", truncation: null, padding: null, added_tokens: names.map((s, i) => special(i, s)),
		normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: lower },
		pre_tokenizer: { type: "BertPreTokenizer" }, post_processor: template("[CLS]", "[SEP]", [2, 3], 1),
		decoder: { type: "WordPiece", prefix: "##", cleanup: true },
		model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab },
	};
}

// Scores of their own for each piece: the best cut must not be a matter of taste.
function unigram(normalizer, pre_tokenizer, names) {
	const pieces = [...new Set(["\u2581", ...frequent, ...frequent.slice(0, 2500).map((s) => "\u2581" + s)])]
		.filter((s) => !names.includes(s));
	return {
		version: "1.0", truncation: null, padding: null,
		added_tokens: names.map((s, i) => special(i, s, { lstrip: s === "<mask>" })), normalizer, pre_tokenizer,
		post_processor: template("<s>", "</s>", [0, 2], 0), decoder: { type: "Metaspace", replacement: "\u2581", add_prefix_space: true },
		model: { type: "Unigram", unk_id: 3, vocab: [...names.map((s) => [s, 0]),
			...pieces.map((s, i) => [s, -(3 + Math.log(i + 2) * 1.37 + (i % 97) * 0.00317) - (s.length > 1 ? 0 : 1.5)])] },
	};
}
const metaspace = { type: "Metaspace", replacement: "\u2581", prepend_scheme: "always", split: true, add_prefix_space: true };

export const made = {
	"bert-uncased": wordpiece(true),
	"bert-cased": wordpiece(false),
	"unigram-nfkc": unigram({ type: "Sequence", normalizers: [{ type: "NFKC" }, { type: "Replace", pattern: { Regex: " {2,}" }, content: " " }] },
		metaspace, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
	"unigram-words": unigram({ type: "NFKD" }, { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace] },
		["<s>", "<pad>", "</s>", "<unk>"]),
	"bpe-suffix": {
		version: "1.0", truncation: null, padding: null, added_tokens: [special(0, "<|endoftext|>")],
		normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] },
		pre_tokenizer: { type: "WhitespaceSplit" }, post_processor: null, decoder: { type: "BPEDecoder", suffix: "</w>" },
		model: { type: "BPE", dropout: null, unk_token: "<|endoftext|>", continuing_subword_prefix: "", end_of_word_suffix: "</w>",
			fuse_unk: false, ...suffixed() },
	},
};

// Merges by frequency of pairs, as far as both halves are there already.
function suffixed() {
	const words = [...new Set(lines.join(" ").normalize("NFC").toLowerCase().split(/\s+/u).filter((w) => /^[a-z']{2,12}$/.test(w)))].sort();
	const vocab = { "<|endoftext|>": 0 }, merges = [];
	const add = (s) => { vocab[s] ??= Object.keys(vocab).length; };
	let split = words.map((w) => [...w].map((c, i) => i === w.length - 1 ? c + "</w>" : c));
	for (const c of "abcdefghijklmnopqrstuvwxyz'0123456789.,!?-") {
		add(c);
		add(c + "</w>");
	}
	for (let n = 0; n < 300; n++) {
		const pairs = new Map();
		for (const s of split)
			for (let i = 0; i + 1 < s.length; i++)
				pairs.set(s[i] + " " + s[i + 1], (pairs.get(s[i] + " " + s[i + 1]) ?? 0) + 1);
		const best = [...pairs].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
		if (!best || best[1] < 2)
			break;
		const [a, b] = best[0].split(" ");
		merges.push(best[0]);
		add(a + b);
		split = split.map((s) => {
			const t = [];
			for (let i = 0; i < s.length; i++)
				t.push(s[i] === a && s[i + 1] === b ? s[i++] + b : s[i]);
			return t;
		});
	}
	return { vocab, merges };
}
