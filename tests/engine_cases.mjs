// Runs the engine on the cases that test_engine.py wrote: node engine_cases.mjs ENGINE FOLDER
import {readFileSync, writeFileSync} from "node:fs";

const [, , path, folder] = process.argv;
const {engine} = await import(path);
const numbers = new Float64Array(readFileSync(`${folder}/cases.bin`).buffer.slice(0));
const cases = JSON.parse(readFileSync(`${folder}/cases.json`, "utf8"));
const results = [], written = [];
let length = 0;

function write(values) {
  written.push(Float64Array.from(values));
  length += values.length;
  return [length - values.length, values.length];
}
const bytes = ({buffer, byteOffset, byteLength}) => Buffer.from(buffer, byteOffset, byteLength);
const same = (a, b) => Buffer.compare(bytes(a), bytes(b)) === 0;

for (const {graph, shape, n, steps, sgd, labels, blocks} of cases) {
  const block = (name) => numbers.subarray(blocks[name][0], blocks[name][0] + blocks[name][1]);
  const {x, ...parameters} = Object.fromEntries(
    Object.keys(blocks).map((name) => [name, block(name)]));
  const result = {};

  const nets = [true, false].map((simd) => engine(graph, shape, {simd}).load(parameters));
  result.fast = nets.map((net) => net.fast);
  result.logits = write(nets[0].forward(x, n));
  nets[1].forward(x, n);
  result.parted = Object.keys(nets[0].sizes)
    .filter((name) => !same(...nets.map((net) => net.output(name))));
  for (let step = 0; step < 2; step++) {
    for (const net of nets) {
      net.forward(x, n, {train: true});
      net.loss(labels);
      net.backward({input: true});
      net.step(sgd);
    }
    for (const name of [...Object.keys(nets[0].sizes), ...Object.keys(nets[0].shapes)]) {
      if (/running/.test(name)) continue;
      if (!same(...nets.map((net) => net.gradient(name))))
        result.parted.push(`gradient of ${name}`);
    }
    for (const name of Object.keys(nets[0].shapes)) {
      if (!same(...nets.map((net) => net.get(name)))) result.parted.push(name);
    }
  }

  const net = engine(graph, shape, {precision: "float64"}).load(parameters);
  result.exact = write(net.forward(x, n));
  net.loss(labels);
  net.backward({input: true});
  result.evaluated = write(net.gradient("input"));
  net.forward(x, n, {train: true});
  result.loss = net.loss(labels).loss;
  net.backward({input: true});
  const learn = Object.keys(net.shapes).filter((name) => !/running/.test(name));
  result.gradients = Object.fromEntries([...Object.keys(net.sizes), ...learn]
    .map((name) => [name, write(net.gradient(name))]));
  net.step(sgd);
  result.losses = [result.loss];
  for (let step = 1; step < steps; step++) result.losses.push(net.train(x, labels, n, sgd).loss);
  result.trained = Object.fromEntries(Object.keys(net.shapes)
    .map((name) => [name, write(net.get(name))]));
  results.push(result);
}
writeFileSync(`${folder}/results.json`, JSON.stringify(results));
const joined = Buffer.concat(written.map((values) => Buffer.from(values.buffer)));
writeFileSync(`${folder}/results.bin`, joined);
