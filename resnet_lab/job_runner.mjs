/* Runs the jobs of `jobs.py` with the engine: in a page's worker and under node. `job_runner.py`
   does the same with PyTorch. What is random is drawn in the same order as in `jobs.py`, and the
   results are the same within rounding; in two browsers they are the same to the last bit.

   A job's kind is a generator function here, of the job and its data {name: content}; what a job
   is stands in `jobs.py`. */
import {engine} from "./engine/network.mjs";
import {exp, generator, toBase64} from "./engine/numbers.mjs";
import {inside} from "./inside_runner.mjs";
import {landscape, paths, signals} from "./probe_runner.mjs";

const MOST = 1e9; // stands for a loss that is no number any more

export function cosine(x) {
  let total = 1, term = 1;
  const square = x * x;
  for (let i = 1; i < 40; i += 2) {
    term = -term * square / (i * (i + 1));
    total += term;
  }
  return total;
}

/** Two spirals: [x, y, class] each. */
export function spirals(count, seed) {
  const {uniform} = generator(seed);
  return Array.from({length: count}, (_, i) => {
    const way = Math.max(uniform(), uniform()), angle = way * 8 - 4;
    const side = way * (0.95 - 1.9 * (i % 2));
    const x = side * cosine(angle) + 0.03 * (2 * uniform() - 1);
    const y = side * cosine(angle - Math.PI / 2) + 0.03 * (2 * uniform() - 1);
    return [x, y, i % 2];
  });
}

/** All examples of a job, one after the other, and their classes. `digits`: see `digits_text`. */
export function examples(job, {digits}) {
  if (job.task === "spirals") {
    const points = spirals(job.examples, job.seed);
    return [points.flatMap(([x, y]) => [x, y]), points.map((point) => point[2])];
  }
  const [pixels, labels] = digits.split(" ");
  return [[...pixels].map((letter) => (letter.charCodeAt() - 65) / 16), [...labels].map(Number)];
}

/** What each step of a job's training takes: net.train(x, labels, batch, recipe). */
export function* batches(job, [inputs, labels]) {
  const {batch, steps, seed} = job, random = generator(seed + 1);
  const size = inputs.length / labels.length, x = new Float64Array(batch * size);
  let order = [];
  for (let step = 0; step < steps; step++) {
    if (order.length < batch) order = random.shuffled(job.examples);
    const chosen = order.splice(0, batch);
    chosen.forEach((from, to) => {
      for (let i = 0; i < size; i++) x[to * size + i] = inputs[from * size + i];
    });
    const lr = job.lr * (1 + cosine(Math.PI * step / steps)) / 2;
    const recipe = {lr, momentum: job.momentum, weightDecay: job.weight_decay};
    yield [x, chosen.map((i) => labels[i]), batch, recipe];
  }
}

/** The probability of class 1 in every cell of a plane, row by row from the upper left, as
    `draw.maps.levels` writes it: a byte from 0 to 64 each, in base64. cells: a multiple of 4. */
export function answers(net, cells) {
  const middle = (i) => 2 * (i + 0.5) / cells - 1;
  const plane = Float64Array.from({length: 2 * cells * cells}, (_, i) => i % 2
    ? -middle(Math.floor(i / 2 / cells)) : middle((i >> 1) % cells));
  const logits = net.forward(plane, cells * cells);
  return toBase64(Uint8Array.from({length: cells * cells}, (_, cell) => {
    const chance = 1 / (1 + exp(logits[2 * cell] - logits[2 * cell + 1]));
    return Math.floor(64 * (Number.isNaN(chance) ? 0.5 : chance) + 0.5);
  }));
}

/** Trains the twins in turns; gives, after every so many steps, all that is known by then. */
export function* race(job, data, options) {
  const kinds = Object.keys(job.graphs), {every} = job;
  const make = (kind) => engine(job.graphs[kind], job.shape, options);
  const nets = kinds.map((kind) => make(kind).initialise(job.seed));
  nets[1].load(nets[0].save()); // one start for both; a projection is the residual twin's own
  // Another net for the map: a batch of another size would lay the memory out anew at every turn.
  const seers = kinds.map(make);
  const losses = kinds.map(() => []), sums = kinds.map(() => 0);
  const named = (values) => Object.fromEntries(kinds.map((kind, i) => [kind, values[i]]));
  let step = 0;
  for (const batch of batches(job, examples(job, data))) {
    nets.forEach((net, i) => { sums[i] += net.train(...batch).loss; });
    if (++step % every) continue;
    losses.forEach((curve, i) => {
      const loss = sums[i] / every;
      curve.push(loss < MOST ? loss : MOST); // or no number
      sums[i] = 0;
    });
    const maps = job.map
      ? named(nets.map((net, i) => answers(seers[i].load(net.save()), job.map))) : {};
    yield {step, losses: named(losses.map((curve) => [...curve])), maps};
  }
  return nets; // to those that look into them
}

const probe = (run) => (job, data, options) => run(job, data, options, {race, examples});

/** By a job's kind; `job_runner.py` has the same names. */
export const JOBS = {
  race, inside, signals: probe(signals), paths: probe(paths), landscape: probe(landscape),
};
