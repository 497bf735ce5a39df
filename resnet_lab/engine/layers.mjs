/* What each kind of layer is and does: shape, parameters, forward pass and backward pass. */
import {convolution} from "./convolution.mjs";
import {product, sigmoid, tanh, upTo} from "./numbers.mjs";

const EPSILON = 1e-5, MOMENTUM = 0.1; // BatchNorm's

/** Shape of a layer's output, [channels, height, width], from those of its inputs. */
export function outputShape(layer, shapes) {
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
export function parameterShapes({kind, channels, kernel, groups, bias, dims}, input) {
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
export const KINDS = {
  conv: convolution,
  linear: convolution,

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
        loops.blend(input.grad, grad, grad, to.size, adding, to.slopes[i], 0, 0);
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
          loops.blend(input.grad, grad, grad, input.size, adding, to.slopes[i], 0, 0);
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
