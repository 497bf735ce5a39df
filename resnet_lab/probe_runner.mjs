/* Runs the jobs of `probes.py` with the engine; `probe_runner.py` does the same with PyTorch. Each
   is a generator function of (job, data, options, training); `training` is what of `job_runner.mjs`
   they need: {race, examples}. */
import {engine} from "./engine/network.mjs";
import {generator, log} from "./engine/numbers.mjs";

const NOTHING = -99; // stands for the logarithm of zero
const log10 = (x) => x > 0 && x < Infinity ? log(x) / 2.302585092994046 : NOTHING;
const squares = (numbers) => numbers.reduce((sum, x) => sum + x * x, 0);
const KINDS = ["plain", "residual"];

/** 32 images and their classes; see `probe_runner.garments_text`. */
function garments(text) {
  const [pixels, labels, mean, deviation] = text.split(" ");
  const images = Float64Array.from(atob(pixels),
    (byte) => (byte.charCodeAt() / 255 - mean) / deviation);
  return [images, [...labels].map(Number)];
}

/** log10 of every layer's outputs and of its relative gradient, before training, seed by seed. */
export function* signals(job, data, options) {
  const [images, labels] = garments(data.garments), large = job.initialisation === "large";
  const nets = KINDS.map((kind) => engine(job.graphs[kind], job.shape, options)), runs = [];
  for (const seed of job.seeds) {
    const found = {};
    nets.forEach((net, i) => {
      net.initialise(seed, large ? "He" : job.initialisation);
      for (const layer of large ? job.graphs[KINDS[i]].layers : []) {
        const name = `${layer.name}.weight`;
        if (layer.kind === "conv") net.load({[name]: net.get(name).map((x) => 2 * x)});
      }
      net.forward(images, job.batch, {train: true});
      net.loss(labels);
      net.backward();
      found[KINDS[i]] = {
        output: job.measured.map((name) => {
          const output = net.output(name);
          return log10(Math.sqrt(squares(output) / output.length));
        }),
        gradient: job.measured.map((name) => {
          const weight = `${name}.weight`;
          return log10(Math.sqrt(squares(net.gradient(weight)) / squares(net.get(weight))));
        }),
      };
    });
    runs.push(found);
    yield {step: runs.length, runs: [...runs]};
  }
}

/** The coefficients of the polynomial with these values at these points (Bjorck and Pereyra). */
export function polynomial(points, values) {
  const found = [...values], last = points.length - 1;
  for (let k = 0; k < last; k++) for (let i = last; i > k; i--) {
    found[i] = (found[i] - found[i - 1]) / (points[i] - points[i - k - 1]);
  }
  for (let k = last - 1; k >= 0; k--) for (let i = k; i < last; i++) {
    found[i] -= found[i + 1] * points[k];
  }
  return found;
}

/** The inputs of a block's addition: which is the branch, which the shortcut. */
const BRANCH = 0, SHORTCUT = 1;

/** Trains twins; then what paths of each length carry, and the loss with each block off. */
export function* paths(job, data, options, {race, examples}) {
  const trained = yield* race(job.race, data, options), {blocks, race: {graphs, shape}} = job;
  const [inputs, labels] = examples(job.race, data), size = inputs.length / labels.length;
  const first = (n) => [inputs.slice(0, n * size), n];
  const results = {step: job.race.steps + 1, lesions: {}};

  // All branches times z on the way back: the gradient is a polynomial in z, and the coefficient of
  // z^k is what paths through k branches carry. Float64, for the sake of the last coefficients.
  const exact = engine(graphs.residual, shape, {precision: "float64"}).load(trained[1].save());
  const start = graphs.residual.layers.find(({name}) => name.startsWith(blocks[0])).inputs[0];
  exact.forward(...first(job.sent_back));
  const gradient = (z) => {
    for (const block of blocks) exact.setScale(`${block}.add`, BRANCH, 1, z);
    exact.loss(labels);
    return exact.backward({weights: false}).gradient(start);
  };
  const whole = gradient(1), length = squares(whole);
  results.shares = polynomial(job.nodes, job.nodes.map((z) =>
    gradient(z).reduce((sum, x, i) => sum + x * whole[i], 0) / length));
  yield {...results};

  // A plain network is one whose shortcuts carry nothing; switched off, a block is its shortcut.
  const nets = trained.map((net) => engine(graphs.residual, shape, options).load(net.save()));
  const scale = (i, block, branch, shortcut) => {
    nets[i].setScale(`${block}.add`, BRANCH, branch).setScale(`${block}.add`, SHORTCUT, shortcut);
  };
  const measure = (i) => {
    nets[i].forward(...first(job.looked_at));
    return nets[i].loss(labels).loss;
  };
  for (const block of blocks) scale(0, block, 1, 0);
  const losses = KINDS.map((_, i) => [measure(i)]);
  for (const block of blocks) {
    KINDS.forEach((_, i) => {
      scale(i, block, 0, 1);
      losses[i].push(measure(i));
      scale(i, block, 1, i);
    });
    results.step++;
    results.lesions = Object.fromEntries(KINDS.map((kind, i) => [kind, [...losses[i]]]));
    yield {...results};
  }
}

/** A random direction: filters of convolutions and linear layers, each as long as the net's own. */
function direction(net, draw) {
  const found = {};
  for (const [name, shape] of Object.entries(net.shapes)) {
    if (shape.length < 2) continue;
    const weight = net.get(name), random = Float64Array.from(weight, draw.normal);
    const size = weight.length / shape[0];
    for (let at = 0; at < weight.length; at += size) {
      const own = squares(weight.subarray(at, at + size));
      const factor = Math.sqrt(own / squares(random.subarray(at, at + size)));
      for (let i = at; i < at + size; i++) random[i] *= factor;
    }
    found[name] = random;
  }
  return found;
}

/** Trains twins; then the loss on a plane through the weights of each, from the middle outwards. */
export function* landscape(job, data, options, {race, examples}) {
  const trained = yield* race(job.race, data, options), {cells, reach, looked_at: n} = job;
  const [inputs, labels] = examples(job.race, data), middle = (cells - 1) / 2;
  const x = inputs.slice(0, n * inputs.length / labels.length), found = {plain: [], residual: []};
  const nets = trained.map((net, i) => {
    const probe = engine(job.race.graphs[KINDS[i]], job.race.shape, options).load(net.save());
    const draw = generator(job.directions), axes = [direction(net, draw), direction(net, draw)];
    const own = Object.fromEntries(Object.keys(axes[0]).map((name) => [name, net.get(name)]));
    return (across, up) => {
      probe.load(Object.fromEntries(Object.entries(own).map(([name, weight]) => [name, weight.map(
        (value, i) => value + across * axes[0][name][i] + up * axes[1][name][i])])));
      probe.forward(x, n, {train: true}); // BatchNorm takes this batch's mean, as in training
      return probe.loss(labels).loss;
    };
  });
  const ring = (cell) => Math.max(
    Math.abs(Math.floor(cell / cells) - middle), Math.abs(cell % cells - middle));
  const order = Array.from({length: cells * cells}, (_, i) => i).sort((a, b) => ring(a) - ring(b));
  let done = 0;
  for (const cell of order) {
    const across = reach * (cell % cells - middle) / middle;
    const up = -reach * (Math.floor(cell / cells) - middle) / middle;
    KINDS.forEach((kind, i) => {
      found[kind].push(Math.round(1e4 * log10(nets[i](across, up))) / 1e4);
    });
    if (++done % cells === 0) {
      yield {
        step: job.race.steps + done / cells,
        planes: Object.fromEntries(KINDS.map((kind) => [kind, [...found[kind]]])),
      };
    }
  }
}
