/* Runs the jobs of `jobs.py` with the engine: in a page's worker and under node. `job_runner.py`
   does the same with PyTorch. What is random is drawn in the same order as in `jobs.py`, and the
   results are the same within rounding; in two browsers they are the same to the last bit. */
const resnetJobs = (() => {
"use strict";
const {engine, generator, exp} = resnetEngine;

function cosine(x) {
  let total = 1, term = 1;
  const square = x * x;
  for (let i = 1; i < 40; i += 2) {
    term = -term * square / (i * (i + 1));
    total += term;
  }
  return total;
}

/** Two spirals: [x, y, class] each. */
function spirals(count, seed) {
  const {uniform} = generator(seed);
  return Array.from({length: count}, (_, i) => {
    const way = Math.max(uniform(), uniform()), angle = way * 8 - 4;
    const side = way * (0.95 - 1.9 * (i % 2));
    const x = side * cosine(angle) + 0.03 * (2 * uniform() - 1);
    const y = side * cosine(angle - Math.PI / 2) + 0.03 * (2 * uniform() - 1);
    return [x, y, i % 2];
  });
}

/** All examples, one after the other, and their classes. `digits`: see `jobs.digits_text`. */
function examples(job, digits) {
  if (job.task === "spirals") {
    const points = spirals(job.examples, job.seed);
    return [points.flatMap(([x, y]) => [x, y]), points.map((point) => point[2])];
  }
  const [pixels, labels] = digits.split(" ");
  return [[...pixels].map((letter) => (letter.charCodeAt() - 65) / 16), [...labels].map(Number)];
}

/** Trains the twins in turns; gives, after every so many steps, all that is known by then. */
function* race(job, digits, options) {
  const {shape, batch, steps, seed, every, map} = job, [inputs, labels] = examples(job, digits);
  const size = inputs.length / labels.length, random = generator(seed + 1);
  const kinds = ["plain", "residual"];
  const nets = kinds.map((kind) => engine(job.graphs[kind], shape, options).initialise(seed));
  nets[1].load(nets[0].save()); // one start for both; a projection is the residual twin's own
  // Another net for the map: a batch of another size would lay the memory out anew at every turn.
  const seers = map ? kinds.map((kind) => engine(job.graphs[kind], shape, options)) : [];
  const middle = (i) => 2 * (i + 0.5) / map - 1, cells = map * map;
  const plane = Float64Array.from({length: 2 * cells}, (_, i) => i % 2
    ? -middle(Math.floor(i / 2 / map)) : middle((i >> 1) % map));
  const losses = [[], []], sums = [0, 0], x = new Float64Array(batch * size);
  let order = [];
  for (let step = 0; step < steps; step++) {
    if (order.length < batch) order = random.shuffled(job.examples);
    const chosen = order.splice(0, batch), wanted = chosen.map((i) => labels[i]);
    chosen.forEach((from, to) => {
      for (let i = 0; i < size; i++) x[to * size + i] = inputs[from * size + i];
    });
    const lr = job.lr * (1 + cosine(Math.PI * step / steps)) / 2;
    const recipe = {lr, momentum: job.momentum, weightDecay: job.weight_decay};
    nets.forEach((net, i) => { sums[i] += net.train(x, wanted, batch, recipe).loss; });
    if ((step + 1) % every) continue;
    const maps = {};
    nets.forEach((net, i) => {
      losses[i].push(sums[i] / every);
      sums[i] = 0;
      if (!map) return;
      const logits = seers[i].load(net.save()).forward(plane, cells);
      maps[kinds[i]] = Array.from({length: cells}, (_, cell) => {
        const chance = 1 / (1 + exp(logits[2 * cell] - logits[2 * cell + 1]));
        return Math.round(100 * chance) / 100;
      });
    });
    yield {step: step + 1, losses: {plain: [...losses[0]], residual: [...losses[1]]}, maps};
  }
}

return {cosine, spirals, examples, race};
})();
if (typeof module === "object") module.exports = resnetJobs;
