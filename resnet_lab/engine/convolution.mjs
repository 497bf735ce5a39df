/* Convolutions, and linear layers, which are convolutions over a single place.

   Both directions are one product of matrices: a filter's numbers times the numbers it meets. Where
   those stand is a table, made once; the product itself is in the loops. */
import {product, upTo} from "./numbers.mjs";

export function convolution(to, [from], tools) {
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
}
