/* A network in the page: forward, backward, a training step. No dependency; page, worker or node.

   const net = resnetEngine.engine(graph, [3, 32, 32]);    // channels, height, width of the input
   net.initialise(seed);                                  // or net.load({"fc.weight": numbers})
   const logits = net.forward(x, n, {train: false});       // x: n images, (n, channel, row, column)
   const {loss, correct} = net.loss(labels);               // mean softmax cross-entropy
   net.backward();                                         // then net.gradient("conv1.weight")
   net.step({lr: 0.1, momentum: 0.9, weightDecay: 1e-4});  // PyTorch's SGD; nesterov: true
   net.train(x, labels, n, {lr: 0.1, ...});                // the four in one; gives {loss, correct}

   net.output(name), net.gradient(name)  of a layer or "input": (n, channel, row, column)
   net.get(name), net.save()             one parameter, all of them; net.shapes has their shapes
   net.sizes                             {layer: [channels, height, width]}
   net.setScale(name, index, factor)     input `index` of an addition or concatenation
   net.backward({from: name, gradient: numbers, weights: false, input: true})
                                         of one unit, say, for its effective receptive field
   options of engine: precision "float32" or "float64"; simd: false is slower, with the same bits.

   A map is stored as (channel, row, column, n): the images of a batch lie side by side. So what a
   filter meets are long runs whatever the size of the image, a channel is one run (BatchNorm),
   flattening changes nothing, and a linear layer is a convolution over a single place. Each sum has
   one order, and only operations are used that IEEE 754 rounds exactly: every browser, on either
   path, gives the same bits. Math.exp and its like do not, hence our own. */
const resnetEngine = (() => {
"use strict";

// --- Numbers ----------------------------------------------------------------

const LN2_HIGH = 6.93147180369123816490e-1, LN2_LOW = 1.90821492927058770002e-10; // log 2
const TWO_TO = new Float64Array(2046); // 2^k at 1022 + k
TWO_TO[1022] = 1;
for (let k = 1; k < 1023; k++) {
  TWO_TO[1022 + k] = 2 * TWO_TO[1021 + k];
  TWO_TO[1022 - k] = TWO_TO[1023 - k] / 2;
}

/** e^x: 2^k times a series for the rest, which is at most half of log 2. */
function exp(x) {
  if (!(x > -700 && x < 700)) return x < 0 ? 0 : x > 0 ? Infinity : x;
  const k = Math.floor(x / LN2_HIGH + 0.5), rest = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let i = 13; i > 0; i--) sum = 1 + sum * rest / i;
  return sum * TWO_TO[1022 + k];
}

/** log x for x > 0: halved or doubled until near 1, then a series in (x - 1) / (x + 1). */
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
const tanh = (x) => {
  const small = exp(-2 * Math.abs(x));
  return (x < 0 ? -1 : 1) * (1 - small) / (1 + small);
};

/** mulberry32, a random generator, and draws from it; `resnet_lab.jobs` has its twin. */
function generator(seed) {
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

// --- The hot loops, fast ----------------------------------------------------------------
// WebAssembly is a small machine in the browser that adds or multiplies four float32 at once. It
// has a stack: the words of the programs below run from left to right; a name or a number puts
// its value on the stack, an operation takes its values from there and puts the result back,
// `=name` takes the top and keeps it. `S A X * + =S` is S = S + A * X; names in capitals are four
// numbers, others are integers. `load`, `splat` and `int` take an address in bytes and give four
// numbers, one number four times, an integer. `while test do ... repeat` and `if ... else ...
// end` are what they say.

const WORDS = { // the bytes that the machine reads
  "i+": [0x6a], "i*": [0x6c], "i<": [0x48], "i<=": [0x4c],
  "+": [0xfd, 0xe4, 1], "*": [0xfd, 0xe6, 1], "max": [0xfd, 0xe9, 1], ">": [0xfd, 0x44],
  "and": [0xfd, 0x4e], "four": [0xfd, 0x13], "double": [0xfd, 0x5f], "d+": [0xfd, 0xf0, 1],
  "d*": [0xfd, 0xf2, 1], "f+": [0x92], "lane0": [0xfd, 0x1f, 0], "lane1": [0xfd, 0x1f, 1],
  "lane2": [0xfd, 0x1f, 2], "lane3": [0xfd, 0x1f, 3], "while": [2, 0x40, 3, 0x40],
  "do": [0x45, 0x0d, 1], "repeat": [0x0c, 0, 0x0b, 0x0b],
  "if": [4, 0x40], "else": [5], "end": [0x0b],
};
// "load+16" is 16 bytes further; `one`, `two` load so many numbers, and zeros; `put` stores one.
const MEMORY = {
  "int": [0x28], "get": [0x2a], "set": [0x38], "load": [0xfd, 0], "store": [0xfd, 0x0b],
  "splat": [0xfd, 9], "one": [0xfd, 0x5c], "two": [0xfd, 0x5d], "put": [0xfd, 0x5a],
};

/** A WebAssembly module of programs {name: [lengths, counts, scalars, program]}. The lists are its
    parameters: lengths and addresses, given in numbers and turned into bytes; integers; float32. */
function assemble(programs) {
  const number = (n) => n < 64 ? [n] : [n & 127 | 128, n >> 7]; // up to 8191
  const list = (items) => [...number(items.length), ...items.flat()];
  const section = (id, items) => [id, ...list(list(items))];
  const text = (name) => list([...name].map((letter) => letter.charCodeAt()));
  const types = [], names = [], bodies = [];
  for (const [name, [lengths, counts, scalars, program]] of Object.entries(programs)) {
    const split = (line) => line.split(/\s+/).filter(Boolean);
    const locals = split(`${lengths} ${counts} ${scalars}`);
    const integers = locals.length - split(scalars).length;
    const words = split(split(lengths).map((name) => `${name} 4 i* =${name} `).join("") + program);
    const kept = new Set(words.filter((word) => word[0] === "=").map((word) => word.slice(1)));
    const own = [...kept].filter((word) => !locals.includes(word));
    const vectors = own.filter((word) => word < "a");
    types.push([0x60, ...list(locals.map((_, i) => i < integers ? 0x7f : 0x7d)), 0]);
    locals.push(...own.filter((word) => word >= "a"), ...vectors, "ZERO"); // which nobody sets
    const code = words.flatMap((word) => {
      const [memory, further = 0] = word.split("+");
      if (WORDS[word]) return WORDS[word];
      if (memory === "put") return [...MEMORY.put, 0, 0, 0];
      if (MEMORY[memory]) return [...MEMORY[memory], 0, ...number(+further)];
      if (word >= "0" && word < ":") return [0x41, ...number(+word)];
      return word[0] === "=" ? [0x21, locals.indexOf(word.slice(1))] : [0x20, locals.indexOf(word)];
    });
    const sizes = [2, own.length - vectors.length, 0x7f, vectors.length + 1, 0x7b];
    bodies.push(list([...sizes, ...code, 0x0b]));
    names.push([...text(name), 0, names.length]);
  }
  const memory = [[...text("m"), ...text("m"), 2, 0, 1]];
  return new Uint8Array([0, ...text("asm").slice(1), 1, 0, 0, 0, ...section(1, types),
    ...section(2, memory), ...section(3, types.map((_, i) => i)), ...section(7, names),
    ...section(10, bodies)]);
}

// Addresses are stepped on from place to place: products would be computed again at every turn.
const next = (...steps) => steps.map((step) => `${step} i+ =${step.split(" ")[0]}`).join(" ");
const loop = (i, limit, step, body) =>
  `0 =${i} while ${i} ${limit} i< do ${body} ${next(`${i} ${step}`)} repeat`;
const four = (text) => [0, 1, 2, 3].map(text).join(" ");
const eight = (text) => four((j) => `${text(j, 0)} ${text(j, 1)}`);
// Rows m to m + 3 of a matrix; the last one there is stands in for those that are missing.
const rows = (p, step) => [1, 2, 3].map((j) =>
  `m ${j} i+ rows i< ${step} i* ${p}${j - 1} i+ =${p}${j}`).join(" ");
// Along a run four at a time, and what is left one at a time.
const along = (body) => `0 =r while r 16 i+ run i<= do ${body("load", "store")} r 16 i+ =r repeat
  while r run i< do ${body("one", "put")} r 4 i+ =r repeat`;

const PROGRAMS = {
  // c[m, place] = sum over k of a[m, k] * b[place + table[k]], at ny rows of nx columns of a run.
  // Four rows by eight places stay in the machine's sixteen registers while k runs; each number
  // of a serves eight times and each of b four times for once that it is fetched. That is all the
  // secret.
  multiply: ["c cm cy cx a am k_end b by bx run table", "rows ny nx adding", "",
    `b =by0  c =cy0
    ${loop("y", "ny", 1, `by0 =bx0  cy0 =cx0 ${loop("x", "nx", 1, `bx0 =from  cx0 =to
      ${loop("r", "run", 32, `a =a0  to =c0 ${loop("m", "rows", 4, `
        ${rows("a", "am")} ${rows("c", "cm")} ${four((j) => `a${j} =q${j}`)}
        adding if ${eight((j, v) => `c${j} load+${16 * v} =S${j}${v}`)}
        else ${eight((j, v) => `ZERO =S${j}${v}`)} end
        table =t  table k_end i+ =last
        while t last i< do
          t int from i+ =p  p load =X0  p load+16 =X1
          ${four((j) => `q${j} splat =A  S${j}0 A X0 * + =S${j}0  S${j}1 A X1 * + =S${j}1`)}
          ${next("t 4", "q0 4", "q1 4", "q2 4", "q3 4")}
        repeat
        r 32 i+ run i<= if ${eight((j, v) => `c${j} S${j}${v} store+${16 * v}`)}
        else ${eight((j, v) => `0 S${j}${v} store+${32 * j + 16 * v}`)} ${loop("i", "run", 4, `
          i r i+ run i< if ${four((j) => `c${j} i i+  i get+${32 * j}  set`)} end`)} end
        a0 am 4 i* i+ =a0  c0 cm 4 i* i+ =c0`)}
      ${next("from 32", "to 32")}`)}
      ${next("bx0 bx", "cx0 cx")}`)} ${next("by0 by", "cy0 cy")}`)}`],
  // w[m, k] = sum over places of d[m, place] * b[place + table[k]], the gradient of the weights:
  // four rows by two k at a time; the sum runs along the places in four parts, added at the end.
  correlate: ["w wm d dm dy dx k_end b by bx run table", "rows ny nx", "",
    loop("m", "rows", 4, loop("k", "k_end", 8, `
      d m dm i* i+ =d0 ${rows("d", "dm")}  w m wm i* i+ k i+ =w0 ${rows("w", "wm")}
      k 4 i+ k_end i< 4 i* =next  table k i+ int b i+ =b0  table k i+ next i+ int b i+ =b1
      ${eight((j, v) => `ZERO =S${j}${v}`)}
      ${loop("y", "ny", 1, loop("x", "nx", 1, `y dy i* x dx i* i+ =p  y by i* x bx i* i+ =q
        ${along((load) => `b0 q i+ r i+ ${load} =X0  b1 q i+ r i+ ${load} =X1
          ${four((j) => `d${j} p i+ r i+ ${load} =A
            S${j}0 A X0 * + =S${j}0  S${j}1 A X1 * + =S${j}1`)}`)}`))}
      ${eight((j, v) => `w${j} ${v ? "next i+" : ""}
        ${four((l) => `S${j}${v} lane${l}`)} f+ f+ f+ set`)}`))],
  // out = scale x + other y + shift, added to what is there if `adding`: BatchNorm, additions.
  blend: ["out x y run", "adding", "scale other shift", `scale four =A other four =B shift four =C
    adding if ${along((load, store) => `out r i+
      out r i+ ${load}  x r i+ ${load} A *  y r i+ ${load} B * +  C + + ${store}`)}
    else ${along((load, store) => `out r i+
      x r i+ ${load} A *  y r i+ ${load} B * +  C + ${store}`)} end`],
  rectify: ["out x run", "", "",
    along((load, store) => `out r i+  x r i+ ${load} ZERO max ${store}`)],
  // out = d where y > 0, else 0; added to what is there if `adding`.
  gate: ["out d y run", "adding", "", `adding if ${along((load, store) => `out r i+
      out r i+ ${load}  y r i+ ${load} ZERO > d r i+ ${load} and  + ${store}`)}
    else ${along((load, store) => `out r i+
      y r i+ ${load} ZERO > d r i+ ${load} and ${store}`)} end`],
  // The sums of x and of x * y in float64, even and odd places apart: four numbers at address 0.
  sums: ["x y run", "", "", `0 =r
    while r 8 i+ run i<= do
      x r i+ two double =V  S V d+ =S  T V y r i+ two double d* d+ =T  r 8 i+ =r repeat
    r run i< if x r i+ one double =V  S V d+ =S  T V y r i+ one double d* d+ =T end
    0 S store  0 T store+16`],
};

const hasSimd = () => typeof WebAssembly === "object" && WebAssembly.validate(assemble(PROGRAMS));
let compiled;

/** The programs and the memory they work on. `unit`: how far one number is from the next there. */
function fastLoops() {
  const memory = new WebAssembly.Memory({initial: 1});
  compiled ??= new WebAssembly.Module(assemble(PROGRAMS));
  const programs = new WebAssembly.Instance(compiled, {m: {m: memory}}).exports;
  const sums = (x, y, run) => {
    programs.sums(x, y, run);
    const [s0, s1, t0, t1] = new Float64Array(memory.buffer, 0, 4);
    return [s0 + s1, t0 + t1];
  };
  const grow = (bytes) => {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / 65536);
    if (missing > 0) memory.grow(missing);
    return memory.buffer;
  };
  return {...programs, sums, grow, unit: 4, fast: true};
}

// --- The same loops, plain ----------------------------------------------------------------

/** In JavaScript: the same sums in the same order, rounded where the machine rounds; or float64. */
function plainLoops(Numbers) {
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

// --- The layers ----------------------------------------------------------------

const EPSILON = 1e-5, MOMENTUM = 0.1; // BatchNorm's
const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
const upTo = (n) => Array.from({length: n}, (_, i) => i);

/** Shape of a layer's output, [channels, height, width], from those of its inputs. */
function outputShape(layer, shapes) {
  const {kind, channels, kernel, stride, padding, dilation, output_size: adaptive} = layer;
  const size = (n, axis) => {
    if (adaptive) return layer.dims === 1 && axis === 0 ? 1 : adaptive;
    const room = n + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
    return Math.floor(room / stride[axis]) + 1;
  };
  const [first] = shapes, [ins, ...sides] = first;
  switch (kind) {
    case "conv": case "zero-pad": return [channels, ...sides.map(size)];
    case "maxpool": case "avgpool": return [ins, ...sides.map(size)];
    case "linear": return [channels, 1, 1];
    case "flatten": return [product(first), 1, 1];
    case "concat": return [shapes.reduce((sum, shape) => sum + shape[0], 0), ...sides];
    case "multiply": return shapes.reduce((a, b) => product(a) >= product(b) ? a : b);
    default: return first;
  }
}

/** The parameters of a layer: {name: shape}. */
function parameterShapes({kind, channels, kernel, groups, bias, dims}, input) {
  const [ins] = input, shift = bias ? {bias: [channels]} : {};
  switch (kind) {
    case "conv": return {weight: [channels, ins / groups, ...kernel.slice(2 - dims)], ...shift};
    case "linear": return {weight: [channels, product(input)], ...shift};
    case "batchnorm": return {weight: [ins], bias: [ins], running_mean: [ins], running_var: [ins]};
    default: return {};
  }
}

/* Each kind takes its layer `to`, its inputs `from` and the engine's tools, and gives
   {forward(training), backward(weights)}. A layer has a shape, at and grad (where its numbers and
   their gradient begin), places (height * width * n, a channel's numbers) and size (all of them).
   tools.pass(layer) tells how to hand a gradient on: 0 to write, 1 to add it, undefined if nobody
   wants it; tools.collect(layer) tells whether somebody does, and readies it for being added to. */
const KINDS = {
  conv(to, [from], tools) {
    const {n, loops} = tools, {kernel, stride, padding, dilation, groups} = to;
    const {weight, bias} = to.parameters, linear = to.kind === "linear";
    const [outs, outHeight, outWidth] = to.shape;
    const [channels, height, width] = linear ? [product(from.shape), 1, 1] : from.shape;
    const ins = channels / groups, rows = outs / groups, places = height * width * n;
    const area = kernel[0] * kernel[1], size = ins * area;

    // The input with a border of zeros. A filter's k-th number meets the one that stands table[k]
    // after the output's place; a step of the filter is `step` further down.
    const input = tools.frame([channels, height, width], padding,
      [height + 2 * padding[0], width + 2 * padding[1]], stride[1]);
    const table = tools.table(upTo(size).map((k) => {
      const x = k % kernel[1], y = Math.floor(k / kernel[1]) % kernel[0];
      return input.index(Math.floor(k / area), y * dilation[0], x * dilation[1]);
    }));
    const step = stride[0] * input.row;
    const [ny, run] = step === outWidth * n ? [1, to.places] : [outHeight, outWidth * n];

    // The way back asks the other way: which outputs saw this pixel, through which number of the
    // filter? With a stride that differs from pixel to pixel; those of one remainder are alike.
    const phases = [0, 1].map((axis) => upTo(stride[axis]).map((phase) => ({
      phase,
      count: Math.ceil(([height, width][axis] - phase) / stride[axis]),
      seen: upTo(kernel[axis])
        .map((k) => [k, (phase + padding[axis] - k * dilation[axis]) / stride[axis]])
        .filter(([, shift]) => Number.isInteger(shift)),
    })));
    const reach = (axis, act) => phases[axis]
      .flatMap(({seen, count}) => seen.map(([, shift]) => act(shift, count)));
    const border = [0, 1].map((axis) => -Math.min(0, ...reach(axis, (shift) => shift)));
    const output = tools.frame(to.shape, border, [0, 1].map((axis) => border[axis]
      + Math.max([outHeight, outWidth][axis], ...reach(axis, (shift, count) => shift + count))), 1);
    const classes = phases[0].flatMap((y) => phases[1].map((x) => {
      const taps = upTo(rows).flatMap((o) => y.seen.flatMap(([ky, sy]) => x.seen.map(([kx, sx]) => (
        [o * size + ky * kernel[1] + kx, output.index(o, border[0] + sy, border[1] + sx)]))));
      const joined = stride[1] === 1, run = joined ? width * n : n;
      const flat = stride[0] === 1 && output.row === run;
      return {
        start: (y.phase * width + x.phase) * n, run: flat ? places : run,
        ny: flat ? 1 : y.count, nx: joined ? 1 : x.count, taps: taps.map(([tap]) => tap),
        table: tools.table(taps.map(([, index]) => index)),
        turned: tools.reserve(ins * taps.length),
      };
    }));
    return {
      forward() {
        const start = input.fill(from.at), {data} = tools;
        for (let g = 0; g < groups; g++) {
          loops.multiply(to.at + g * rows * to.places, to.places, outWidth * n, 0,
            weight.at + g * rows * size, size, size,
            start + input.index(g * ins, 0, 0), step, 0, run, table, rows, ny, 1, 0);
        }
        if (bias) for (let c = 0, at = to.at; c < outs; c++, at += to.places) {
          loops.blend(at, at, at, to.places, 0, 1, 0, data[bias.at + c]);
        }
      },
      backward(weights) {
        const {data} = tools, start = weights && input.fill(from.at);
        for (let g = 0; weights && g < groups; g++) {
          loops.correlate(weight.grad + g * rows * size, size,
            to.grad + g * rows * to.places, to.places, outWidth * n, 0,
            size, start + input.index(g * ins, 0, 0), step, 0, run, table, rows, ny, 1);
        }
        if (weights && bias) for (let c = 0; c < outs; c++) {
          data[bias.grad + c] = loops.sums(to.grad + c * to.places, to.grad, to.places)[0];
        }
        const adding = tools.pass(from);
        if (adding === undefined) return;
        const gradient = output.fill(to.grad);
        for (const {start, taps, table, turned, ny, nx, run} of classes) {
          for (let g = 0; g < groups; g++) {
            const {length} = taps, filters = weight.at + g * rows * size;
            for (let i = 0; i < ins; i++) for (let k = 0; k < length; k++) {
              data[turned + i * length + k] = data[filters + i * area + taps[k]];
            }
            loops.multiply(from.grad + g * ins * places + start, places,
              stride[0] * width * n, stride[1] * n, turned, length, length,
              gradient + output.index(g * rows, 0, 0), output.row, n, run,
              table, ins, ny, nx, adding);
          }
        }
      },
    };
  },

  batchnorm(to, [from], {data, loops, pass}) {
    const {weight, bias, running_mean: means, running_var: variances} = to.parameters;
    const {places} = to;
    const mean = new Float64Array(to.shape[0]), inverse = new Float64Array(to.shape[0]);
    let trained;
    return {
      forward(training) {
        if (training && places < 2) {
          throw new Error(`${to.name} sees one number a channel; train it with more images`);
        }
        trained = training;
        for (let c = 0; c < mean.length; c++) {
          const at = from.at + c * places;
          let variance = data[variances.at + c];
          mean[c] = data[means.at + c];
          if (training) {
            const [sum, squares] = loops.sums(at, at, places), old = variance;
            data[means.at + c] = (1 - MOMENTUM) * mean[c] + MOMENTUM * sum / places;
            mean[c] = sum / places;
            variance = Math.max(squares / places - mean[c] * mean[c], 0);
            const unbiased = variance * places / (places - 1);
            data[variances.at + c] = (1 - MOMENTUM) * old + MOMENTUM * unbiased;
          }
          inverse[c] = 1 / Math.sqrt(variance + EPSILON);
          const scale = data[weight.at + c] * inverse[c];
          const shift = data[bias.at + c] - mean[c] * scale;
          loops.blend(to.at + c * places, at, at, places, 0, scale, 0, shift);
        }
      },
      backward(weights) {
        const adding = pass(from);
        for (let c = 0; c < mean.length; c++) {
          const at = from.at + c * places, grad = to.grad + c * places;
          const scale = data[weight.at + c] * inverse[c];
          const [sum, products] = loops.sums(grad, at, places);
          const slope = (products - mean[c] * sum) * inverse[c];
          if (weights) [data[weight.grad + c], data[bias.grad + c]] = [slope, sum];
          if (adding === undefined) continue;
          // In training the gradient also goes through the batch's variance and its mean.
          const other = trained ? -scale * inverse[c] * slope / places : 0;
          const shift = trained ? -scale * sum / places - other * mean[c] : 0;
          loops.blend(from.grad + c * places, grad, at, places, adding, scale, other, shift);
        }
      },
    };
  },

  relu: (to, [from], {loops, pass}) => ({
    forward() { loops.rectify(to.at, from.at, to.size); },
    backward() {
      const adding = pass(from);
      if (adding !== undefined) loops.gate(from.grad, to.grad, to.at, to.size, adding);
    },
  }),
  tanh: (to, from, tools) => curve(to, from, tools, tanh, (y) => 1 - y * y),
  sigmoid: (to, from, tools) => curve(to, from, tools, sigmoid, (y) => y * (1 - y)),

  add: (to, from, {loops, pass}) => ({
    forward() {
      from.forEach(({at}, i) => loops.blend(to.at, at, at, to.size, i && 1, to.scales[i], 0, 0));
    },
    backward() {
      from.forEach((input, i) => {
        const adding = pass(input), {grad} = to;
        if (adding === undefined) return;
        loops.blend(input.grad, grad, grad, to.size, adding, to.scales[i], 0, 0);
      });
    },
  }),

  concat(to, from, {loops, pass}) {
    const starts = from.map((_, i) => from.slice(0, i).reduce((sum, {size}) => sum + size, 0));
    return {
      forward() {
        from.forEach(({at, size}, i) => {
          loops.blend(to.at + starts[i], at, at, size, 0, to.scales[i], 0, 0);
        });
      },
      backward() {
        from.forEach((input, i) => {
          const adding = pass(input), grad = to.grad + starts[i];
          if (adding === undefined) return;
          loops.blend(input.grad, grad, grad, input.size, adding, to.scales[i], 0, 0);
        });
      },
    };
  },

  multiply(to, from, {data, n, collect}) {
    const index = ({places}, i) => places === to.places ? i // a gate has one place for all
      : Math.floor(i / to.places) * n + i % n;
    return {
      forward() {
        const [a, b] = from;
        for (let i = 0; i < to.size; i++) {
          data[to.at + i] = data[a.at + index(a, i)] * data[b.at + index(b, i)];
        }
      },
      backward() {
        from.forEach((one, side) => {
          const other = from[1 - side];
          if (collect(one)) for (let i = 0; i < to.size; i++) {
            data[one.grad + index(one, i)] += data[to.grad + i] * data[other.at + index(other, i)];
          }
        });
      },
    };
  },

  maxpool(to, [from], tools) {
    const chosen = new Int32Array(to.size), {data} = tools;
    return pool(to, from, tools, (out, first, cells) => {
      let best = first + cells[0];
      for (const cell of cells) if (!(data[first + cell] <= data[best])) best = first + cell;
      chosen[out - to.at] = best - from.at;
      data[out] = data[best];
    }, (out) => { data[from.grad + chosen[out - to.grad]] += data[out]; });
  },

  avgpool: (to, [from], tools) => pool(to, from, tools, (out, first, cells, area) => {
    let sum = 0;
    for (const cell of cells) sum += tools.data[first + cell];
    tools.data[out] = sum / area;
  }, (out, first, cells, area) => {
    for (const cell of cells) tools.data[first + cell] += tools.data[out] / area;
  }),

  "zero-pad"(to, from, tools) { // averages of one pixel, every stride-th; then zeros for good
    tools.data.fill(0, to.at, to.at + to.size);
    return KINDS.avgpool(to, from, tools);
  },

  dropout(to, [from], {data, random, collect}) {
    const p = to.probability ?? 0.5, kept = new Float64Array(to.size);
    return {
      forward(training) {
        for (let i = 0; i < to.size; i++) {
          kept[i] = !training ? 1 : random.uniform() < p ? 0 : 1 / (1 - p);
          data[to.at + i] = data[from.at + i] * kept[i];
        }
      },
      backward() {
        if (collect(from)) for (let i = 0; i < to.size; i++) {
          data[from.grad + i] += data[to.grad + i] * kept[i];
        }
      },
    };
  },
};
KINDS.linear = KINDS.conv;
KINDS.flatten = KINDS.add; // of one input: nothing changes but the shape

/** A function of every number by itself, with its slope as a function of the result. */
const curve = (to, [from], {data, collect}, value, slope) => ({
  forward() { for (let i = 0; i < to.size; i++) data[to.at + i] = value(data[from.at + i]); },
  backward() {
    if (collect(from)) for (let i = 0; i < to.size; i++) {
      data[from.grad + i] += data[to.grad + i] * slope(data[to.at + i]);
    }
  },
});

/** Pooling. `up` and `down` get an output's place, its channel's start, a window's places, area. */
function pool(to, from, {n, collect}, up, down) {
  const [ys, xs] = [0, 1].map((axis) => upTo(to.shape[axis + 1]).map((i) => {
    const size = from.shape[axis + 1], count = to.shape[axis + 1];
    const first = i * to.stride[axis] - to.padding[axis];
    const [start, end] = !to.output_size ? [first, first + to.kernel[axis]]
      : [Math.floor(i * size / count), Math.ceil((i + 1) * size / count)];
    return {area: end - start, inside: upTo(size).slice(Math.max(start, 0), end)};
  }));
  const windows = ys.flatMap((y) => xs.map((x) => ({area: y.area * x.area,
    cells: y.inside.flatMap((i) => x.inside.map((j) => (i * from.shape[2] + j) * n))})));
  const each = (act, out, first) => {
    for (let c = 0; c < from.shape[0]; c++) windows.forEach(({cells, area}, i) => {
      for (let j = 0; j < n; j++) {
        act(out + c * to.places + i * n + j, first + c * from.places + j, cells, area);
      }
    });
  };
  return {
    forward() { each(up, to.at, from.at); },
    backward() { if (collect(from)) each(down, to.grad, from.grad); },
  };
}

// --- The network ----------------------------------------------------------------

/** The network of `graph` for one input shape: [channels, height, width] or [channels, length]. */
function engine(graph, shape, {precision = "float32", simd = true} = {}) {
  const Numbers = precision === "float64" ? Float64Array : Float32Array;
  const bytes = Numbers.BYTES_PER_ELEMENT;
  const loops = simd && bytes === 4 && hasSimd() ? fastLoops() : plainLoops(Numbers);
  const {dims = 2} = graph;
  const pair = (value, neutral) => dims === 1 ? [neutral, value] : [value, value];
  const input = {name: "input", shape: dims === 1 ? [shape[0], 1, shape[1]] : [...shape]};
  const layers = new Map([["input", input]]), parameters = new Map(), random = generator(0);
  let end = 32; // the first 128 bytes are the loops' own
  let data, batch = 0, operations = [], wanted, labelled;

  const reserve = (count) => (end += Math.ceil(count / 16) * 16) - Math.ceil(count / 16) * 16;
  const make = () => { data = new Numbers(loops.grow((end + 64) * bytes)).subarray(0, end + 64); };

  for (const given of graph.layers) {
    const {name, kind, inputs, groups = 1} = given;
    const {kernel = 1, stride = 1, padding = 0, dilation = 1} = given;
    const from = inputs.map((name) => layers.get(name)), known = Object.keys(KINDS).join(", ");
    if (!KINDS[kind]) throw new Error(`${name} is of the kind ${kind}; the engine knows ${known}`);
    if (from.includes(undefined)) {
      throw new Error(`${name} takes ${inputs.join(" and ")}; not all come before it`);
    }
    const layer = {
      ...given, from, groups, dims, kernel: pair(kernel, 1), stride: pair(stride, 1),
      padding: pair(padding, 0), dilation: pair(dilation, 1), parameters: {},
      scales: from.map(() => 1),
    };
    const shapes = from.map((one) => one.shape);
    layer.shape = outputShape(layer, shapes);
    if (Math.min(...layer.shape) < 1) {
      throw new Error(`an input of ${shape.join(" x ")} leaves nothing at ${name}`);
    }
    if (kind === "add" && shapes.some((one) => String(one) !== String(layer.shape))) {
      const sizes = shapes.map((one) => one.join(" x ")).join(" and ");
      throw new Error(`${name} adds ${sizes}; they must be equal`);
    }
    for (const [part, shape] of Object.entries(parameterShapes(layer, shapes[0]))) {
      const size = product(shape), at = reserve(size), grad = reserve(size);
      const parameter = {part, layer, shape, size, at, grad};
      layer.parameters[part] = parameter;
      parameters.set(`${name}.${part}`, parameter);
    }
    layers.set(name, layer);
  }
  const start = end, list = [...layers.values()], last = list[list.length - 1];
  make();

  /** Lay everything out for batches of n: once to see how much memory that is, once in it. */
  function plan(n) {
    const pass = (layer) => {
      if (layer === input && !wanted) return undefined;
      const adding = layer.touched ? 1 : 0;
      layer.touched = true;
      return adding;
    };
    const collect = (layer) => {
      const adding = pass(layer);
      if (adding === 0) data.fill(0, layer.grad, layer.grad + layer.size);
      return adding !== undefined;
    };
    const table = (indices) => {
      const at = reserve(indices.length);
      if ((at + indices.length) * bytes <= data.buffer.byteLength) {
        const entries = new Int32Array(data.buffer, at * bytes, indices.length);
        entries.set(indices.map((index) => index * loops.unit));
      }
      return at;
    };
    for (const _ of ["to measure", "to stay"]) {
      const frames = new Map();
      end = start;
      for (const layer of list) {
        layer.places = layer.shape[1] * layer.shape[2] * n;
        layer.size = layer.shape[0] * layer.places;
        [layer.at, layer.grad] = [reserve(layer.size), reserve(layer.size)];
      }
      /** A copy of a map with zeros around it; with a step the columns are sorted by remainder, so
          that every step-th lie side by side. Layers of equal measures share one. */
      const frame = ([channels, height, width], [top, left], [rows, columns], step) => {
        const part = Math.ceil(columns / step) * n, row = step * part;
        const index = (c, y, x) =>
          (c * rows + y) * row + x % step * part + Math.floor(x / step) * n;
        const bare = rows === height && columns === width && step === 1;
        if (bare) return {row, index, fill: (at) => at};
        const key = [channels, height, width, top, left, rows, columns, step].join();
        if (!frames.has(key)) {
          frames.set(key, reserve(channels * rows * row));
          data.fill(0, frames.get(key), end);
        }
        const base = frames.get(key), [run, pieces] = step === 1 ? [width * n, 1] : [n, width];
        const fill = (from) => {
          for (let c = 0; c < channels; c++) for (let y = 0; y < height; y++) {
            for (let x = 0; x < pieces; x++, from += run) {
              const to = base + index(c, y + top, x + left);
              if (run > 48) data.copyWithin(to, from, from + run);
              else for (let j = 0; j < run; j++) data[to + j] = data[from + j];
            }
          }
          return base;
        };
        return {row, index, fill};
      };
      const tools = {n, loops, data, random, pass, collect, frame, table, reserve};
      operations = list.slice(1)
        .map((layer) => ({layer, ...KINDS[layer.kind](layer, layer.from, tools)}));
      make();
    }
    batch = n;
  }

  /** Between our order (feature, n) and everybody's (n, feature). */
  const each = (features, act) => {
    for (let f = 0; f < features; f++) {
      for (let n = 0; n < batch; n++) act(f * batch + n, n * features + f);
    }
  };
  const write = ({size}, at, numbers) => {
    const given = numbers.length, features = size / batch;
    if (given !== size) {
      throw new Error(`${given} numbers were given; ${batch} x ${features} are needed`);
    }
    each(features, (ours, theirs) => { data[at + ours] = numbers[theirs]; });
  };
  const read = ({size}, at) => {
    const numbers = new Numbers(size);
    each(size / batch, (ours, theirs) => { numbers[theirs] = data[at + ours]; });
    return numbers;
  };
  const find = (map, name) => {
    const known = [...map.keys()].join(", ");
    if (!map.has(name)) throw new Error(`there is no ${name}; there are ${known}`);
    return map.get(name);
  };
  const copy = (at, size) => data.slice(at, at + size);
  const shapes = (map) => Object.fromEntries([...map].map(([name, {shape}]) => [name, shape]));

  const net = {
    fast: loops.fast,
    shapes: shapes(parameters),
    sizes: shapes(layers),

    /** Draw all weights anew, layer by layer. Convolutions: normal, of variance 2 / fan-out ("He"),
        2 / (fan-in + fan-out) ("Xavier") or 0.0001 ("small"); linear layers uniform within
        1 / sqrt(fan-in); BatchNorm is 1 and 0. */
    initialise(seed, scheme = "He") {
      const {uniform, normal} = generator(seed);
      for (const parameter of parameters.values()) {
        const {part, layer, shape, size, at} = parameter;
        const fans = shape[0] + (scheme === "Xavier" ? shape[1] : 0);
        const bound = 1 / Math.sqrt(product(layer.from[0].shape));
        const deviation = scheme === "small" ? 0.01
          : Math.sqrt(2 / (product(shape.slice(2)) * fans));
        for (let i = 0; i < size; i++) {
          data[at + i] = layer.kind === "linear" ? (2 * uniform() - 1) * bound
            : layer.kind === "conv" && part === "weight" ? normal() * deviation
            : part === "weight" || part === "running_var" ? 1 : 0;
        }
        parameter.velocity = undefined;
      }
      return net;
    },

    /** Set parameters by name; those that are not named stay as they are. */
    load(values) {
      for (const [name, numbers] of Object.entries(values)) {
        const parameter = find(parameters, name), {at, size} = parameter;
        if (numbers.length !== size) {
          throw new Error(`${name} has ${size} numbers, not ${numbers.length}`);
        }
        data.set(numbers, at);
        parameter.velocity = undefined;
      }
      return net;
    },
    get: (name) => copy(find(parameters, name).at, find(parameters, name).size),
    save: () => Object.fromEntries([...parameters.keys()].map((name) => [name, net.get(name)])),

    setScale(name, index, factor) {
      find(layers, name).scales[index] = factor;
      return net;
    },

    /** The last layer's output: (n, classes). train: BatchNorm and dropout as in training. */
    forward(x, n, {train = false} = {}) {
      if (n !== batch) plan(n);
      write(input, input.at, x);
      for (const {forward} of operations) forward(train);
      labelled = false;
      return read(last, last.at);
    },

    /** Mean softmax cross-entropy of the last forward pass, and how many are right. */
    loss(labels) {
      const [classes] = last.shape;
      if (last.places !== batch) {
        throw new Error(`the output is ${last.shape.join(" x ")}, not one number a class`);
      }
      let loss = 0, correct = 0;
      for (let n = 0; n < batch; n++) {
        const score = (c) => data[last.at + c * batch + n];
        let best = 0, sum = 0;
        for (let c = 1; c < classes; c++) if (score(c) > score(best)) best = c;
        const top = score(best);
        for (let c = 0; c < classes; c++) sum += exp(score(c) - top);
        for (let c = 0; c < classes; c++) {
          const wish = c === labels[n] ? 1 : 0;
          data[last.grad + c * batch + n] = (exp(score(c) - top) / sum - wish) / batch;
        }
        loss += log(sum) + top - score(labels[n]);
        if (best === labels[n]) correct++;
      }
      labelled = true;
      return {loss: loss / batch, correct};
    },

    /** Gradients of the loss, or of `gradient` times the output of the layer `from`. */
    backward({from, gradient, weights = true, input: inputToo = false} = {}) {
      if (!from && !labelled) {
        throw new Error("backward() needs loss(labels) before it, or a layer and its gradient");
      }
      const origin = from ? find(layers, from) : last;
      if (from) write(origin, origin.grad, gradient);
      for (const layer of list) layer.touched = layer === origin;
      wanted = inputToo;
      for (const {layer, backward} of [...operations].reverse()) {
        if (layer.touched) backward(weights);
      }
      return net;
    },

    /** SGD as PyTorch's: decay is part of the gradient, velocity begins as the first gradient. */
    step({lr, momentum = 0, weightDecay = 0, nesterov = false}) {
      for (const parameter of parameters.values()) {
        if (parameter.part.startsWith("running")) continue;
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

    output: (name) => read(find(layers, name), layers.get(name).at),
    gradient(name) {
      if (parameters.has(name)) return copy(parameters.get(name).grad, parameters.get(name).size);
      const layer = find(layers, name);
      if (!layer.touched) {
        throw new Error(`backward() did not reach ${name}; for "input" it takes {input: true}`);
      }
      return read(layer, layer.grad);
    },
  };
  return net;
}

return {engine, generator, exp, log, hasSimd};
})();
if (typeof module === "object") module.exports = resnetEngine;
