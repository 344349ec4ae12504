// SPDX-License-Identifier: MIT
//
// main.mjs DIR [OPTIONS]: makes the models in DIR, measures, prints. Each measurement
// is a process of its own; ours and theirs take turns.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { makeCheckpoint, makeGguf, shapes } from "./models.mjs";
import { printTables } from "./table.mjs";

const help = `Usage: peers [options]

  --model 124m,1.1b     Models. [default: both]
  --groups LIST         Of fp16, mxfp6, mxint8, mxfp4. [default: all]
  --threads 1,2         Threads, and CPUs they are bound to. [default: 1,2]
  --prompts 32,128,512  Lengths of prefill. [default: all three]
  --repeats N           Turns. [default: 5]
  --quick               2 threads, prefill of 32 and 128, 3 turns; options above
                        still count.
  --prepare             Make and compile the models, measure nothing.
  --rebuild             Export and compile again: after changes of the compiler.
`;

const here = path.dirname(fileURLToPath(import.meta.url));
const build = process.env.BUILD;

function fail(text) {
	console.error(`peers: ${text}`);
	process.exit(1);
}

function readOptions(args) {
	const o = { model: "124m,1.1b", groups: "fp16,mxfp6,mxint8,mxfp4" }, given = {};
	while (args.length) {
		const m = args.shift().match(/^--([a-z]+)(?:=(.*))?$/);
		const name = m?.[1];
		if (name == "help") {
			process.stdout.write(help);
			process.exit(0);
		}
		if (["quick", "prepare", "rebuild"].includes(name))
			o[name] = true;
		else if (["model", "groups", "threads", "prompts", "repeats"].includes(name))
			given[name] = m[2] ?? args.shift() ?? fail(`--${name} wants a value`);
		else
			fail("unknown option; peers --help");
	}
	Object.assign(o, o.quick ? { threads: "2", prompts: "32,128", repeats: "3" } :
		{ threads: "1,2", prompts: "32,128,512", repeats: "5" }, given);
	const numbers = (text) => text.split(",").map(Number);
	const bad = (list, max) => list.some((n) => !Number.isInteger(n) || n < 1 || n > max);
	o.model = o.model.split(",");
	o.groups = o.groups.split(",");
	o.threads = numbers(o.threads);
	o.prompts = numbers(o.prompts);
	o.repeats = Number(o.repeats);
	if (o.model.some((m) => !shapes[m]) || o.groups.some((g) => !groups[g]) ||
	    bad(o.threads, 16) || bad(o.prompts, 1024) || bad([o.repeats], 100))
		fail("a value is out of range; peers --help");
	return o;
}

const GENERATE = 64;

// What is measured together; `all`: prefill of every length, else of 32 alone.
const groups = {
	fp16: { gguf: "f16", all: true, onnx: true,
		ours: [{ name: "fp16", flags: [], all: true },
		       { name: "fp16 x 8", flags: ["--batch-size", "8"] }] },
	mxfp6: { gguf: "q6_k", all: true,
		 ours: [{ name: "mxfp6", flags: ["--weight-format", "mxfp6"], all: true },
			{ name: "mxfp6/int8", all: true, flags: ["--weight-format", "mxfp6",
				"--activation-format", "int8"] }] },
	mxint8: { gguf: "q8_0",
		  ours: [{ name: "mxint8", flags: ["--weight-format", "mxint8"] },
			 { name: "mxint8/int8", flags: ["--weight-format", "mxint8",
				"--activation-format", "int8"] }] },
	mxfp4: { gguf: "q4_0",
		 ours: [{ name: "mxfp4", flags: ["--weight-format", "mxfp4"] },
			{ name: "mxfp4/int8", flags: ["--weight-format", "mxfp4",
				"--activation-format", "int8"] }] },
};

const [dir, ...args] = process.argv.slice(2);
const opt = readOptions(args);

function say(text) {
	process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`);
}

function prompts(all) {
	return all ? [...new Set([32, ...opt.prompts])] : [32];
}

// ---- models ----

function qeff(...a) {
	return execFileSync(path.join(build, "bin/qeff"), a, { encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"] });
}

function prepare(model) {
	const base = path.join(dir, model), s = shapes[model];
	const m = { name: model, shape: s, qpc: {}, gguf: {} };
	const llama = makeCheckpoint(path.join(base, `llama-${model}`), s);
	const cache = path.join(base, "cache");
	if (opt.rebuild)
		fs.rmSync(cache, { recursive: true, force: true });
	m.onnx = qeff("export", "--model-name", llama, "--cache-dir", cache)
		.trim().split("\n").pop();
	for (const g of opt.groups.map((name) => groups[name])) {
		m.gguf[g.gguf] = makeGguf(path.join(base, `${g.gguf}.gguf`), s, g.gguf);
		for (const our of g.ours)
			for (const n of prompts(our.all))
				m.qpc[`${our.name} ${n}`] = compile(m.onnx, cache, our, n);
	}
	return m;
}

function compile(onnx, cache, our, n) {
	const to = path.join(cache, `${our.name.replace(/[ /]/g, "-")}-${n}`);
	if (!fs.existsSync(path.join(to, "complete"))) {
		say(`compiling ${to}`);
		qeff("compile", "--onnx-path", onnx, "--qpc-path", to, "--prompt-len",
		     `${n}`, "--ctx-len", `${Math.max(128, n + GENERATE)}`, ...our.flags);
		fs.writeFileSync(path.join(to, "complete"), "");
	}
	return path.join(to, "qpcs");
}

// its first reader should not wait for the disk
function warm(file) {
	const fd = fs.openSync(file), buf = Buffer.alloc(1 << 22);
	while (fs.readSync(fd, buf))
		;
	fs.closeSync(fd);
}

// ---- measuring ----

const allowed = fs.readFileSync("/proc/self/status", "utf8")
	.match(/Cpus_allowed_list:\s*(\S+)/)[1].split(",").flatMap((r) => {
		const [a, b] = r.split("-").map(Number);
		return Array.from({ length: (b ?? a) - a + 1 }, (_, i) => a + i);
	});

function run(threads, env, ...command) {
	const text = execFileSync("taskset", ["-c", allowed.slice(0, threads).join(","),
		...command], { encoding: "utf8", env: { ...process.env, QAIC_EMBEDDED: "1",
		...env }, stdio: ["ignore", "pipe", "inherit"], timeout: 600000 });
	return JSON.parse(text.trim().split("\n").pop());
}

const results = [];
let noted = [];	/* by the job that runs */
function note(key, value) {
	noted.push([key, value]);
}

// keep what was noted, each value with the read bandwidth that there was
function keep(bandwidth) {
	for (const [key, value] of noted) {
		let r = results.find((x) => Object.keys(key).every((k) => x[k] === key[k]));
		if (!r)
			results.push(r = { ...key, values: [], bandwidth: [] });
		r.values.push(value);
		r.bandwidth.push(bandwidth);
	}
	noted = [];
}

// Decode and load are measured with a prompt of 32.
function runOurs(m, key, our, threads, n) {
	const r = run(threads, {}, path.join(build, "tests/bench/tokens"),
		m.qpc[`${our.name} ${n}`], `${threads}`, `${n}`,
		`${n == 32 ? GENERATE : 2}`);
	const k = { ...key, who: our.name };
	note({ ...k, what: `prefill ${n}` }, r.prefill);
	if (n == 32)
		for (const what of ["decode", "first", "rss", "bytes"])
			note({ ...k, what }, r[what]);
}

function runLlama(m, key, g, threads, mmap, lens) {
	const decodes = lens.includes(32);
	const r = run(threads, mmap ? {} : { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" },
		process.execPath, path.join(here, "llama.mjs"),
		path.join(dir, "node_modules"), m.gguf[g.gguf], `${threads}`,
		mmap ? "1" : "0", `${decodes ? GENERATE : 0}`, lens.join(","));
	const k = { ...key, who: `llama.cpp ${g.gguf}${mmap ? " mmap" : ""}` };
	for (const n of lens)
		note({ ...k, what: `prefill ${n}` }, r.prefill[n]);
	for (const what of decodes ? ["decode", "first", "rss"] : [])
		note({ ...k, what }, r[what]);
}

function runOnnx(m, key, g, threads) {
	const s = shapes[m.name];
	const r = run(threads, { PEER_SHAPE: JSON.stringify(
		{ kv: s.kv, dim: s.hidden / s.heads }) }, process.execPath,
		path.join(here, "onnx.mjs"), path.join(dir, "node_modules"), m.onnx,
		`${threads}`, prompts(g.all).join(","));
	const k = { ...key, who: "ONNX Runtime fp32" };
	for (const n of prompts(g.all))
		note({ ...k, what: `prefill ${n}` }, r.prefill[n]);
	note({ ...k, what: "rss" }, r.rss);
}

let failed = false;

function limits(key, threads) {
	const l = run(threads, {}, path.join(build, "tests/bench/limits"), `${threads}`);
	for (const what of ["bandwidth", "gflops"])
		note({ ...key, who: "limits", what }, l[what]);
	keep(l.bandwidth);
	return l.bandwidth;
}

const STEADY = 1.15, TRIES = 3;

// A host may change how much memory bandwidth it gives at any moment: decode counts
// when there was as much after it as before.
function steadily(job, key, threads, before) {
	for (let i = 0; i < TRIES; i++) {
		noted = [];
		job();
		const mine = noted;
		noted = [];
		const after = limits(key, threads), last = before;
		before = after;
		if (mine.some(([k]) => k.what == "decode") &&
		    Math.max(last, after) > STEADY * Math.min(last, after))
			continue;
		noted = mine;
		keep((last + after) / 2);
		return before;
	}
	say("the bandwidth changed each time: not counted");
	return before;
}

function turn(m, name, threads, i) {
	const g = groups[name], key = { model: m.name, group: name, threads };
	let bandwidth = limits(key, threads);
	const jobs = [];
	for (const our of g.ours)
		for (const n of prompts(our.all))
			jobs.push(() => runOurs(m, key, our, threads, n));
	const long = prompts(g.all).filter((n) => n != 32);
	const peers = [() => runLlama(m, key, g, threads, false, [32])];
	if (long.length)
		peers.push(() => runLlama(m, key, g, threads, false, long));
	if (name == "fp16")	/* its load is compared */
		peers.push(() => runLlama(m, key, g, threads, true, [32]));
	if (g.onnx)
		peers.push(() => runOnnx(m, key, g, threads));
	jobs.splice(1, 0, ...peers);
	for (const job of i % 2 ? jobs.reverse() : jobs)
		try {
			bandwidth = steadily(job, key, threads, bandwidth);
		} catch (e) {	/* the others still count */
			say(`${e.message}`.split("\n")[0]);
			failed = true;
		}
}

function measure(m, name) {
	const g = groups[name];
	for (const our of g.ours)
		for (const n of prompts(our.all))
			warm(path.join(m.qpc[`${our.name} ${n}`], "programqpc.bin"));
	warm(m.gguf[g.gguf]);
	for (let i = 0; i < opt.repeats; i++)
		for (const threads of opt.threads) {
			say(`${m.name} ${name}, ${threads} threads, turn ${i + 1} of ${opt.repeats}`);
			turn(m, name, threads, i);
		}
	fs.writeFileSync(path.join(dir, "results.json"), JSON.stringify(results, null, 1));
}

const began = Date.now();
if (Math.max(...opt.threads) > allowed.length)
	fail(`${allowed.length} CPUs are allowed`);
const models = opt.model.map(prepare);
if (!opt.prepare) {
	const load = os.loadavg()[0].toFixed(1);
	for (const m of models)
		for (const name of opt.groups)
			measure(m, name);
	console.log(`${os.cpus()[0].model}, ${allowed.length} CPUs, load at the start ` +
		`${load}; medians of ${opt.repeats} turns, ` +
		`${Math.round((Date.now() - began) / 60000)} minutes\n`);
	printTables(results, opt.model);
	process.exitCode = failed ? 1 : 0;
}
