// What a click beside an explorer's copy buttons does. It is the buttons' onclick: notebooks run no
// other script of a widget. A table is read from the view, other texts stand in their buttons.
const button = event.target.closest("[data-copy]");
if (button) {
  const explorer = button.closest(".rl-explorer"), said = explorer.querySelector(".rl-said");
  const cells = [...explorer.querySelectorAll(".rl-view tr")]
    .map((row) => [...row.cells].map((cell) => cell.textContent));
  const quoted = (text) => /[",]/.test(text) ? `"${text}"` : text;
  const copies = {
    csv: () => cells.map((row) => row
      .map((text) => quoted(text.replace(/(?<=\d),(?=\d{3})/g, ""))).join(",")),
    markdown: () => {
      const rule = cells[0].map((_, column) => column ? "---:" : "---");
      return [cells[0], rule, ...cells.slice(1)].map((row) => `| ${row.join(" | ")} |`);
    },
  };
  const text = copies[button.dataset.copy]?.().join("\n") ?? button.dataset.text;
  const copied = () => { said.textContent = "Copied: " + text.split("\n")[0]; };
  // Where a notebook may not reach the clipboard, the text is there to be copied.
  const show = () => {
    const field = Object.assign(document.createElement("textarea"), {value: text, readOnly: true});
    said.replaceChildren(field);
    field.select();
    if (document.execCommand("copy")) copied();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(copied, show);
  else show();
}
