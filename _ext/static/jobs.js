// Runs an explorer's job in a worker; loaded at the first click on its button.
// `resnetJobHost.source` is what the worker runs: the engine and the jobs. The worker does one part
// and waits to be asked for the next, so that nothing piles up here, and holding the job is not
// asking.
"use strict";
window.resnetJobHost = {
  open(figure, {start, load, state, show, say}) {
    const name = figure.dataset.explorer;
    const parts = ["[data-job=start]", "[data-job=stop]", "progress", ".rl-steps"];
    const [begin, stop, bar, steps] = parts.map((part) => figure.querySelector(part));
    const words = begin.textContent;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const listen = "addEventListener";
    let worker, job, total, running = false, drawn = 0, unseen;

    const look = (mode) => {
      begin.textContent = {running: "Pause", paused: "Go on"}[mode] ?? words;
      stop.hidden = !mode;
      figure.dataset.job = mode ?? "";
    };
    function end() {
      worker?.terminate();
      worker = undefined;
      running = false;
      look();
    }
    function clear() {
      end();
      job = undefined;
      bar.value = 0;
      steps.textContent = "";
      show("");
    }
    function pause() {
      running = false;
      look("paused");
    }
    function goOn() {
      running = true;
      look("running");
      worker.postMessage("next");
    }
    function take({data}) {
      if (data.error) {
        clear();
        return say(data.error);
      }
      const done = data.step === total;
      if (running && !done) worker.postMessage("next");
      bar.value = data.step / total;
      steps.textContent = `step ${data.step} of ${total}`;
      const now = performance.now();
      // Eight pictures a second are enough, and leave the page its time; only the end for those
      // who want no motion.
      if (done || (!still.matches && now - drawn > 125)) {
        drawn = now;
        show(JSON.stringify(data), done);
      }
      if (done) end();
    }
    async function run() {
      const text = (await start()).job(name, state());
      clear();
      job = text;
      const asked = JSON.parse(text);
      total = asked.steps;
      if (asked.task === "digits" && !window.resnetDigits) await load("digits.js");
      const url = URL.createObjectURL(new Blob([window.resnetJobHost.source]));
      worker = new Worker(url);
      URL.revokeObjectURL(url);
      worker.onmessage = take;
      worker.onerror = ({message}) => take({data: {error: "The training stopped: " + message}});
      worker.postMessage({job: asked, digits: window.resnetDigits});
      running = true;
      look("running");
    }

    // Out of sight for long, or left: the job ends.
    new IntersectionObserver(([{isIntersecting}]) => {
      clearTimeout(unseen);
      if (!isIntersecting) unseen = setTimeout(() => running && pause(), 10000);
    }).observe(figure);
    document[listen]("visibilitychange", () => document.hidden && running && pause());
    window[listen]("pagehide", end);

    return {
      press: (what) => (what === "stop" ? clear() : !worker ? run() : running ? pause() : goOn()),
      // A control was moved: what it changes of the job ends the job.
      moved() {
        if (job && window.resnet_lab.job(name, state()) !== job) clear();
      },
    };
  },
};
