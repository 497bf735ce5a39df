// Makes the page's explorers and exercises live. All values, pictures and judgements come from
// resnet_lab, run by Brython in this page; this script only carries the state of the inputs there
// and the view back. It loads nothing until a reader comes near an explorer or an exercise.
"use strict";
(() => {
  const {engine, bundle, cells, sheets} = document.currentScript.dataset;
  const base = document.currentScript.src.replace(/[^/]*$/, "");
  const figures = [...document.querySelectorAll(".rl-explorer")];

  const still =
    matchMedia("(prefers-reduced-motion: reduce)").matches ||
    typeof WebAssembly !== "object" ||
    typeof Worker !== "function";

  let starting, loading;
  const load = (file) =>
    new Promise((done, failed) => {
      document.head.append(
        Object.assign(document.createElement("script"), {
          src: base + file,
          async: false, // in the order in which they are asked for
          onload: done,
          onerror: failed,
        }),
      );
    });
  const start = () =>
    (starting ??= Promise.all([engine, ...bundle.split(" ")].map(load)).then(
      () => window.resnet_lab,
    ));

  const inputs = (form) => [...form.elements].filter((input) => input.name);
  const written = ({type, checked, value}) =>
    type === "checkbox"
      ? checked
      : type === "textarea"
        ? value.replace(/[%&]/g, encodeURIComponent)
        : value;
  const state = (form, longest = Infinity) =>
    inputs(form)
      .filter((input) => input.type !== "radio" || input.checked)
      .filter((input) => input.type !== "textarea" || input.value.length <= longest)
      .map((input) => input.name + "=" + written(input))
      .join("&");

  function restore(form, link) {
    for (const [name, value] of new URLSearchParams(link)) {
      for (const input of inputs(form).filter((input) => input.name === name)) {
        if (input.type === "radio") input.checked ||= input.value === value;
        else if (input.type === "checkbox") input.checked = value === "true";
        else if (
          input.type === "range" ||
          input.type === "textarea" ||
          [...input.options].some((option) => option.value === value)
        )
          input.value = value;
      }
    }
  }

  function setUp(figure) {
    const name = figure.dataset.explorer;
    const [form, view, said] = ["form", ".rl-view", ".rl-said"].map((part) =>
      figure.querySelector(part),
    );
    let busy = false,
      again = false,
      results = "",
      job,
      silence,
      event;

    // The first change of a frame is drawn at once, later ones together in the next frame.
    function show(lab) {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      const began = event?.timeStamp ?? performance.now();
      view.innerHTML = lab.render(name, state(form), results);
      performance.measure("explorer", {start: began, detail: name});
      figure.dataset.live = state(form);
      requestAnimationFrame(() => {
        busy = false;
        if (again) {
          again = false;
          show(lab);
        }
      });
    }

    // Work that takes longer than a frame has a script of its own, fetched when it is asked for.
    async function press(what) {
      if (!window.resnetJobHost) await (loading ??= load("jobs.js"));
      job ??= window.resnetJobHost.open(figure, {
        start,
        load,
        say,
        state: () => state(form),
        show(text, end, answer) {
          results = text;
          if (!answer) event = undefined;
          start().then((lab) => {
            show(lab);
            if (end) announce();
          });
        },
      });
      await job.press(what);
    }

    const announce = () =>
      say(view.querySelector("[role=img]")?.getAttribute("aria-label") ?? view.textContent);

    function change(cause) {
      event = cause;
      const asked = job?.moved();
      for (const input of inputs(form))
        if (input.nextElementSibling?.matches("output"))
          input.nextElementSibling.value = input.value;
      if (!asked) start().then(show).catch(fail);
      clearTimeout(silence);
      silence = setTimeout(announce, 700);
    }

    const say = (text) => {
      clearTimeout(silence);
      said.textContent = text;
    };
    function fail(error) {
      say("This picture could not be made to move here.");
      throw error;
    }

    // The view's table, for a text or for a spreadsheet, which reads no 25,557,032.
    function table(what) {
      const rows = [...view.querySelectorAll("tr")].map((row) =>
        [...row.cells].map((cell) => cell.textContent),
      );
      const line =
        what === "csv"
          ? (row) =>
              row
                .map((text) => text.replace(/(?<=\d),(?=\d{3})/g, ""))
                .map((text) => (/[",]/.test(text) ? `"${text}"` : text))
                .join(",")
          : (row) => `| ${row.join(" | ")} |`;
      const lines = rows.map(line);
      if (what === "markdown")
        lines.splice(1, 0, line(rows[0].map((_, column) => (column ? "---:" : "---"))));
      return lines.join("\n");
    }

    async function copy(what) {
      const link = location.href.split("#")[0] + "#" + name + "?" + state(form, 100);
      const text =
        what === "link"
          ? link
          : what === "code"
            ? (await start()).code(name, state(form))
            : table(what);
      if (what === "link") history.replaceState(null, "", link);
      await navigator.clipboard.writeText(text).then(
        () => say("Copied: " + text.split("\n")[0]),
        () => say(text),
      );
    }

    // A text may be dropped on its field, or chosen as a file.
    async function take(file, field, cause) {
      if (file.size > 2e6) return say(`${file.name} is larger than 2 MB.`);
      field.value = await file.text();
      change(cause);
    }
    for (const field of form.querySelectorAll("textarea")) {
      field.addEventListener("dragover", (cause) => cause.preventDefault());
      field.addEventListener("drop", (cause) => {
        const [file] = cause.dataTransfer.files;
        if (!file) return;
        cause.preventDefault();
        take(file, field, cause);
      });
      field.nextElementSibling.addEventListener("change", (cause) => {
        const [file] = cause.target.files;
        if (file) take(file, field, cause);
      });
    }
    form.addEventListener("input", change);
    form.addEventListener("submit", (cause) => cause.preventDefault());
    form.addEventListener("reset", (cause) => setTimeout(() => change(cause)));
    form.addEventListener("click", (cause) => {
      const {copy: what, preset, job: wanted} = cause.target.dataset;
      if (what) copy(what);
      if (wanted) press(wanted).catch(fail);
      if (preset) {
        restore(form, preset);
        change(cause);
      }
    });
    form.addEventListener("focusin", start);
    figure.querySelector("fieldset").disabled = false;
    // Who wants no motion, or whose browser cannot train or only slowly, first sees a recorded run.
    figure.ready = () => still && form.querySelector("[data-job]") && press("recorded").catch(fail);

    const follow = (arriving) => {
      const [target, link] = location.hash.slice(1).split("?");
      if (target !== name) return;
      restore(form, link);
      change(arriving);
      figure.scrollIntoView();
    };
    window.addEventListener("hashchange", follow);
    follow();
    near.observe(figure);
    // A view that is too wide for the page is reached, and scrolled, with the keyboard too.
    new ResizeObserver(() => {
      if (view.scrollWidth > view.clientWidth) view.tabIndex = 0;
      else view.removeAttribute("tabindex");
    }).observe(view);
  }

  let drawing;
  // A reader's answers stay in this browser, where it allows that; nothing leaves it.
  function setUpExercise(exercise) {
    const [form, result] = ["form", ".rl-result"].map((part) => exercise.querySelector(part));
    const field = form.elements.answer,
      key = () => ["resnet_lab", exercise.id, exercise.dataset.seed].join(" ").trim();
    const say = (state, text) => {
      exercise.dataset.state = state;
      result.innerHTML = text;
    };
    const save = () => {
      try {
        localStorage.setItem(key(), JSON.stringify([field.value, exercise.dataset.state]));
      } catch {
        /* not kept */
      }
    };

    form.addEventListener("submit", async (cause) => {
      cause.preventDefault();
      try {
        say(...(await start()).check(exercise.dataset.exercise, field.value));
        save();
      } catch (error) {
        say("unread", "This answer could not be checked here.");
        throw error;
      }
    });
    form.addEventListener("input", () => {
      say("", "");
      save();
    });
    form.addEventListener("focusin", start);
    function restore() {
      try {
        const [answer, state] = JSON.parse(localStorage.getItem(key())) ?? [];
        if (answer) field.value = answer;
        if (state === "right") say(state, "Right, when you last checked it.");
      } catch {
        /* nothing was kept */
      }
    }
    restore();
    // Other numbers have scripts of their own, fetched when they are asked for.
    exercise.draw = async (seed, linked) => {
      await (drawing ??= Promise.all([load(sheets), load("another.js")]));
      if (!window.resnetAnother(exercise, seed, say)) return;
      field.value = "";
      say("", "");
      restore();
      if (!linked) {
        const link = exercise.dataset.seed ? `?seed=${exercise.dataset.seed}` : "";
        history.replaceState(null, "", `#${exercise.id}${link}`);
      }
    };
    exercise.querySelector(".rl-another")?.addEventListener("click", () => {
      exercise.draw("next");
    });
    exercise.querySelector("fieldset").disabled = false;
    near.observe(exercise);
  }

  const whenIdle = window.requestIdleCallback ?? setTimeout;
  const near = new IntersectionObserver(
    (entries) => {
      for (const {target} of entries.filter((entry) => entry.isIntersecting)) {
        near.unobserve(target);
        whenIdle(
          () =>
            start().then((lab) => {
              target.ready?.();
              whenIdle(() => warm(lab, target));
            }),
          {timeout: 1000},
        );
      }
    },
    {rootMargin: "100%"},
  );
  // Views are made for nobody while the page is idle: a reader's first changes then need not wait
  // for what is only done once.
  function warm(lab, {dataset, firstElementChild: form}) {
    if (!dataset.explorer) return;
    const choices = [...form.querySelectorAll("[type=radio], option")].map(
      (choice) => (choice.name || choice.parentNode.name) + "=" + choice.value,
    );
    const states = [
      state(form),
      ...[...form.querySelectorAll("[data-preset]")].map((button) => button.dataset.preset),
      ...choices,
    ];
    let spent = 0;
    const next = () => {
      const began = performance.now();
      lab.render(dataset.explorer, states.shift());
      spent += performance.now() - began;
      if (states.length && spent < 300) whenIdle(next);
    };
    next();
  }
  // Cells that the page can run have scripts of their own, fetched when one is opened.
  let opening, running;
  function setUpCell(button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      opening ??= load("cells.js");
      await opening;
      running ??= start().then(() => load(cells));
      window.resnetCells.open(button, running);
    });
  }
  figures.forEach(setUp);
  const exercises = [...document.querySelectorAll(".rl-exercise")];
  exercises.forEach(setUpExercise);
  // `#exercise-5-1?seed=17` is one exercise with other numbers, `#exercises?seed=17` all of them.
  const sheet = () => {
    const [target, link] = location.hash.slice(1).split("?");
    const seed = Number(new URLSearchParams(link).get("seed") ?? 0);
    if (!seed) return;
    for (const exercise of exercises)
      if (["exercises", exercise.id].includes(target) && exercise.querySelector(".rl-another"))
        exercise.draw(seed, true);
    document.getElementById(target)?.scrollIntoView();
  };
  window.addEventListener("hashchange", sheet);
  sheet();
  document.querySelectorAll(".rl-edit").forEach(setUpCell);
})();
