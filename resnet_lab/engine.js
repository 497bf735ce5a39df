/* A network in the page: forward, backward, a training step. No dependency; a page, a worker and node can run it.

   const net = resnetEngine.engine(graph, [3, 32, 32]);    // the package's graph; channels, height, width of the input
   net.initialise(seed);                                   // or net.load({"conv1.weight": numbers, ...})
   const logits = net.forward(x, n, {train: false});       // x: n images, flat, in the order (n, channel, row, column)
   const {loss, correct} = net.loss(labels);               // softmax cross-entropy, the mean over the batch
   net.backward();                                         // then net.gradient("conv1.weight"), net.gradient("relu")
   net.step({lr: 0.1, momentum: 0.9, weightDecay: 1e-4});  // PyTorch's SGD
   net.train(x, labels, n, {lr: 0.1, ...});                // the four in one; gives {loss, correct}

   net.output(name), net.gradient(name)    of a layer or "input", in the order (n, channel, row, column)
   net.get(name), net.shapes               a parameter, the shapes of all; net.save() gives all as an object
   net.sizes                               {layer: [channels, height, width]}
   net.setScale(name, index, factor)       input `index` of an addition or concatenation counts `factor` times
   net.backward({from: name, gradient: numbers, weights: false, input: true})      the effective receptive field of a unit
   options of engine: precision "float32" or "float64"; simd false: without WebAssembly, slower, the same bits

   How it is laid out. A map is stored as (channel, row, column, n): the images of a batch lie side by side. Then the
   numbers that a filter is slid over are long runs whatever the image's size, a channel is one run (BatchNorm), flattening
   changes nothing, and a linear layer is a convolution over a single place. Every sum has one fixed order and every
   operation is one that IEEE 754 rounds exactly, so that all browsers, fast or slow path, give the same bits; Math.exp and
   its relatives do not, hence our own. */
const resnetEngine = (() => {
"use strict";

// --- Numbers ---------------------------------------------------------------------------------------------------------

const LN2_HIGH = 6.93147180369123816490e-1, LN2_LOW = 1.90821492927058770002e-10;  // their sum is log 2, to 30 digits
const TWO_TO = new Float64Array(2046);  // TWO_TO[1022 + k] is 2^k
TWO_TO[1022] = 1;
for (let k = 1; k < 1024; k++) TWO_TO[1022 + k] = 2 * TWO_TO[1021 + k];
for (let k = 1; k < 1023; k++) TWO_TO[1022 - k] = TWO_TO[1023 - k] / 2;

/** e^x: 2^k times the series for the rest, which is at most half of log 2. */
function exp(x) {
  if (x < -700) return 0;
  if (x > 700) return Infinity;
  if (x !== x) return x;
  const k = Math.floor(x / LN2_HIGH + 0.5), rest = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let i = 13; i > 0; i--) sum = 1 + sum * rest / i;
  return sum * TWO_TO[1022 + k];
}

/** log x for x > 0: halved or doubled until near 1, then 2 artanh((x - 1) / (x + 1)) as a series. */
function log(x) {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x;
  let k = 0, sum = 0;
  for (; x > 1.4142135623730951; k++) x /= 2;
  for (; x < 0.7071067811865476; k--) x *= 2;
  const z = (x - 1) / (x + 1);
  for (let i = 21; i > 0; i -= 2) sum = sum * z * z + 1 / i;
  return k * LN2_HIGH + (2 * z * sum + k * LN2_LOW);
}

const sigmoid = (x) => 1 / (1 + exp(-x));
const tanh = (x) => { const small = exp(-2 * Math.abs(x)); return (x < 0 ? -1 : 1) * (1 - small) / (1 + small); };

/** mulberry32, a generator of 32 bits, and what is drawn with it. `resnet_lab.jobs` has the same in Python. */
function generator(seed) {
  let state = seed | 0, spare = null;
  const uniform = () => {
    state = state + 0x6D2B79F5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
  /** Standard normal, by Marsaglia's polar method: a point in the unit disc gives two. */
  const normal = () => {
    if (spare !== null) { const value = spare; spare = null; return value; }
    let u, v, s;
    do { u = 2 * uniform() - 1; v = 2 * uniform() - 1; s = u * u + v * v; } while (s >= 1 || s === 0);
    const factor = Math.sqrt(-2 * log(s) / s);
    spare = v * factor;
    return u * factor;
  };
  const below = (n) => Math.floor(uniform() * n);
  const shuffled = (n) => {  // 0 ... n - 1 in random order
    const order = Array.from({length: n}, (_, i) => i);
    for (let i = n - 1; i > 0; i--) { const j = below(i + 1); [order[i], order[j]] = [order[j], order[i]]; }
    return order;
  };
  return {uniform, normal, below, shuffled};
}

// --- The hot loops, fast -----------------------------------------------------------------------------------------------
// WebAssembly is a small machine inside the browser that adds or multiplies four float32 at once. It has a stack: the words
// of the programs below run from left to right, a name or a number puts its value on the stack, an operation takes its
// values from there and puts the result back, `=name` takes the top and keeps it. So `S A X * + =S` is S = S + A * X, for
// four numbers if the names are vectors (those in capitals). `load`, `splat` and `int` take an address, in bytes, and give
// four numbers, one number four times, a whole number. `while test do ... repeat` and `if ... else ... end` are what they say.

const WORDS = {
  "i+": [0x6a], "i*": [0x6c], "i<": [0x48], "i<=": [0x4c],       // on whole numbers
  "+": [0xfd, 0xe4, 1], "*": [0xfd, 0xe6, 1], ">": [0xfd, 0x44], "max": [0xfd, 0xe9, 1], "and": [0xfd, 0x4e], // on four float32
  "four": [0xfd, 0x13], "f+": [0x92], "lane0": [0xfd, 0x1f, 0], "lane1": [0xfd, 0x1f, 1], "lane2": [0xfd, 0x1f, 2],
  "lane3": [0xfd, 0x1f, 3], "double": [0xfd, 0x5f], "d+": [0xfd, 0xf0, 1], "d*": [0xfd, 0xf2, 1],   // d: on two float64
  "while": [2, 0x40, 3, 0x40], "do": [0x45, 0x0d, 1], "repeat": [0x0c, 0, 0x0b, 0x0b], "if": [4, 0x40], "else": [5], "end": [0x0b],
};
const MEMORY_WORDS = {  // "load+16" is 16 bytes further
  "int": [0x28], "fload": [0x2a], "fstore": [0x38], "load": [0xfd, 0], "store": [0xfd, 0x0b], "splat": [0xfd, 9],
  "one": [0xfd, 0x5c], "two": [0xfd, 0x5d], "put": [0xfd, 0x5a],   // one or two numbers, the other lanes zero; put the first lane
};

/** The bytes of a WebAssembly module from programs, {name: [parameters, scalars, program]}; scalars are float32 parameters. */
function assemble(programs) {
  const number = (n) => n < 64 ? [n] : [n & 127 | 128, n >> 7];  // the format's variable length, up to 8191
  const list = (items) => [...number(items.length), ...items.flat()];
  const section = (id, bytes) => [id, ...number(bytes.length), ...bytes];
  const text = (name) => list([...name].map((letter) => letter.charCodeAt()));
  const types = [], names = [], bodies = [];
  for (const [name, [parameters, scalars, program]] of Object.entries(programs)) {
    const locals = [...parameters.split(" "), ...scalars.split(" ").filter(Boolean)], given = locals.length;
    const words = program.trim().split(/\s+/);
    const own = new Set(words.filter((word) => word[0] === "=").map((word) => word.slice(1)).filter((word) => !locals.includes(word)));
    const vectors = ["ZERO", ...[...own].filter((word) => word < "a")], integers = [...own].filter((word) => word >= "a");
    locals.push(...integers, ...vectors);
    const code = words.flatMap((word) => {
      const [memory, further = 0] = word.split("+");
      if (WORDS[word]) return WORDS[word];
      if (MEMORY_WORDS[memory]) return [...MEMORY_WORDS[memory], 0, ...number(+further), ...(memory === "put" ? [0] : [])];
      if (/^\d/.test(word)) return [0x41, ...number(+word)];
      return word[0] === "=" ? [0x21, locals.indexOf(word.slice(1))] : [0x20, locals.indexOf(word)];
    });
    const body = [2, ...number(integers.length), 0x7f, ...number(vectors.length), 0x7b, ...code, 0x0b];
    types.push([0x60, ...list(locals.slice(0, given).map((local) => scalars.includes(local) && local < "a" ? 0x7d : 0x7f)), 0]);
    bodies.push([...number(body.length), ...body]);
    names.push([...text(name), 0, names.length]);
  }
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, list(types)),
    ...section(2, list([[...text("m"), ...text("m"), 2, 0, 1]])), ...section(3, list(types.map((_, i) => [i]))),
    ...section(7, list(names)), ...section(10, list(bodies))]);
}

const loop = (i, limit, step, body) => `0 =${i} while ${i} ${limit} i< do ${body} ${i} ${step} i+ =${i} repeat`;
const four = (text) => [0, 1, 2, 3].map(text).join(" ");
const eight = (text) => four((j) => text(j, 0) + " " + text(j, 1));
// Rows m to m + 3 of a matrix, as far as there are so many: the last one stands in for those that are missing.
const rows = (p, step) => [1, 2, 3].map((j) => `m ${j} i+ rows i< ${step} i* ${p}${j - 1} i+ =${p}${j}`).join(" ");
// Along a run four at a time, and what is left one at a time.
const along = (body) => `0 =r while r 16 i+ run i<= do ${body("load", "store")} r 16 i+ =r repeat
  while r run i< do ${body("one", "put")} r 4 i+ =r repeat`;

const PROGRAMS = {
  // c[m, place] = sum over k of a[m, k] * b[place + table[k]], for all places: ny rows of nx columns of a run. The tile
  // that is worked on, four rows by eight numbers of the run, stays in the machine's sixteen registers while k runs; a
  // number of `a` is used eight times and one of `b` four times for each time it is fetched. That is all the speed there is.
  multiply: ["c cm cy cx rows a am k_end table b by bx ny nx run adding", "",
    loop("y", "ny", 1, loop("x", "nx", 1, loop("r", "run", 32, `
      b y by i* i+ x bx i* i+ r i+ =from  c y cy i* i+ x cx i* i+ r i+ =c0  a =a0
      ${loop("m", "rows", 4, `
        ${rows("a", "am")} ${rows("c", "cm")}
        ${eight((j, v) => `ZERO =S${j}${v}`)}
        adding if ${eight((j, v) => `c${j} load+${16 * v} =S${j}${v}`)} end
        ${loop("k", "k_end", 4, `
          table k i+ int from i+ =p  p load =X0  p load+16 =X1
          ${four((j) => `a${j} k i+ splat =A  S${j}0 A X0 * + =S${j}0  S${j}1 A X1 * + =S${j}1`)}`)}
        r 32 i+ run i<= if ${eight((j, v) => `c${j} S${j}${v} store+${16 * v}`)}
        else ${eight((j, v) => `0 S${j}${v} store+${32 * j + 16 * v}`)}
          ${loop("i", "run", 4, `i r i+ run i< if ${four((j) => `c${j} i i+  i fload+${32 * j}  fstore`)} end`)} end
        a0 am 4 i* i+ =a0  c0 cm 4 i* i+ =c0`)}`)))],
  // w[m, k] = sum over places of d[m, place] * b[place + table[k]]: the gradient of the weights. Here the run is what is
  // summed over, in four sums that are added at the end.
  correlate: ["w wm rows k_end d dm dy dx table b by bx ny nx run", "", loop("m", "rows", 4, loop("k", "k_end", 8, `
      d m dm i* i+ =d0 ${rows("d", "dm")}  w m wm i* i+ k i+ =w0 ${rows("w", "wm")}
      k 4 i+ k_end i< 4 i* =next  table k i+ int b i+ =b0  table k i+ next i+ int b i+ =b1
      ${eight((j, v) => `ZERO =S${j}${v}`)}
      ${loop("y", "ny", 1, loop("x", "nx", 1, `y dy i* x dx i* i+ =p  y by i* x bx i* i+ =q
        ${along((load) => `b0 q i+ r i+ ${load} =X0  b1 q i+ r i+ ${load} =X1
          ${four((j) => `d${j} p i+ r i+ ${load} =A  S${j}0 A X0 * + =S${j}0  S${j}1 A X1 * + =S${j}1`)}`)}`))}
      ${eight((j, v) => `w${j} ${v ? "next i+" : ""} ${[0, 1, 2, 3].map((l) => `S${j}${v} lane${l}`).join(" ")} f+ f+ f+ fstore`)}`))],
  // out = scale x + other y + shift, added to what is there if `adding`: BatchNorm both ways, addition, bias.
  blend: ["out x y run adding", "SCALE OTHER SHIFT", `SCALE four =A OTHER four =B SHIFT four =C
    adding if ${along((load, store) => `out r i+  out r i+ ${load} x r i+ ${load} A *  y r i+ ${load} B *  +  C + + ${store}`)}
    else ${along((load, store) => `out r i+  x r i+ ${load} A *  y r i+ ${load} B *  +  C + ${store}`)} end`],
  rectify: ["out x run", "", along((load, store) => `out r i+  x r i+ ${load} ZERO max ${store}`)],
  // out = d where y > 0, else 0; added to what is there if `adding`.
  gate: ["out d y run adding", "", `
    adding if ${along((load, store) => `out r i+  out r i+ ${load}  y r i+ ${load} ZERO >  d r i+ ${load} and + ${store}`)}
    else ${along((load, store) => `out r i+  y r i+ ${load} ZERO >  d r i+ ${load} and ${store}`)} end`],
  // The sums of x and of x * y as float64, even and odd places apart, into the first 32 bytes.
  sums: ["x y run", "", `0 =r while r 8 i+ run i<= do x r i+ two double =V  S V d+ =S  T V y r i+ two double d* d+ =T  r 8 i+ =r repeat
    r run i< if x r i+ one double =V  S V d+ =S  T V y r i+ one double d* d+ =T end  0 S store 0 T store+16`],
};
let compiled;

/** The programs on the numbers of one memory; addresses and strides are given in numbers and handed on in bytes. */
function fastLoops() {
  const memory = new WebAssembly.Memory({initial: 1});
  compiled ??= new WebAssembly.Module(assemble(PROGRAMS));
  const run = new WebAssembly.Instance(compiled, {m: {m: memory}}).exports;
  return {
    fast: true,
    grow: (bytes) => {
      if (bytes > memory.buffer.byteLength) memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / 65536));
      return memory.buffer;
    },
    multiply: (c, cm, cy, cx, rows, a, am, k, table, b, by, bx, ny, nx, length, adding) => run.multiply(4 * c, 4 * cm, 4 * cy, 4 * cx,
      rows, 4 * a, 4 * am, 4 * k, 4 * table.at, 4 * b, 4 * by, 4 * bx, ny, nx, 4 * length, adding),
    correlate: (w, wm, rows, k, d, dm, dy, dx, table, b, by, bx, ny, nx, length) => run.correlate(4 * w, 4 * wm, rows, 4 * k,
      4 * d, 4 * dm, 4 * dy, 4 * dx, 4 * table.at, 4 * b, 4 * by, 4 * bx, ny, nx, 4 * length),
    blend: (out, x, y, length, adding, scale, other, shift) => run.blend(4 * out, 4 * x, 4 * y, 4 * length, adding, scale, other, shift),
    rectify: (out, x, length) => run.rectify(4 * out, 4 * x, 4 * length),
    gate: (out, d, y, length, adding) => run.gate(4 * out, 4 * d, 4 * y, 4 * length, adding),
    sums: (x, y, length) => {
      run.sums(4 * x, 4 * y, 4 * length);
      const [s0, s1, t0, t1] = new Float64Array(memory.buffer, 0, 4);
      return [s0 + s1, t0 + t1];
    },
  };
}

// --- The same loops, plain -----------------------------------------------------------------------------------------------

/** The programs in JavaScript: the same sums in the same order, rounded where the machine rounds. float64 rounds by itself. */
function plainLoops(Numbers) {
  const round = Numbers === Float32Array ? Math.fround : (x) => x;
  let data = new Numbers(0);
  return {
    fast: false,
    grow: (bytes) => {
      if (bytes > data.byteLength) { const old = data; data = new Numbers(bytes / Numbers.BYTES_PER_ELEMENT); data.set(old); }
      return data.buffer;
    },
    multiply(c, cm, cy, cx, rows, a, am, kEnd, {list}, b, by, bx, ny, nx, length, adding) {
      for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) for (let r = 0; r < length; r++) {
        const from = b + y * by + x * bx + r, to = c + y * cy + x * cx + r;
        for (let m = 0; m < rows; m += 2) {  // two rows at once: a number of b is fetched once for both
          const next = m + 1 < rows ? 1 : 0, a0 = a + m * am, a1 = a0 + next * am, c0 = to + m * cm, c1 = c0 + next * cm;
          let s0 = adding ? data[c0] : 0, s1 = adding ? data[c1] : 0;
          for (let k = 0; k < kEnd; k++) {
            const value = data[from + list[k]];
            s0 = round(s0 + round(data[a0 + k] * value));
            s1 = round(s1 + round(data[a1 + k] * value));
          }
          data[c0] = s0;
          data[c1] = s1;
        }
      }
    },
    correlate(w, wm, rows, kEnd, d, dm, dy, dx, {list}, b, by, bx, ny, nx, length) {
      for (let m = 0; m < rows; m++) for (let k = 0; k < kEnd; k++) {
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) {
          let p = d + m * dm + y * dy + x * dx, q = b + list[k] + y * by + x * bx;
          const end = p + length;
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
    blend(out, x, y, length, adding, scale, other, shift) {
      scale = round(scale); other = round(other); shift = round(shift);
      for (let i = 0; i < length; i++) {
        const value = round(round(round(data[x + i] * scale) + round(data[y + i] * other)) + shift);
        data[out + i] = adding ? data[out + i] + value : value;
      }
    },
    rectify(out, x, length) { for (let i = 0; i < length; i++) data[out + i] = Math.max(data[x + i], 0); },
    gate(out, d, y, length, adding) {
      for (let i = 0; i < length; i++) data[out + i] = (data[y + i] > 0 ? data[d + i] : 0) + (adding ? data[out + i] : 0);
    },
    sums(x, y, length) {
      let s0 = 0, s1 = 0, t0 = 0, t1 = 0, i = 0;
      for (; i + 2 <= length; i += 2) {
        s0 += data[x + i]; t0 += data[x + i] * data[y + i];
        s1 += data[x + i + 1]; t1 += data[x + i + 1] * data[y + i + 1];
      }
      if (i < length) { s0 += data[x + i]; t0 += data[x + i] * data[y + i]; }
      return [s0 + s1, t0 + t1];
    },
  };
}

// --- The layers ------------------------------------------------------------------------------------------------------

const EPSILON = 1e-5, MOMENTUM = 0.1;  // BatchNorm's
const times = (dims, value, neutral) => dims === 1 ? [neutral, value] : [value, value];  // row and column axis
const outputSize = (n, k, s, p, d) => Math.floor((n + 2 * p - d * (k - 1) - 1) / s) + 1;

/** For every kind: the shape of its output, from the shapes [channels, height, width] of its inputs. */
function outputShape(layer, dims, shapes) {
  const [channels, height, width] = shapes[0];
  const {kernel = 1, stride = 1, padding = 0, dilation = 1} = layer;
  const windows = () => [height, width].map((n, axis) => layer.output_size ? times(dims, layer.output_size, 1)[axis] : outputSize(n,
    times(dims, kernel, 1)[axis], times(dims, stride, 1)[axis], times(dims, padding, 0)[axis], dilation));
  switch (layer.kind) {
    case "conv": return [layer.channels, ...windows()];
    case "maxpool": case "avgpool": return [channels, ...windows()];
    case "linear": return [layer.channels, 1, 1];
    case "flatten": return [channels * height * width, 1, 1];
    case "concat": return [shapes.reduce((sum, shape) => sum + shape[0], 0), height, width];
    case "zero-pad": return [layer.channels, ...times(dims, stride, 1).map((s, axis) => Math.ceil([height, width][axis] / s))];
    case "multiply": return shapes.reduce((a, b) => a[1] * a[2] >= b[1] * b[2] ? a : b);
    default: return shapes[0];
  }
}

/** The parameters of a layer, {name: shape}. */
function parameterShapes(layer, dims, [channels, height, width]) {
  switch (layer.kind) {
    case "conv": return {
      weight: [layer.channels, channels / (layer.groups ?? 1), ...Array(dims).fill(layer.kernel)], ...(layer.bias && {bias: [layer.channels]})};
    case "linear": return {weight: [layer.channels, channels * height * width], ...(layer.bias && {bias: [layer.channels]})};
    case "batchnorm": return {weight: [channels], bias: [channels], running_mean: [channels], running_var: [channels]};
    default: return {};
  }
}

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

/* Each kind is a function that gets its layer `to`, its inputs `from`, and the engine's tools; it gives {forward(training),
   backward(weights)}. A layer has shape, at and grad (where its numbers and their gradient begin), places (height * width * n).
   `tools.pass(layer)` says how to hand a gradient on: undefined if nobody wants it, 1 to add to what is there, 0 to write. */
const KINDS = {
  conv(to, [from], tools) {
    const {dims, n, loops} = tools, {groups = 1} = to, [channels, height, width] = to.kind === "linear" ? [product(from.shape), 1, 1] : from.shape;
    const [outs, outHeight, outWidth] = to.shape;
    const [kernel, stride, padding, dilation] = to.kind === "linear" ? [[1, 1], [1, 1], [0, 0], [1, 1]]
      : [times(dims, to.kernel, 1), times(dims, to.stride ?? 1, 1), times(dims, to.padding ?? 0, 0), times(dims, to.dilation ?? 1, 1)];
    const ins = channels / groups, rows = outs / groups, size = ins * kernel[0] * kernel[1];
    // The input with its border of zeros; tap k of the filter finds its number table[k] further than the place of the output.
    const input = tools.frame([channels, height, width], padding, [height + 2 * padding[0], width + 2 * padding[1]], stride[1]);
    const taps = [];
    for (let i = 0; i < ins; i++) for (let ky = 0; ky < kernel[0]; ky++) for (let kx = 0; kx < kernel[1]; kx++) {
      taps.push(input.index(i, ky * dilation[0], kx * dilation[1]));
    }
    const table = tools.table(taps), step = stride[0] * input.row, whole = step === outWidth * n;
    const [ny, run] = whole ? [1, to.places] : [outHeight, outWidth * n];
    const {weight, bias} = to.parameters;

    // For the gradient of the input the filter goes backwards. With a stride the pixels fall into classes, each seen by other
    // taps: a class is a convolution of the outputs' gradient with the taps that see it.
    const axes = [0, 1].map((axis) => Array.from({length: stride[axis]}, (_, phase) => {
      const seen = [];
      for (let k = 0; k < kernel[axis]; k++) {
        const shift = (phase + padding[axis] - k * dilation[axis]) / stride[axis];
        if (Number.isInteger(shift)) seen.push([k, shift]);
      }
      return {phase, seen, count: Math.ceil(([height, width][axis] - phase) / stride[axis])};
    }));
    const limits = axes.map((phases, axis) => {
      let low = 0, high = [outHeight, outWidth][axis];
      for (const {seen, count} of phases) for (const [, shift] of seen) { low = Math.min(low, shift); high = Math.max(high, shift + count); }
      return [low, high];
    });
    const border = limits.map(([low]) => -low);
    const output = tools.frame(to.shape, border, limits.map(([low, high]) => high - low), 1);
    const classes = axes[0].flatMap((y) => axes[1].map((x) => {
      const taps = [], weights = [];
      for (let o = 0; o < rows; o++) for (const [ky, sy] of y.seen) for (const [kx, sx] of x.seen) {
        taps.push(output.index(o, border[0] + sy, border[1] + sx));
        weights.push(o * size + ky * kernel[1] + kx);
      }
      return {y, x, weights, table: tools.table(taps), turned: tools.scratch(ins * taps.length)};
    }));
    return {
      forward() {
        const data = input.fill(from.at);
        for (let g = 0; g < groups; g++) {
          loops.multiply(to.at + g * rows * to.places, to.places, outWidth * n, 0, rows, weight.at + g * rows * size, size, size,
            table, data + input.index(g * ins, 0, 0), step, 0, ny, 1, run, 0);
        }
        if (bias) for (let c = 0; c < outs; c++) {
          const at = to.at + c * to.places;
          loops.blend(at, at, at, to.places, 0, 1, 0, tools.data[bias.at + c]);
        }
      },
      backward(weights) {
        if (weights) {
          const data = input.fill(from.at);
          for (let g = 0; g < groups; g++) {
            loops.correlate(weight.grad + g * rows * size, size, rows, size, to.grad + g * rows * to.places, to.places, outWidth * n, 0,
              table, data + input.index(g * ins, 0, 0), step, 0, ny, 1, run);
          }
          if (bias) for (let c = 0; c < outs; c++) tools.data[bias.grad + c] = loops.sums(to.grad + c * to.places, to.grad, to.places)[0];
        }
        const adding = tools.pass(from);
        if (adding === undefined) return;
        const gradient = output.fill(to.grad), {data} = tools, row = output.row, places = height * width * n;
        for (const {y, x, weights, table, turned} of classes) {
          const joined = stride[1] === 1, columns = joined ? 1 : x.count, length = joined ? width * n : n;
          for (let g = 0; g < groups; g++) {
            for (let i = 0; i < ins; i++) for (let k = 0; k < weights.length; k++) {
              data[turned.at + i * weights.length + k] = data[weight.at + g * rows * size + i * kernel[0] * kernel[1] + weights[k]];
            }
            const flat = joined && stride[0] === 1 && row === length;
            loops.multiply(from.grad + g * ins * places + (y.phase * width + x.phase) * n, places, stride[0] * width * n, stride[1] * n,
              ins, turned.at, weights.length, weights.length, table, gradient + output.index(g * rows, 0, 0), row, n,
              flat ? 1 : y.count, columns, flat ? places : length, adding);
          }
        }
      },
    };
  },

  batchnorm(to, [from], {data, loops, pass}) {
    const {weight, bias, running_mean: runningMean, running_var: runningVar} = to.parameters, {places} = to;
    const mean = new Float64Array(to.shape[0]), inverse = new Float64Array(to.shape[0]);
    let trained;
    return {
      forward(training) {
        if (training && places < 2) throw new Error(`${to.name} has one number a channel; to train, give it more images`);
        trained = training;
        for (let c = 0; c < mean.length; c++) {
          const at = from.at + c * places;
          let variance = data[runningVar.at + c];
          mean[c] = data[runningMean.at + c];
          if (training) {
            const [sum, squares] = loops.sums(at, at, places), m = sum / places, v = Math.max(squares / places - m * m, 0);
            data[runningMean.at + c] = (1 - MOMENTUM) * mean[c] + MOMENTUM * m;
            data[runningVar.at + c] = (1 - MOMENTUM) * variance + MOMENTUM * v * places / (places - 1);
            mean[c] = m;
            variance = v;
          }
          inverse[c] = 1 / Math.sqrt(variance + EPSILON);
          const scale = data[weight.at + c] * inverse[c];
          loops.blend(to.at + c * places, at, at, places, 0, scale, 0, data[bias.at + c] - mean[c] * scale);
        }
      },
      backward(weights) {
        const adding = pass(from);
        for (let c = 0; c < mean.length; c++) {
          const at = from.at + c * places, grad = to.grad + c * places, scale = data[weight.at + c] * inverse[c];
          const [sum, along] = weights || trained ? loops.sums(grad, at, places) : [0, 0];
          const slope = (along - mean[c] * sum) * inverse[c];  // the gradient of the weight
          if (weights) { data[weight.grad + c] = slope; data[bias.grad + c] = sum; }
          if (adding === undefined) continue;
          const other = trained ? -scale * inverse[c] * slope / places : 0;
          const shift = trained ? -scale * sum / places - other * mean[c] : 0;
          loops.blend(from.grad + c * places, grad, at, places, adding, scale, other, shift);
        }
      },
    };
  },

  relu(to, [from], {loops, pass}) {
    const length = to.shape[0] * to.places;
    return {
      forward() { loops.rectify(to.at, from.at, length); },
      backward() {
        const adding = pass(from);
        if (adding !== undefined) loops.gate(from.grad, to.grad, to.at, length, adding);
      },
    };
  },

  tanh: (to, from, tools) => curve(to, from, tools, tanh, (y) => 1 - y * y),
  sigmoid: (to, from, tools) => curve(to, from, tools, sigmoid, (y) => y * (1 - y)),

  add(to, from, {loops, pass}) {
    const length = to.shape[0] * to.places;
    return {
      forward() {
        const [a, b = a, ...more] = from;
        loops.blend(to.at, a.at, b.at, length, 0, to.scales[0], from.length > 1 ? to.scales[1] : 0, 0);
        more.forEach((input, i) => loops.blend(to.at, input.at, input.at, length, 1, to.scales[i + 2], 0, 0));
      },
      backward() {
        from.forEach((input, i) => {
          const adding = pass(input);
          if (adding !== undefined) loops.blend(input.grad, to.grad, to.grad, length, adding, to.scales[i], 0, 0);
        });
      },
    };
  },

  concat(to, from, {loops, pass}) {
    const parts = from.map((input, i) => [input, i, from.slice(0, i).reduce((sum, other) => sum + other.shape[0], 0) * to.places]);
    return {
      forward() {
        for (const [{at, shape}, i, start] of parts) loops.blend(to.at + start, at, at, shape[0] * to.places, 0, to.scales[i], 0, 0);
      },
      backward() {
        for (const [input, i, start] of parts) {
          const adding = pass(input), grad = to.grad + start;
          if (adding !== undefined) loops.blend(input.grad, grad, grad, input.shape[0] * to.places, adding, to.scales[i], 0, 0);
        }
      },
    };
  },

  multiply(to, from, {data, n, pass}) {
    const [a, b] = from;
    const index = (layer, c, p) => layer.places === to.places ? c * to.places + p : c * n + p % n;  // a gate has one place
    const each = (act) => { for (let c = 0; c < to.shape[0]; c++) for (let p = 0; p < to.places; p++) act(c * to.places + p, c, p); };
    return {
      forward() { each((i, c, p) => { data[to.at + i] = data[a.at + index(a, c, p)] * data[b.at + index(b, c, p)]; }); },
      backward() {
        for (const [one, other] of [[a, b], [b, a]]) {
          const adding = pass(one);
          if (adding === undefined) continue;
          if (!adding) data.fill(0, one.grad, one.grad + one.shape[0] * one.places);
          each((i, c, p) => { data[one.grad + index(one, c, p)] += data[to.grad + i] * data[other.at + index(other, c, p)]; });
        }
      },
    };
  },

  maxpool(to, [from], tools) {
    const chosen = new Int32Array(to.shape[0] * to.places), {data} = tools;
    return pool(to, from, tools, (out, first, length, cells) => {
      for (let j = 0; j < length; j++) {
        let best = first + cells[0] + j;
        for (const cell of cells) if (!(data[first + cell + j] <= data[best])) best = first + cell + j;
        chosen[out + j - to.at] = best - from.at;
        data[out + j] = data[best];
      }
    }, (out, first, length) => {
      for (let j = 0; j < length; j++) data[from.grad + chosen[out + j - to.grad]] += data[out + j];
    });
  },

  avgpool(to, [from], tools) {
    const {data} = tools;
    return pool(to, from, tools, (out, first, length, cells, area) => {
      for (let j = 0; j < length; j++) {
        let sum = 0;
        for (const cell of cells) sum += data[first + cell + j];
        data[out + j] = sum / area;
      }
    }, (out, first, length, cells, area) => {
      for (const cell of cells) for (let j = 0; j < length; j++) data[first + cell + j] += data[out + j] / area;
    });
  },

  "zero-pad"(to, [from], {dims, n, data, pass}) {
    const [channels, height, width] = from.shape, [sy, sx] = times(dims, to.stride ?? 1, 1);
    const each = (act) => {
      let i = 0;
      for (let c = 0; c < channels; c++) for (let y = 0; y < height; y += sy) for (let x = 0; x < width; x += sx) {
        for (let j = 0; j < n; j++) act(i++, ((c * height + y) * width + x) * n + j);
      }
    };
    return {
      forward() {
        data.fill(0, to.at + channels * to.places, to.at + to.shape[0] * to.places);
        each((small, large) => { data[to.at + small] = data[from.at + large]; });
      },
      backward() {
        const adding = pass(from);
        if (adding === undefined) return;
        if (!adding) data.fill(0, from.grad, from.grad + channels * from.places);
        each((small, large) => { data[from.grad + large] += data[to.grad + small]; });
      },
    };
  },

  dropout(to, [from], {data, random, pass}) {
    const p = to.probability ?? 0.5, kept = new Float64Array(to.shape[0] * to.places);
    return {
      forward(training) {
        for (let i = 0; i < kept.length; i++) {
          kept[i] = training ? (random.uniform() < p ? 0 : 1 / (1 - p)) : 1;
          data[to.at + i] = data[from.at + i] * kept[i];
        }
      },
      backward() {
        const adding = pass(from);
        if (adding === undefined) return;
        for (let i = 0; i < kept.length; i++) data[from.grad + i] = data[to.grad + i] * kept[i] + (adding ? data[from.grad + i] : 0);
      },
    };
  },
};
KINDS.linear = KINDS.conv;
KINDS.flatten = KINDS.add;  // of one input: nothing changes but the shape

/** A function of every number by itself, and its slope as a function of its result. */
function curve(to, [from], {data, pass}, value, slope) {
  const length = to.shape[0] * to.places;
  return {
    forward() { for (let i = 0; i < length; i++) data[to.at + i] = value(data[from.at + i]); },
    backward() {
      const adding = pass(from);
      if (adding === undefined) return;
      for (let i = 0; i < length; i++) {
        data[from.grad + i] = data[to.grad + i] * slope(data[to.at + i]) + (adding ? data[from.grad + i] : 0);
      }
    },
  };
}

/** Pooling: `up` and `down` get the place of the output, that of the channel's first input, n, the window's places, its area. */
function pool(to, from, {dims, n, data, pass}, up, down) {
  const {kernel = 1, padding = 0, output_size: adaptive} = to, stride = to.stride ?? kernel;
  const windows = [0, 1].map((axis) => Array.from({length: to.shape[axis + 1]}, (_, i) => {
    const size = from.shape[axis + 1], [k, s, p] = [times(dims, kernel, 1)[axis], times(dims, stride, 1)[axis], times(dims, padding, 0)[axis]];
    const [start, end] = adaptive ? [Math.floor(i * size / to.shape[axis + 1]), Math.ceil((i + 1) * size / to.shape[axis + 1])]
      : [i * s - p, i * s - p + k];
    return {start: Math.max(start, 0), end: Math.min(end, size), whole: end - start};
  }));
  const cells = windows[0].flatMap((y) => windows[1].map((x) => {
    const cells = [];
    for (let i = y.start; i < y.end; i++) for (let j = x.start; j < x.end; j++) cells.push((i * from.shape[2] + j) * n);
    return [cells, y.whole * x.whole];
  }));
  const each = (act, out, first) => {
    for (let c = 0; c < to.shape[0]; c++) cells.forEach(([cells, area], i) => {
      act(out + c * to.places + i * n, first + c * from.places, n, cells, area);
    });
  };
  return {
    forward() { each(up, to.at, from.at); },
    backward() {
      const adding = pass(from);
      if (adding === undefined) return;
      if (!adding) data.fill(0, from.grad, from.grad + from.shape[0] * from.places);
      each(down, to.grad, from.grad);
    },
  };
}

// --- The network -----------------------------------------------------------------------------------------------------

/** The network that `graph` describes, for inputs of one shape: [channels, height, width], or [channels, length]. */
function engine(graph, shape, {precision = "float32", simd = true} = {}) {
  const {dims = 2} = graph, Numbers = precision === "float64" ? Float64Array : Float32Array;
  const loops = simd && precision === "float32" && hasSimd() ? fastLoops() : plainLoops(Numbers);
  const input = {name: "input", kind: "input", shape: dims === 1 ? [shape[0], 1, shape[1]] : [...shape], parameters: {}};
  const layers = new Map([["input", input]]), parameters = new Map(), random = generator(0);
  let data, end, batch = 0, operations = [], wanted, labelled;

  const reserve = (count) => { const at = end; end += Math.ceil(count / 16) * 16; return at; };
  const make = (bytes) => { data = new Numbers(loops.grow(bytes), 0, bytes / Numbers.BYTES_PER_ELEMENT); };

  end = 32;  // the first 128 bytes are the fast loops' scratch
  for (const given of graph.layers) {
    const from = given.inputs.map((name) => layers.get(name));
    if (!KINDS[given.kind]) throw new Error(`${given.name} is of the kind ${given.kind}; the engine knows ${Object.keys(KINDS).join(", ")}`);
    if (from.includes(undefined)) throw new Error(`${given.name} takes ${given.inputs.join(", ")}; one of them does not come before it`);
    const layer = {...given, from, shape: outputShape(given, dims, from.map((one) => one.shape)), parameters: {}, scales: from.map(() => 1)};
    if (Math.min(...layer.shape) < 1) throw new Error(`the input ${shape.join(" x ")} is too small: nothing is left at ${given.name}`);
    if (given.kind === "add" && from.some((one) => String(one.shape) !== String(layer.shape))) {
      throw new Error(`${given.name} adds ${from.map((one) => one.shape.join(" x ")).join(" and ")}; they must be equal`);
    }
    for (const [part, shape] of Object.entries(parameterShapes(given, dims, from[0].shape))) {
      const size = product(shape), parameter = {shape, size, at: reserve(size), grad: reserve(size), learns: !part.startsWith("running")};
      layer.parameters[part] = parameter;
      parameters.set(`${given.name}.${part}`, parameter);
    }
    layers.set(given.name, layer);
  }
  const start = end, list = [...layers.values()], last = list[list.length - 1];
  make(4 * Math.ceil(end * Numbers.BYTES_PER_ELEMENT / 4));
  for (const [name, {at, size}] of parameters) if (/weight$|running_var$/.test(name)) data.fill(1, at, at + size);

  /** Lay everything out for batches of n. It is done twice: once to see how much memory it takes, once in that memory. */
  function plan(n) {
    for (const real of [false, true]) {
      const frames = new Map();
      end = start;
      for (const layer of list) {
        layer.places = layer.shape[1] * layer.shape[2] * n;
        layer.at = reserve(layer.shape[0] * layer.places);
        layer.grad = reserve(layer.shape[0] * layer.places);
      }
      /** A copy of a map with zeros around it; with a step its columns are sorted by their remainder, so that every
          step-th lie side by side. Layers of the same measures share one: it is filled when it is needed. */
      const frame = ([channels, height, width], [top, left], [rows, columns], step) => {
        const part = Math.ceil(columns / step) * n, row = step * part;
        const index = (c, y, x) => (c * rows + y) * row + x % step * part + Math.floor(x / step) * n;
        if (top === 0 && left === 0 && rows === height && columns === width && step === 1) return {row, index, fill: (at) => at};
        const key = [channels, height, width, top, left, rows, columns, step].join();
        if (!frames.has(key)) {
          const size = channels * rows * row, at = reserve(size);
          frames.set(key, at);
          if (real) data.fill(0, at, at + size);
        }
        const base = frames.get(key), run = step === 1 ? width * n : n, pieces = step === 1 ? 1 : width;
        const fill = (at) => {
          for (let c = 0; c < channels; c++) for (let y = 0; y < height; y++) for (let x = 0; x < pieces; x++) {
            const to = base + index(c, y + top, x + left), from = at + ((c * height + y) * pieces + x) * run;
            if (run > 48) data.copyWithin(to, from, from + run);
            else for (let j = 0; j < run; j++) data[to + j] = data[from + j];
          }
          return base;
        };
        return {row, index, fill};
      };
      const table = (list) => {
        const at = reserve(list.length);
        if (real && loops.fast) new Int32Array(data.buffer, 4 * at, list.length).set(list.map((index) => 4 * index));
        return {at, list: Int32Array.from(list)};
      };
      const pass = (layer) => {
        if (layer === input && !wanted) return undefined;
        const adding = layer.touched ? 1 : 0;
        layer.touched = true;
        return adding;
      };
      const tools = {dims, n, loops, data, random, frame, table, pass, scratch: (size) => ({at: reserve(size)})};
      operations = list.slice(1).map((layer) => ({layer, ...KINDS[layer.kind](layer, layer.from, tools)}));
      if (!real) make((end + 64) * Numbers.BYTES_PER_ELEMENT);
    }
    batch = n;
  }

  /** Between our order (feature, n) and everybody's (n, feature). */
  const write = (at, features, numbers) => {
    if (numbers.length !== features * batch) throw new Error(`${numbers.length} numbers were given where ${batch} x ${features} are needed`);
    for (let f = 0; f < features; f++) for (let n = 0; n < batch; n++) data[at + f * batch + n] = numbers[n * features + f];
  };
  const read = (at, features) => {
    const numbers = new Numbers(features * batch);
    for (let f = 0; f < features; f++) for (let n = 0; n < batch; n++) numbers[n * features + f] = data[at + f * batch + n];
    return numbers;
  };
  const find = (map, name) => {
    if (!map.has(name)) throw new Error(`there is no ${name}; there are ${[...map.keys()].slice(0, 8).join(", ")} ...`);
    return map.get(name);
  };
  const copy = (at, size) => data.slice(at, at + size);

  const net = {
    fast: loops.fast,
    shapes: Object.fromEntries([...parameters].map(([name, {shape}]) => [name, shape])),
    sizes: Object.fromEntries(list.map(({name, shape}) => [name, shape])),

    /** Draw all weights anew, in the layers' order: convolutions by `scheme`, normal with variance 2 / fan-out ("He"), 2 / (fan-in +
        fan-out) ("Xavier") or 0.0001 ("small"); linear layers uniform within 1 / sqrt(fan-in); BatchNorm 1 and 0. */
    initialise(seed, scheme = "He") {
      const {uniform, normal} = generator(seed);
      for (const [name, {shape, size, at}] of parameters) {
        const {kind, from} = layers.get(name.slice(0, name.lastIndexOf("."))), part = name.slice(name.lastIndexOf(".") + 1);
        const receptive = product(shape.slice(2)), bound = 1 / Math.sqrt(product(from[0].shape));
        const deviation = scheme === "small" ? 0.01 : Math.sqrt(2 / (receptive * (shape[0] + (scheme === "Xavier" ? shape[1] : 0))));
        const draw = kind === "linear" ? () => (2 * uniform() - 1) * bound : kind === "conv" && part === "weight" ? () => normal() * deviation
          : () => part === "weight" || part === "running_var" ? 1 : 0;
        for (let i = 0; i < size; i++) data[at + i] = draw();
        delete parameters.get(name).velocity;
      }
      return net;
    },

    /** Set parameters by name; those that are not named stay as they are. */
    load(values) {
      for (const [name, numbers] of Object.entries(values)) {
        const {at, size} = find(parameters, name);
        if (numbers.length !== size) throw new Error(`${name} has ${size} numbers, not ${numbers.length}`);
        data.set(numbers, at);
        delete parameters.get(name).velocity;
      }
      return net;
    },
    get: (name) => { const {at, size} = find(parameters, name); return copy(at, size); },
    save: () => Object.fromEntries([...parameters].map(([name, {at, size}]) => [name, copy(at, size)])),

    setScale(name, index, factor) { find(layers, name).scales[index] = factor; return net; },

    /** Logits, n times as many as there are classes (or whatever the last layer gives). */
    forward(x, n, {train = false} = {}) {
      if (n !== batch) plan(n);
      write(input.at, product(input.shape), x);
      for (const {forward} of operations) forward(train);
      labelled = false;
      return net.output(last.name);
    },

    /** Mean softmax cross-entropy of the last forward pass, and how many answers are right; prepares backward(). */
    loss(labels) {
      const classes = last.shape[0];
      if (last.places !== batch) throw new Error(`the output ${last.shape.join(" x ")} is a map, not one number a class`);
      let loss = 0, correct = 0;
      for (let n = 0; n < batch; n++) {
        const at = last.at + n, label = labels[n];
        let best = 0, sum = 0;
        for (let c = 1; c < classes; c++) if (data[at + c * batch] > data[at + best * batch]) best = c;
        const most = data[at + best * batch];
        for (let c = 0; c < classes; c++) sum += exp(data[at + c * batch] - most);
        for (let c = 0; c < classes; c++) {
          data[last.grad + n + c * batch] = (exp(data[at + c * batch] - most) / sum - (c === label ? 1 : 0)) / batch;
        }
        loss += log(sum) + most - data[at + label * batch];
        if (best === label) correct++;
      }
      labelled = true;
      return {loss: loss / batch, correct};
    },

    /** Gradients of the loss, or of `gradient` times the output of the layer `from`. weights: of the parameters; input: of x. */
    backward({from, gradient, weights = true, input: inputToo = false} = {}) {
      if (!from && !labelled) throw new Error("backward() needs loss(labels) first, or a layer and the gradient of its output");
      for (const layer of list) layer.touched = false;
      const origin = find(layers, from ?? last.name);
      if (from) write(origin.grad, origin.shape[0] * origin.places / batch, gradient);
      origin.touched = true;
      wanted = inputToo;
      for (let i = operations.length - 1; i >= 0; i--) if (operations[i].layer.touched) operations[i].backward(weights);
      return net;
    },

    /** SGD as PyTorch's: the decay goes into the gradient, the velocity starts at the first gradient. */
    step({lr, momentum = 0, weightDecay = 0, nesterov = false}) {
      for (const parameter of parameters.values()) {
        if (!parameter.learns) continue;
        const {at, grad, size} = parameter, velocity = parameter.velocity ??= new Numbers(size);
        for (let i = 0; i < size; i++) {
          const slope = data[grad + i] + weightDecay * data[at + i];
          velocity[i] = momentum * velocity[i] + slope;
          data[at + i] -= lr * (nesterov ? slope + momentum * velocity[i] : velocity[i]);
        }
      }
      return net;
    },

    train(x, labels, n, options) {
      net.forward(x, n, {train: true});
      const result = net.loss(labels);
      net.backward();
      net.step(options);
      return result;
    },

    output(name) { const {at, shape, places} = find(layers, name); return read(at, shape[0] * places / batch); },
    gradient(name) {
      if (parameters.has(name)) { const {grad, size} = parameters.get(name); return copy(grad, size); }
      const {grad, shape, places, touched} = find(layers, name);
      if (!touched) throw new Error(`${name} has no gradient: backward() did not come by (for "input", ask for it)`);
      return read(grad, shape[0] * places / batch);
    },
  };
  return net;
}

/** Whether this browser runs the fast loops. */
function hasSimd() {
  try { return typeof WebAssembly === "object" && WebAssembly.validate(assemble(PROGRAMS)); } catch { return false; }
}

return {engine, generator, exp, log, hasSimd};
})();
if (typeof module === "object") module.exports = resnetEngine;
