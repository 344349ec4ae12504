// SPDX-License-Identifier: MIT
//
// Writes checkpoints: config.json and safetensors, in any of the three types.
import { mkdirSync, writeFileSync } from 'node:fs';

const bits = new DataView(new ArrayBuffer(4));

export function toBf16(v) {
  bits.setFloat32(0, v);
  const u = bits.getUint32(0);
  return ((u + 0x7fff + ((u >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBf16(h) {
  bits.setUint32(0, (h << 16) >>> 0);
  return bits.getFloat32(0);
}

function toF16(v) {			// normal range only, which is what we make
  const e = Math.max(-14, Math.floor(Math.log2(Math.abs(v) || 1e-9)));
  const q = Math.round(Math.abs(v) / 2 ** (e - 10));
  const sign = v < 0 ? 0x8000 : 0;
  if (q >= 2048)
    return sign | ((e + 16) << 10) | ((q / 2 - 1024) & 0x3ff);
  return sign | (q >= 1024 ? ((e + 15) << 10) | (q - 1024) : q);
}

function fromF16(h) {
  const e = (h >> 10) & 31, m = h & 1023, s = h & 0x8000 ? -1 : 1;
  return s * (e ? (1 + m / 1024) * 2 ** (e - 15) : m * 2 ** -24);
}

const types = {
  F32: { size: 4, put: (b, o, v) => b.writeFloatLE(v, o), get: (b, o) => b.readFloatLE(o) },
  F16: { size: 2, put: (b, o, v) => b.writeUInt16LE(toF16(v), o), get: (b, o) => fromF16(b.readUInt16LE(o)) },
  BF16: { size: 2, put: (b, o, v) => b.writeUInt16LE(toBf16(v), o), get: (b, o) => fromBf16(b.readUInt16LE(o)) },
};

function writeSafetensors(path, tensors, dtype) {
  const header = { __metadata__: { format: 'pt' } };
  const { size, put, get } = types[dtype];
  let at = 0;
  for (const [name, t] of tensors) {
    const bytes = t.data.length * size;
    header[name] = { dtype, shape: t.shape, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const file = Buffer.alloc(8 + text.length + at);
  file.writeBigUInt64LE(BigInt(text.length));
  text.copy(file, 8);
  at = 8 + text.length;
  for (const [, t] of tensors)
    for (let i = 0; i < t.data.length; i++, at += size) {
      put(file, at, t.data[i]);
      t.data[i] = get(file, at);	// what the file holds is what we evaluate
    }
  writeFileSync(path, file);
}

// Write a checkpoint; shards > 1 splits it and writes an index.
export function writeModel(dir, config, tensors, { dtype = 'F32', shards = 1 } = {}) {
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${dir}/config.json`, JSON.stringify(config, null, 2));
  const list = Object.entries(tensors);
  if (shards === 1) {
    writeSafetensors(`${dir}/model.safetensors`, list, dtype);
    return;
  }
  const map = {};
  for (let s = 0; s < shards; s++) {
    const file = `model-0000${s + 1}-of-0000${shards}.safetensors`;
    const part = list.filter((_, i) => i % shards === s);
    part.forEach(([name]) => { map[name] = file; });
    writeSafetensors(`${dir}/${file}`, part, dtype);
  }
  writeFileSync(`${dir}/model.safetensors.index.json`,
    JSON.stringify({ metadata: {}, weight_map: map }));
}
