/* The hot loops in plain JavaScript, for float64 and for browsers without WebAssembly.

   The same sums in the same order as `fast_loops.mjs`, rounded to float32 where the machine rounds;
   so both give the same bits. This is also the place to read what the fast ones compute. */

export function plainLoops(Numbers) {
  const round = Numbers === Float32Array ? Math.fround : (x) => x;
  let data = new Numbers(0);
  const bytes = Numbers.BYTES_PER_ELEMENT;
  const entries = (table, count) => new Int32Array(data.buffer, table * bytes, count);
  return {
    fast: false,
    unit: 1,
    grow(size) {
      const old = data;
      if (size > old.byteLength) (data = new Numbers(size / bytes)).set(old);
      return data.buffer;
    },
    multiply(c, cm, cy, cx, a, am, kEnd, b, by, bx, run, table, rows, ny, nx, adding) {
      const offsets = entries(table, kEnd);
      for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) for (let r = 0; r < run; r++) {
        const from = b + y * by + x * bx + r, to = c + y * cy + x * cx + r;
        for (let m = 0; m < rows; m += 2) { // two rows at once: b is fetched once for both
          const next = m + 1 < rows ? 1 : 0;
          const a0 = a + m * am, a1 = a0 + next * am, c0 = to + m * cm, c1 = c0 + next * cm;
          let s0 = adding ? data[c0] : 0, s1 = adding ? data[c1] : 0;
          for (let k = 0; k < kEnd; k++) {
            const value = data[from + offsets[k]];
            s0 = round(s0 + round(data[a0 + k] * value));
            s1 = round(s1 + round(data[a1 + k] * value));
          }
          data[c0] = s0;
          data[c1] = s1;
        }
      }
    },
    correlate(w, wm, d, dm, dy, dx, kEnd, b, by, bx, run, table, rows, ny, nx) {
      const offsets = entries(table, kEnd);
      for (let m = 0; m < rows; m++) for (let k = 0; k < kEnd; k++) {
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) {
          let p = d + m * dm + y * dy + x * dx, q = b + offsets[k] + y * by + x * bx;
          const end = p + run;
          for (; p + 4 <= end; p += 4, q += 4) {
            s0 = round(s0 + round(data[p] * data[q]));
            s1 = round(s1 + round(data[p + 1] * data[q + 1]));
            s2 = round(s2 + round(data[p + 2] * data[q + 2]));
            s3 = round(s3 + round(data[p + 3] * data[q + 3]));
          }
          for (; p < end; p++, q++) s0 = round(s0 + round(data[p] * data[q]));
        }
        data[w + m * wm + k] = round(s0 + round(s1 + round(s2 + s3)));
      }
    },
    blend(out, x, y, run, adding, scale, other, shift) {
      const [a, b, c] = [round(scale), round(other), round(shift)];
      for (let i = 0; i < run; i++) {
        const value = round(round(round(data[x + i] * a) + round(data[y + i] * b)) + c);
        data[out + i] = adding ? data[out + i] + value : value;
      }
    },
    rectify(out, x, run) {
      for (let i = 0; i < run; i++) data[out + i] = Math.max(data[x + i], 0);
    },
    gate(out, d, y, run, adding) {
      for (let i = 0; i < run; i++) {
        data[out + i] = (data[y + i] > 0 ? data[d + i] : 0) + (adding ? data[out + i] : 0);
      }
    },
    sums(x, y, run) {
      const s = [0, 0], t = [0, 0];
      for (let i = 0; i < run; i++) {
        s[i & 1] += data[x + i];
        t[i & 1] += data[x + i] * data[y + i];
      }
      return [s[0] + s[1], t[0] + t[1]];
    },
  };
}
