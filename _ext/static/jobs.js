// Runs an explorer's job in a worker; loaded at the first click on its button. What a job is stands
// in jobs.py. `resnetJobHost.source` is what the worker runs: the engine and the jobs. The worker
// does one part and waits to be asked for the next, so that nothing piles up here, and holding the
// job is not asking.
"use strict";
window.resnetJobHost = {
  open(figure, {start, load, state, show, say}) {
    const name = figure.dataset.explorer;
    const parts = ["[data-job=start]", "[data-job=stop]", "progress", ".rl-steps"];
    const [begin, stop, bar, steps] = parts.map((part) => figure.querySelector(part));
    const words = begin.textContent;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const listen = "addEventListener";
    const fast = typeof WebAssembly === "object", able = typeof Worker === "function";
    const reason = !able ? "Recorded: this browser cannot train a network."
      : !fast ? "Recorded. The button trains here too, but slowly: this browser has no WebAssembly."
        : "Recorded. The button trains here, and shows the end without motion.";
    let kept; // of a recorded run: its job, and its results as text
    begin.disabled = !able;
    let worker, job, total, running = false, drawn = 0, unseen;
    // Of a job that is done and takes questions: the last one sent, and whether one is on its way.
    let sent, asking = false, answers = 0;
    let own; // gives what the reader has drawn, which goes with a question

    const look = (mode) => {
      begin.textContent = {running: "Pause", paused: "Go on"}[mode] ?? words;
      stop.hidden = !mode || mode === "done";
      figure.dataset.job = mode ?? "";
    };
    function end() {
      worker?.terminate();
      worker = sent = undefined;
      running = asking = false;
      look();
    }
    // Nothing runs: what was recorded, if it is what the controls say.
    function rest() {
      const fits = kept && window.resnet_lab.job(name, state()) === kept.job;
      bar.value = fits ? 1 : 0;
      steps.textContent = fits ? reason : "";
      show(fits ? kept.text : "");
    }
    async function recorded() {
      if (!window.resnetJobHost.recorded.includes(name)) return;
      const lab = await start();
      await load(`recorded-${name}.js`);
      const {values, results} = window.resnetRecorded[name];
      kept = {job: lab.job(name, values), text: JSON.stringify(results)};
      if (!job) rest();
    }
    function clear() {
      end();
      job = undefined;
      rest();
    }
    function pause() {
      running = false;
      look("paused");
      say("Paused.");
    }
    function goOn() {
      running = true;
      look("running");
      worker.postMessage({});
    }
    // Sends what the controls ask now, unless that is what was asked last.
    function ask() {
      const given = own?.(), text = window.resnet_lab.question(name, state());
      if (text + given === sent) return false;
      if (!asking) {
        asking = true;
        sent = text + given;
        worker.postMessage({question: {...JSON.parse(text), own: given}});
      }
      return true;
    }
    function take({data}) {
      if (data.error) {
        clear();
        return say(data.error);
      }
      if (asking) {
        asking = false;
        ask(); // while this answer is drawn
        show(JSON.stringify(data), !answers++, true);
        return;
      }
      const done = data.step === total;
      if (running && !done) worker.postMessage({});
      bar.value = data.step / total;
      const slow = fast ? "" : ", slowly: this browser has no WebAssembly";
      steps.textContent = `step ${data.step} of ${total}${slow}`;
      const now = performance.now();
      // Eight pictures a second are enough, and leave the page its time; only the end for those
      // who want no motion.
      if (done || (!still.matches && now - drawn > 125)) {
        drawn = now;
        show(JSON.stringify(data), done);
      }
      if (!done) return;
      if (window.resnet_lab.question(name, state())) {
        running = false;
        look("done");
        ask();
      } else end();
    }
    async function run() {
      const text = (await start()).job(name, state());
      await new Promise((done) => setTimeout(done)); // a task of its own, and then the picture
      clear();
      job = text;
      const asked = JSON.parse(text);
      total = asked.steps;
      const missing = asked.data.filter((name) => !window.resnetData?.[name]);
      await Promise.all(missing.map((name) => load(`${name}.js`)));
      if (figure.querySelector(".rl-pictures") && !own) {
        if (!window.resnetPictures) await load("pictures.js");
        own = window.resnetPictures(figure);
      }
      const data = Object.fromEntries(asked.data.map((name) => [name, window.resnetData[name]]));
      const url = URL.createObjectURL(new Blob([window.resnetJobHost.source]));
      worker = new Worker(url);
      URL.revokeObjectURL(url);
      worker.onmessage = take;
      worker.onerror = ({message}) => take({data: {error: "The training stopped: " + message}});
      worker.postMessage({job: asked, data, options: {simd: fast}});
      running = true;
      look("running");
      say("Training.");
    }

    // Out of sight for long, or left: the job ends.
    new IntersectionObserver(([{isIntersecting}]) => {
      clearTimeout(unseen);
      if (!isIntersecting) unseen = setTimeout(() => running && pause(), 10000);
    }).observe(figure);
    document[listen]("visibilitychange", () => document.hidden && running && pause());
    window[listen]("pagehide", end);

    return {
      press: (what) =>
        what === "recorded" ? recorded()
          : what === "stop" ? clear()
            : running ? pause()
              : worker && !sent ? goOn() : run(),
      // A control was moved. What it changes of the job ends the job; what else it changes may be a
      // question to one that is done: true if the answer is still to come.
      moved() {
        if (!job && kept) rest();
        if (!job) return !!kept;
        if (window.resnet_lab.job(name, state()) === job) return !!sent && (ask() || asking);
        clear();
        return false;
      },
    };
  },
};
