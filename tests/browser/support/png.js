// Pictures made of numbers.
import { deflateSync } from "node:zlib";

/** A PNG of so many pixels whose colours `at(x, y)` gives: red, green, blue, opacity. */
export function png(width, height, at) {
  const rows = Buffer.alloc(height * (1 + width * 4));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows.set(at(x, y), y * (1 + width * 4) + 1 + x * 4);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** Colours that run into each other. */
export function colours(width, height) {
  return png(width, height, (x, y) => [(x * 255) / width, (y * 255) / height, 160, 255]);
}

/** Something like a face, before a wall or before nothing. */
export function face(width, height, { clear = false } = {}) {
  const [middle, size] = [[width / 2, height / 2], Math.min(width, height)];
  const near = (x, y, to, reach) => Math.hypot(x - middle[0] - to[0] * size, y - middle[1] - to[1] * size) < reach * size;
  return png(width, height, (x, y) => {
    if (near(x, y, [-0.1, -0.12], 0.035) || near(x, y, [0.1, -0.12], 0.035)) return [40, 30, 30, 255];
    if (near(x, y, [0, -0.08], 0.24)) return [236, 188, 160, 255];
    if (near(x, y, [0, 0.5], 0.38)) return [60, 110, 150, 255];
    return clear ? [0, 0, 0, 0] : [214, 226, 200, 255];
  });
}

function chunk(name, data) {
  const [length, sum, named] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.concat([Buffer.from(name), data])];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc(named));
  return Buffer.concat([length, named, sum]);
}

function crc(bytes) {
  let all = 0xffffffff;
  for (const byte of bytes) {
    all ^= byte;
    for (let bit = 0; bit < 8; bit += 1) all = (all >>> 1) ^ (all & 1 ? 0xedb88320 : 0);
  }
  return (all ^ 0xffffffff) >>> 0;
}
