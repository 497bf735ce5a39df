/* Answers the questions of `inside.py` with the engine: in a page's worker and under node.
   `inside_runner.py` does the same with PyTorch and says what an answer holds. */
import {engine} from "./engine/network.mjs";
import {exp} from "./engine/numbers.mjs";

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt());

/** A file of `trained`: its first line, and its numbers as the engine loads them. */
function weights(base64) {
  const bytes = bytesOf(base64), end = bytes.indexOf(10);
  const about = JSON.parse(String.fromCharCode(...bytes.subarray(0, end))), values = {};
  let at = end + 1;
  const floats = (count) => new Float32Array(bytes.slice(at, at += 4 * count).buffer);
  for (const [name, shape] of Object.entries(about.shapes)) {
    const size = shape.reduce((a, b) => a * b, 1);
    const scales = floats(shape.length === 1 ? size : shape[0]);
    if (shape.length === 1) values[name] = scales;
    else values[name] = {scales, int8: new Int8Array(bytes.buffer, (at += size) - size, size)};
  }
  return {about, values};
}

/** Numbers from 0 to 255 as bytes in base64; rows are filled up to a multiple of four. */
function text(numbers, width, level) {
  const row = Math.ceil(width / 4) * 4, bytes = new Uint8Array(numbers.length / width * row);
  for (let i = 0, place = 0; i < numbers.length; i++, place++) {
    if (i % width === 0) place = i / width * row;
    bytes[place] = Math.floor(level(numbers[i]) + 0.5);
  }
  return btoa(String.fromCharCode(...bytes));
}

/** Maps, channel after channel, as one, so many of them in a row. */
function tiled(maps, side, columns) {
  const whole = new Float64Array(maps.length);
  for (let i = 0; i < maps.length; i++) {
    const x = i % side, y = Math.floor(i / side) % side, channel = Math.floor(i / side / side);
    const top = Math.floor(channel / columns) * side;
    whole[((top + y) * columns + channel % columns) * side + x] = maps[i];
  }
  return whole;
}

const largest = (numbers) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** How many of the numbers, the largest first, make up this part of their sum. */
function share(numbers, part = 0.95) {
  const ordered = Float64Array.from(numbers).sort().reverse();
  const sums = ordered.map((sum => (x) => sum += x)(0)), total = sums[sums.length - 1];
  return total > 0 ? sums.filter((sum) => sum < part * total).length + 1 : 0;
}

function chances(logits) {
  const top = Math.max(...logits), powers = Array.from(logits, (x) => exp(x - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The job of `inside.py`: both networks, and then one answer after the other. */
export function* inside(job, {trained: {graphs, files, pictures}}, options) {
  const images = bytesOf(pictures), names = Object.keys(graphs), nets = {};
  for (const name of names) {
    const {about, values} = weights(files[name]);
    const net = engine(graphs[name], [1, 28, 28], options).load(values);
    const adds = graphs[name].layers.filter(({kind}) => kind === "add");
    nets[name] = {net, about, adds, fc: net.get("fc.weight")};
  }
  let question = yield {step: 1}, asked = "";
  for (;;) {
    const {picture, own = new Uint8Array(784), factors} = question;
    const pixels = picture === "own" ? own : images.subarray(784 * picture, 784 * (picture + 1));
    // Another place, another block: the networks have answered already.
    const asks = [pixels, factors].join();
    if (asks !== asked) for (const {net, about, adds} of Object.values(nets)) {
      adds.forEach(({name}, i) => net.setScale(name, 0, factors[i]));
      net.forward(Float64Array.from(pixels, (x) => (x / 255 - about.mean[0]) / about.std[0]), 1);
    }
    asked = asks;
    const found = {step: 1, question, answers: {}, picture: text(pixels, 28, (x) => x)};
    for (const name of names) found.answers[name] = chances(nets[name].net.output("fc"));
    const opened = nets[question.network];
    Object.assign(found, block(opened, question));
    found.class = classMap(opened, found.answers[question.network]);
    question = yield found;
  }
}

/** What the opened block's parts hold, and what one place of them sees. */
function block({net, adds}, {layer, factors, part, channel, row, column, columns}) {
  const number = adds.findIndex(({name}) => name === `${layer}.add`), factor = factors[number];
  const {name, inputs: [branch, shortcut]} = adds[number];
  const layers = {...(shortcut ? {shortcut} : {}), branch, sum: name};
  const maps = Object.fromEntries(Object.entries(layers).map(([key, layer]) =>
    [key, net.output(layer)]));
  maps.branch = maps.branch.map((x) => x * factor);
  const side = net.sizes[name][1], at = (channel * side + row) * side + column;
  const reach = Math.max(...Object.values(maps).map(largest)) || 1;
  const level = (x) => 128 + 127 / reach * x;
  const found = {reach, maps: {}, channel: {}, place: {}};
  for (const [key, map] of Object.entries(maps)) {
    const first = channel * side * side;
    found.maps[key] = text(tiled(map, side, columns), side * columns, level);
    found.channel[key] = text(map.subarray(first, first + side * side), side, level);
    found.place[key] = map[at];
  }
  const from = layers[part] ? part : "sum", unit = new Float32Array(maps.sum.length);
  unit[at] = from === "branch" ? factor : 1;
  net.backward({from: layers[from], gradient: unit, weights: false, input: true});
  const size = net.gradient("input").map(Math.abs), most = largest(size) || 1;
  return {...found, field: text(size, 28, (x) => 255 * x / most), pixels: share(size)};
}

/** The class activation map of the likeliest class. */
function classMap({net, fc}, answers) {
  const winner = answers.indexOf(Math.max(...answers)), spoken = new Float64Array(49);
  net.output("layer3.2.relu:2").forEach((x, i) => {
    spoken[i % 49] += fc[winner * 64 + Math.floor(i / 49)] * x;
  });
  const reach = largest(spoken) || 1, side = (sign) =>
    text(spoken, 7, (x) => 255 / reach * Math.max(sign * x, 0));
  return {winner, reach, for: side(1), against: side(-1)};
}
