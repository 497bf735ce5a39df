// An exercise of the page with other numbers, by their seed; 0 is the book's own. The package drew
// them all when the book was built: window.resnetSheets has question, record and solution.
"use strict";
// Returns whether there are such numbers.
window.resnetAnother = (exercise, seed, say) => {
  const sheets = window.resnetSheets[exercise.id.replace("exercise-", "").replace("-", ".")],
    [asked, form, solved] = [".rl-question", "form", "details"].map((part) =>
      exercise.querySelector(part),
    ),
    solution = solved.querySelector("div");
  if (seed === "next") {
    seed = Number(exercise.dataset.seed || 0);
    // Two seeds may bring the same numbers.
    do seed = (seed % sheets.length) + 1;
    while (sheets[seed - 1][1] === exercise.dataset.exercise);
  }
  if (!(seed >= 0 && seed <= sheets.length && seed % 1 === 0)) {
    say("unread", `There are other numbers for the seeds 1 to ${sheets.length}.`);
    return false;
  }
  exercise.book ??= ["", exercise.dataset.exercise, solution.innerHTML];
  [asked.innerHTML, exercise.dataset.exercise, solution.innerHTML] =
    seed > 0 ? sheets[seed - 1] : exercise.book;
  asked.hidden = seed === 0;
  solved.open = false;
  exercise.dataset.seed = seed || "";

  // Buttons that make sense with drawn numbers alone.
  const add = (text, press) => {
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      textContent: text,
      onclick: press,
    });
    form.querySelector(".rl-actions").append(button);
    return button;
  };
  exercise.added ??= [
    add("The book’s numbers", () => exercise.draw(0)),
    add("Copy link", async () => {
      const link = location.href.split("#")[0] + `#${exercise.id}?seed=${exercise.dataset.seed}`;
      await navigator.clipboard.writeText(link).then(
        () => say("unread", "The link with these numbers is copied."),
        () => say("unread", link),
      );
    }),
  ];
  for (const button of exercise.added) button.hidden = seed === 0;
  return true;
};
