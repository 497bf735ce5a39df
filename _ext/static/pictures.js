// Places pointed at in an explorer's view, and a reader's own picture, drawn or out of a file. It
// comes with the networks that look at it. What is pointed at becomes a value of the controls. The
// picture is no value: no link carries it, and it never leaves this page.
"use strict";
window.resnetPictures = (figure) => {
  const SIDE = 28;
  const form = figure.querySelector("form"), view = figure.querySelector(".rl-view");
  const listen = "addEventListener";
  const change = () => form.dispatchEvent(new Event("input"));

  function point({clientX, clientY}) {
    const target = document.elementFromPoint(clientX, clientY)?.closest(".rl-point");
    if (!target || !view.contains(target)) return;
    const {left, top, width, height} = target.getBoundingClientRect();
    const {part, across, down, first} = target.dataset;
    const x = ((clientX - left) / width) * across, y = ((clientY - top) / height) * down;
    const values = {
      part,
      channel: +first + Math.floor(y) * across + Math.floor(x),
      row: Math.floor(SIDE * (y % 1)),
      column: Math.floor(SIDE * (x % 1)),
    };
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    change();
  }
  view[listen]("pointerdown", (event) => {
    if (!event.target.closest(".rl-point")) return;
    view.setPointerCapture(event.pointerId); // the view under it is replaced while it moves
    event.preventDefault();
    point(event);
  });
  view[listen]("pointermove", (event) => {
    if (view.hasPointerCapture(event.pointerId)) point(event);
  });

  const panel = document.createElement("div");
  panel.className = "rl-own";
  panel.innerHTML = `<canvas width="${SIDE}" height="${SIDE}" tabindex="0" role="application"
    aria-label="Your picture. Draw with the mouse; or go with the arrow keys, and the space bar
    sets the pen down and lifts it"></canvas><div class="rl-actions"><button type="button">Clear
    </button><button type="button">Negative</button><label>A file of yours: <input type="file"
    accept="image/*"></label><span role="status"></span></div>`;
  figure.querySelector(".rl-pictures").parentNode.after(panel);
  const [canvas, file, said] = ["canvas", "input", "span"].map((tag) => panel.querySelector(tag));
  const [clear, negative] = panel.querySelectorAll("button");
  const pixels = new Uint8Array(SIDE * SIDE), context = canvas.getContext("2d");
  let at = [14, 14], down = false;

  function paint() {
    const image = context.createImageData(SIDE, SIDE);
    pixels.forEach((level, i) => image.data.set([level, level, level, 255], 4 * i));
    if (document.activeElement === canvas)
      image.data.set([255, down ? 80 : 180, 0, 255], 4 * (at[1] * SIDE + at[0]));
    context.putImageData(image, 0, 0);
  }
  function changed() {
    paint();
    change();
  }
  // A dot of the pen: white, and paler beside it.
  function dot(x, y) {
    for (const [dx, dy, level] of [[0, 0, 255], [1, 0, 170], [-1, 0, 170], [0, 1, 170],
      [0, -1, 170]]) {
      const [column, row] = [x + dx, y + dy];
      if (Math.min(column, row) < 0 || Math.max(column, row) >= SIDE) continue;
      pixels[row * SIDE + column] = Math.max(pixels[row * SIDE + column], level);
    }
  }
  function line([x, y], [toX, toY]) {
    const steps = Math.max(Math.abs(toX - x), Math.abs(toY - y), 1);
    for (let i = 0; i <= steps; i++)
      dot(Math.round(x + ((toX - x) * i) / steps), Math.round(y + ((toY - y) * i) / steps));
  }
  const place = ({offsetX, offsetY}) => [offsetX, offsetY].map((offset) =>
    Math.min(Math.max(Math.floor((offset / canvas.clientWidth) * SIDE), 0), SIDE - 1));
  canvas[listen]("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    at = place(event);
    line(at, at);
    changed();
  });
  canvas[listen]("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    line(at, (at = place(event)));
    changed();
  });
  const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  canvas[listen]("keydown", (event) => {
    const way = WAYS[event.key];
    if (!way && event.key !== " ") return;
    event.preventDefault();
    if (way) at = at.map((each, i) => Math.min(Math.max(each + way[i], 0), SIDE - 1));
    else down = !down;
    if (down) dot(...at);
    changed();
  });
  for (const event of ["focus", "blur"]) canvas[listen](event, paint);
  clear[listen]("click", () => {
    pixels.fill(0);
    changed();
  });
  negative[listen]("click", () => {
    pixels.forEach((level, i) => (pixels[i] = 255 - level));
    changed();
  });

  // The whole of a picture, grey, in the middle of a black square; a bright one becomes a negative,
  // for the networks know bright things before black.
  file[listen]("change", async () => {
    said.textContent = "";
    try {
      const whole = await createImageBitmap(file.files[0]);
      const scale = SIDE / Math.max(whole.width, whole.height);
      const [width, height] = [whole.width, whole.height].map((side) =>
        Math.max(1, Math.round(side * scale)));
      const small = await createImageBitmap(whole, {
        resizeWidth: width, resizeHeight: height, resizeQuality: "high"});
      context.fillRect(0, 0, SIDE, SIDE);
      context.drawImage(small, (SIDE - width) >> 1, (SIDE - height) >> 1);
      const {data} = context.getImageData(0, 0, SIDE, SIDE);
      const grey = (i) =>
        0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
      pixels.forEach((_, i) => (pixels[i] = Math.round(grey(i))));
      const rim = pixels.filter((_, i) => i % SIDE === 0 || i % SIDE === SIDE - 1 || i < SIDE);
      if (rim.reduce((sum, level) => sum + level) > 127 * rim.length)
        pixels.forEach((level, i) => (pixels[i] = 255 - level));
      changed();
    } catch {
      said.textContent = "That file is no picture that this browser can read.";
    }
  });

  const own = () => form.elements.picture.value === "own";
  const follow = () => (panel.hidden = !own());
  form[listen]("input", follow);
  form[listen]("reset", () => setTimeout(follow));
  form[listen]("click", () => setTimeout(follow)); // a preset
  context.fillStyle = "#000";
  follow();
  paint();
  return () => (own() ? [...pixels] : undefined);
};
