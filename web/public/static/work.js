// Finds the work of a form: the least number that, after the form's token and a colon,
// has a SHA-256 that begins with so many zero bits (petition.Form.Worked). It runs beside
// the page, which stays quick meanwhile.
"use strict";

// SHA-256 (FIPS 180-4), since the browser's own answers one question at a time, slowly.
const K = new Uint32Array(64), H = new Uint32Array(8);
for (let n = 2, i = 0; i < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
  if (!prime) continue;
  const part = (x) => ((x - Math.floor(x)) * 2 ** 32) >>> 0;
  if (i < 8) H[i] = part(Math.sqrt(n));
  K[i++] = part(Math.cbrt(n));
}

const W = new Uint32Array(64);
const turn = (x, n) => (x >>> n) | (x << (32 - n));

function block(state, view, at) {
  for (let i = 0; i < 16; i++) W[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15], y = W[i - 2];
    W[i] = W[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + W[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const t = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const u = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

// first is the first 32 bits of the hash of what stands in bytes, up to length.
function first(bytes, view, length) {
  const end = (length + 9 + 63) & ~63;
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  view.setUint32(end - 4, length * 8);
  const state = H.slice();
  for (let at = 0; at < end; at += 64) block(state, view, at);
  return state[0];
}

onmessage = ({ data: { token, bits } }) => {
  const bytes = new Uint8Array(256), view = new DataView(bytes.buffer), coder = new TextEncoder();
  const start = coder.encodeInto(token + ":", bytes).written;
  for (let n = 0; ; n++) {
    const digits = String(n);
    for (let i = 0; i < digits.length; i++) bytes[start + i] = digits.charCodeAt(i);
    if (first(bytes, view, start + digits.length) >>> (32 - bits) === 0) return postMessage(digits);
  }
};
