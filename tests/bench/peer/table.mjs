// SPDX-License-Identifier: MIT
//
// The tables of results.json: rates, limits, memory and load.
import { layerWeights, shapes, stepWeights } from "./models.mjs";

function median(v) {
	const s = [...v].sort((a, b) => a - b), n = s.length;
	return (s[(n - 1) >> 1] + s[n >> 1]) / 2;
}

function digits(x) {
	return x.toFixed(x < 1 ? 3 : x < 10 ? 2 : x < 100 ? 1 : 0);
}

// median, and how far the runs are from each other
function cell(v) {
	if (!v)
		return "";
	const m = median(v), spread = (Math.max(...v) - Math.min(...v)) / m * 100;
	return `${digits(m)} (${spread.toFixed(0)} %)`;
}

function row(...cells) {
	console.log(`| ${cells.join(" | ")} |`);
}

// [ours, what, peers by how their names start, asked of 1.1b, of 124m]
const rows = [
	["fp16", "decode", ["llama.cpp"], 1.3, 1.15],
	["mxfp6", "decode", ["llama.cpp"], 1.2, 1.1],
	["mxfp6/int8", "decode", ["llama.cpp"], 1.6, 1.2],
	["mxint8", "decode", ["llama.cpp"], 1.4, 1.2],
	["mxint8/int8", "decode", ["llama.cpp"]],
	["mxfp4", "decode", ["llama.cpp"], 1.4, 1.2],
	["mxfp4/int8", "decode", ["llama.cpp"]],
	["fp16", "prefill 32", ["llama.cpp", "ONNX"]],
	["fp16", "prefill 128", ["llama.cpp", "ONNX"], 1.1, 1.1],
	["fp16", "prefill 512", ["llama.cpp", "ONNX"], 1.1, 1.1],
	["mxfp6", "prefill 32", ["llama.cpp"]],
	["mxfp6", "prefill 128", ["llama.cpp"], 1.5, 1.5],
	["mxfp6", "prefill 512", ["llama.cpp"], 1.5, 1.5],
	["mxfp6/int8", "prefill 128", ["llama.cpp"]],
	["mxfp6/int8", "prefill 512", ["llama.cpp"]],
];

// Where bandwidths are far apart, [least, most] of each of the two states.
function states(list) {
	const v = list.filter((r) => r.who == "limits" && r.what == "bandwidth")
		.flatMap((r) => r.values);
	const min = Math.min(...v), max = Math.max(...v), cut = Math.sqrt(min * max);
	return max > 1.4 * min ? [[0, cut], [cut, Infinity]] : [[0, Infinity]];
}

// a result's values of one state
function within(r, [least, most]) {
	const keep = (_, i) => r.bandwidth[i] >= least && r.bandwidth[i] < most;
	return { ...r, values: r.values.filter(keep), bandwidth: r.bandwidth.filter(keep) };
}

function oneRate(list, our, peers, asked, state) {
	const best = list.filter((r) => r.group == our.group && r.what == our.what &&
		peers.some((p) => r.who.startsWith(p)))
		.map((r) => within(r, state)).filter((r) => r.values.length)
		.sort((a, b) => median(b.values) - median(a.values))[0];
	const bytes = list.find((r) => r.who == our.who && r.what == "bytes").values[0];
	let what = `${our.what}, ${our.who}`, most = "";
	our = within(our, state);
	if (!our.values.length)
		return;
	if (our.what == "decode") {
		const bw = median([...our.bandwidth, ...(best?.bandwidth ?? [])]);
		what += `, at ${digits(bw)} GB/s`;
		most = best ? (bw * 1e9 / bytes / median(best.values)).toFixed(2) : "";
	}
	row(what, cell(our.values), cell(best?.values), best?.who ?? "",
	    best ? (median(our.values) / median(best.values)).toFixed(2) : "", most,
	    asked ?? "");
}

function rates(list) {
	row("tokens/s", "ours", "best peer", "", "ratio", "at the limit", "asked");
	row("---", "---", "---", "---", "---", "---", "---");
	for (const [who, what, peers, big, small] of rows) {
		const our = list.find((r) => r.who == who && r.what == what);
		const each = what == "decode" ? states(list) : [[0, Infinity]];
		for (const state of our ? each : [])
			oneRate(list, our, peers, our.model == "1.1b" ? big : small,
				state);
	}
	const one = list.find((r) => r.who == "fp16" && r.what == "decode");
	const eight = list.find((r) => r.who == "fp16 x 8" && r.what == "decode");
	for (const state of one && eight ? states(list) : []) {
		const [a, b] = [within(one, state).values, within(eight, state).values];
		if (a.length && b.length)
			row("decode, fp16, batch 8", cell(b), cell(a), "ours, batch 1",
			    (median(b) / median(a)).toFixed(2), "", 4);
	}
	const load = list.find((r) => r.who == "fp16" && r.what == "first");
	const map = list.find((r) => r.who == "llama.cpp f16 mmap" && r.what == "first");
	if (load && map)
		row("load to first token, fp16, s", cell(load.values), cell(map.values),
		    map.who, (median(map.values) / median(load.values)).toFixed(2), "",
		    load.model == "1.1b" ? 1 : "");
}

// by the bandwidth of each; the peak of multiply-adds changes less
function shareOf(list, who, what, limit, work) {
	const r = list.find((x) => x.who == who && x.what == what);
	if (!r)
		return;
	const peak = list.filter((x) => x.who == "limits" && x.what == limit)
		.flatMap((x) => x.values);
	return r.values.map((v, i) => v * work(r) / 1e7 /
		(limit == "bandwidth" ? r.bandwidth[i] : median(peak)));
}

function limits(list) {
	const s = shapes[list[0].model];
	const bytes = (r) => list.find((x) => x.who == r.who && x.what == "bytes").values[0];
	const flops = () => 2 * layerWeights(s);
	const out = [];
	for (const [who, asked] of [["fp16", 80], ["mxfp6", ""], ["mxfp6/int8", 65],
				    ["mxint8", ""], ["mxfp4", ""]])
		out.push([`decode, ${who}`, "read bandwidth", asked,
			  shareOf(list, who, "decode", "bandwidth", bytes)]);
	for (const n of [128, 512])
		out.push([`prefill ${n}, fp16`, "FMA peak", 75,
			  shareOf(list, "fp16", `prefill ${n}`, "gflops", flops)]);
	console.log("");
	row("%, share (spread)", "of", "reached", "asked");
	row("---", "---", "---", "---");
	for (const [what, of, asked, v] of out)
		if (v)
			row(what, of, cell(v), asked);
	for (const [what, unit] of [["bandwidth", "GB/s"], ["gflops", "GFLOP/s"]])
		row(`measured, ${unit}`, "", cell(list.filter((r) => r.who == "limits" &&
			r.what == what).flatMap((r) => r.values)), "");
}

// embedding (F16 in ours) and matrices in their format
function modelSize(s, format) {
	const bits = { fp16: 16, mxint8: 8.25, mxfp6: 6.25, mxfp4: 4.25 };
	return (stepWeights(s) * bits[format] +
		(s.tied && format == "fp16" ? 0 : s.vocab * s.hidden * 16)) / 8 / 2 ** 20;
}

function memory(list) {
	const s = shapes[list[0].model];
	console.log("");
	row("", "resident, MiB", "asked, MiB", "load to first token, s");
	row("---", "---", "---", "---");
	for (const r of list.filter((x) => x.what == "rss")) {
		const first = list.find((x) => x.who == r.who && x.what == "first");
		const format = r.who.split(/[ /]/)[0];
		const ours = !/^(llama|ONNX)/.test(r.who);
		row(r.who, cell(r.values), ours ?
			digits(1.15 * modelSize(s, format) + 200) : "", cell(first?.values));
	}
}

export function printTables(results, models) {
	for (const model of models)
		for (const threads of new Set(results.map((r) => r.threads))) {
			const list = results.filter((r) => r.model == model &&
				r.threads == threads);
			if (!list.length)
				continue;
			console.log(`## ${model}, ${threads} thread${threads > 1 ? "s" : ""}\n`);
			rates(list);
			limits(list);
			memory(list);
			console.log("");
		}
}
