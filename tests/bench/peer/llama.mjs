// SPDX-License-Identifier: MIT
//
// llama.mjs NODE_MODULES FILE.gguf THREADS MMAP(0|1) GENERATE PROMPT[,PROMPT...]
// What one process of llama.cpp measures, as tests/bench/tokens.c does: one line of
// JSON. Below node-llama-cpp's sequences, at its binding, where a call of it is one
// llama_decode(); nothing is sampled, the next token is known.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, file, threads, mmap, generate, prompts] = process.argv.slice(2);
const { getLlama } = await import(
	pathToFileURL(path.join(modules, "node-llama-cpp/dist/index.js")));
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true,
			       logLevel: "error", maxThreads: +threads });
const b = llama._bindings;
const lens = prompts.split(",").map(Number);

const start = performance.now();
const model = new b.AddonModel(file, { addonExports: b, gpuLayers: 0,
				       useMmap: mmap == "1" });
if (!await model.init())
	throw Error(`${file} cannot be loaded`);
const ctx = new b.AddonContext(model, {
	contextSize: Math.max(...lens, 32) + +generate,
	batchSize: Math.max(...lens, 32), sequences: 1, threads: +threads,
	flashAttention: "auto" });
if (!await ctx.init())
	throw Error("no context");

let pos = 0;
async function decode(n) {
	const ids = Uint32Array.from({ length: n }, (_, i) => ((pos + i) * 7919 + 1) % 30000);
	ctx.initBatch(n);
	ctx.addToBatch(0, pos, ids, Uint32Array.of(n - 1));
	await ctx.decodeBatch();
	pos += n;
}

async function prefill(n) {
	ctx.disposeSequence(0);
	pos = 0;
	const t = performance.now();
	await decode(n);
	return n / (performance.now() - t) * 1000;
}

await prefill(32);
const out = { first: (performance.now() - start) / 1000, prefill: {} };
await decode(1);
for (const n of lens)
	out.prefill[n] = await prefill(n);
if (+generate) {
	await prefill(32);
	const t = performance.now();
	for (let i = 0; i < +generate; i++)
		await decode(1);
	out.decode = +generate / (performance.now() - t) * 1000;
}
out.rss = fs.readFileSync("/proc/self/status", "utf8").match(/VmHWM:\s*(\d+)/)[1] / 1024;
console.log(JSON.stringify(out));
process.exit(0);
