/* Numbers that are the same to the last bit in every browser.

   Only what IEEE 754 rounds exactly is used: + - * / and the square root. Math.exp, log, cos and
   tanh differ from browser to browser in the last bit, and training makes much of that; hence our
   own. `resnet_lab/jobs.py` has the twins of `log` and `generator`. */

export const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
export const upTo = (n) => Array.from({length: n}, (_, i) => i); // 0 to n - 1

const LN2_HIGH = 6.93147180369123816490e-1, LN2_LOW = 1.90821492927058770002e-10; // log 2
const TWO_TO = new Float64Array(2046); // 2^k at 1022 + k
TWO_TO[1022] = 1;
for (let k = 1; k < 1023; k++) {
  TWO_TO[1022 + k] = 2 * TWO_TO[1021 + k];
  TWO_TO[1022 - k] = TWO_TO[1023 - k] / 2;
}

/** e^x: 2^k times a series for the rest, which is at most half of log 2. */
export function exp(x) {
  if (!(x > -700 && x < 700)) return x < 0 ? 0 : x > 0 ? Infinity : x;
  const k = Math.floor(x / LN2_HIGH + 0.5), rest = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let i = 13; i > 0; i--) sum = 1 + sum * rest / i;
  return sum * TWO_TO[1022 + k];
}

/** log x for x > 0: halved or doubled until near 1, then a series in (x - 1) / (x + 1). */
export function log(x) {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x;
  let k = 0, sum = 0;
  for (; x > 1.4142135623730951; k++) x /= 2;
  for (; x < 0.7071067811865476; k--) x *= 2;
  const z = (x - 1) / (x + 1);
  for (let i = 21; i > 0; i -= 2) sum = sum * z * z + 1 / i;
  return k * LN2_HIGH + (2 * z * sum + k * LN2_LOW);
}

export const sigmoid = (x) => 1 / (1 + exp(-x));
export const tanh = (x) => {
  const small = exp(-2 * Math.abs(x));
  return (x < 0 ? -1 : 1) * (1 - small) / (1 + small);
};

/** mulberry32, a random generator, and draws from it; `resnet_lab.jobs` has its twin. */
export function generator(seed) {
  let state = seed | 0, spare = null;
  const uniform = () => {
    state = state + 0x6D2B79F5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
  const normal = () => { // Marsaglia's polar method: a point in the unit disc gives two
    let u, v, s, value = spare;
    spare = null;
    if (value !== null) return value;
    do {
      u = 2 * uniform() - 1;
      v = 2 * uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const factor = Math.sqrt(-2 * log(s) / s);
    spare = v * factor;
    return u * factor;
  };
  const below = (n) => Math.floor(uniform() * n);
  const shuffled = (n) => { // 0 to n - 1 in random order
    const order = Array.from({length: n}, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  };
  return {uniform, normal, below, shuffled};
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes as text, in base64. */
export function toBase64(bytes) {
  const letters = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const three = bytes[i] << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) letters.push(BASE64[three >> shift & 63]);
  }
  const over = (3 - bytes.length % 3) % 3;
  return letters.join("").slice(0, letters.length - over) + "=".repeat(over);
}

/** Weights of int8 as numbers: the j-th of `scales` is that of the j-th output channel.
    int8: an Int8Array, or its bytes in base64. */
export function fromInt8({int8, scales}) {
  const bytes = typeof int8 === "string"
    ? Int8Array.from(atob(int8), (letter) => letter.charCodeAt()) : int8;
  const size = bytes.length / scales.length;
  return Float32Array.from(bytes, (byte, i) => byte * scales[Math.floor(i / size)]);
}
