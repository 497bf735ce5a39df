/* A network in the page: forward, backward, a training step. No dependency; page, worker or node.

   const net = engine(graph, [3, 32, 32]);    // channels, height, width of the input
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
   net.evaluate(x, labels)               {loss, correct} over a data set
   net.backward({from: name, gradient: numbers, weights: false, input: true})
                                         of one unit, say, for its effective receptive field
   options of engine: precision "float32" or "float64"; simd: false is slower, with the same bits.

   A map is stored as (channel, row, column, n): the images of a batch lie side by side. So what a
   filter meets are long runs whatever the size of the image, a channel is one run (BatchNorm),
   flattening changes nothing, and a linear layer is a convolution over a single place. Each sum has
   one order, and only operations are used that IEEE 754 rounds exactly: every browser, on either
   path, gives the same bits. Math.exp and its like do not, hence our own. */
import {fastLoops, hasSimd} from "./fast_loops.mjs";
import {KINDS, outputShape, parameterShapes} from "./layers.mjs";
import {exp, fromInt8, generator, log, product} from "./numbers.mjs";
import {plainLoops} from "./plain_loops.mjs";

/** The network of `graph` for one input shape: [channels, height, width] or [channels, length]. */
export function engine(graph, shape, {precision = "float32", simd = true} = {}) {
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
      scales: from.map(() => 1), slopes: from.map(() => 1),
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

    /** Set parameters by name, each to numbers or to {int8, scales}, see `fromInt8`; those that are
        not named stay as they are. */
    load(values) {
      for (const [name, given] of Object.entries(values)) {
        const numbers = given.int8 ? fromInt8(given) : given;
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

    /** Multiply an input of an addition or concatenation, which is what goes through a branch or a
        shortcut: its numbers on the way forward, their gradient on the way back. */
    setScale(name, index, forward, backward = forward) {
      const {kind, scales, slopes} = find(layers, name);
      if (kind !== "add" && kind !== "concat" || !(index in scales)) {
        throw new Error(`${name} is of the kind ${kind}; it has no input ${index} to be scaled`);
      }
      scales[index] = forward;
      slopes[index] = backward;
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

    /** Mean loss over a data set, and how many are right; `size` images at a time. */
    evaluate(x, labels, size = labels.length) {
      const each = x.length / labels.length;
      let sum = 0, correct = 0;
      for (let at = 0; at < labels.length; at += size) {
        const wanted = labels.slice(at, at + size);
        net.forward(x.slice(each * at, each * (at + wanted.length)), wanted.length);
        const found = net.loss(wanted);
        sum += found.loss * wanted.length;
        correct += found.correct;
      }
      return {loss: sum / labels.length, correct};
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
