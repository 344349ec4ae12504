// SPDX-License-Identifier: MIT
//
// onnx.mjs NODE_MODULES FILE.onnx THREADS PROMPT[,PROMPT...]
// Prefill of our exported ONNX in ONNX Runtime, in FP32: one line of JSON.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, file, threads, prompts] = process.argv.slice(2);
const ort = createRequire(path.join(path.resolve(modules), "x.js"))("onnxruntime-node");
const { kv, dim } = JSON.parse(process.env.PEER_SHAPE);

const session = await ort.InferenceSession.create(file, {
	intraOpNumThreads: +threads, interOpNumThreads: 1,
	executionMode: "sequential", graphOptimizationLevel: "all" });

function inputs(n) {
	const ids = BigInt64Array.from({ length: n }, (_, i) => BigInt((i * 7919 + 1) % 30000));
	const pos = BigInt64Array.from({ length: n }, (_, i) => BigInt(i));
	const feeds = { input_ids: new ort.Tensor("int64", ids, [1, n]),
			position_ids: new ort.Tensor("int64", pos, [1, n]) };
	for (const name of session.inputNames)
		if (name.startsWith("past_"))
			feeds[name] = new ort.Tensor("float32",
				new Float32Array(kv * n * dim), [1, kv, n, dim]);
	return feeds;
}

const out = { prefill: {} };
for (const n of prompts.split(",").map(Number)) {
	const feeds = inputs(n);
	await session.run(feeds);
	const t = performance.now();
	await session.run(feeds);
	out.prefill[n] = n / (performance.now() - t) * 1000;
}
out.rss = fs.readFileSync("/proc/self/status", "utf8").match(/VmHWM:\s*(\d+)/)[1] / 1024;
console.log(JSON.stringify(out));
process.exit(0);
