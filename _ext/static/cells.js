// A chapter's cell that can be changed and run in the page. This script, and the Python that runs
// the cell, are fetched when the first cell is opened; a reload brings the book's cell back.
"use strict";
window.resnetCells = {
  open(button, starting) {
    const cell = button.closest(".cell"),
      code = cell.querySelector(".cell_input .highlight"),
      stored = cell.querySelector(".cell_output");
    const make = (tag, properties, ...children) => {
      const made = Object.assign(document.createElement(tag), properties);
      made.append(...children);
      return made;
    };
    const field = make("textarea", {
      value: code.querySelector("pre").textContent.trimEnd(),
      ariaLabel: "Code of this cell",
      spellcheck: false,
      wrap: "off",
    });
    field.setAttribute("autocapitalize", "off");
    const shown = make("div", {className: "cell_output", hidden: true}),
      said = make("span", {className: "rl-said", role: "status"}),
      run = make("button", {type: "button", textContent: "Run"}),
      reset = make("button", {type: "button", textContent: "Reset"}),
      editor = make(
        "div",
        {className: "rl-editor"},
        field,
        make("div", {className: "rl-actions"}, run, reset, said),
      );
    const grow = () => (field.rows = field.value.split("\n").length + 1);
    const swap = (open) => {
      code.hidden = button.hidden = open;
      editor.hidden = !open;
    };

    const start = async () => {
      said.textContent = "Running ...";
      // A frame later, so that this can be read: Python has the page to itself while it runs.
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      try {
        await starting;
        const [html, wrong] = JSON.parse(resnet_cell(button.dataset.before, field.value));
        shown.innerHTML = html;
        shown.hidden = !html;
        stored.hidden = true;
        editor.dataset.state = wrong ? "wrong" : "";
        said.innerHTML = wrong || (html ? "Done." : "Done; the cell shows nothing.");
      } catch (error) {
        said.textContent = "This cell could not be run here.";
        throw error;
      }
    };
    run.addEventListener("click", start);
    reset.addEventListener("click", () => {
      editor.remove();
      shown.remove();
      stored.hidden = false;
      swap(false);
      button.focus();
    });
    field.addEventListener("input", grow);
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.shiftKey || event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      start();
    });

    button.after(editor);
    stored.after(shown);
    grow();
    swap(true);
    field.setSelectionRange(0, 0);
    field.focus();
  },
};
