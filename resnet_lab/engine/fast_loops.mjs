/* The hot loops, fast: programs in the words of `assembler.mjs`, which explains them.

   A network spends its time on products of matrices. To fetch a number costs more than to multiply
   it, so each is used often once it is there: four rows of filters meet eight places at once, and
   the 32 sums stay in the machine's registers until they are done. `plain_loops.mjs` says the same
   in JavaScript; read it beside this. */
import {assemble} from "./assembler.mjs";

const next = (...steps) => steps.map((step) => `${step} i+ =${step.split(" ")[0]}`).join(" ");
const loop = (i, limit, step, body) =>
  `0 =${i} while ${i} ${limit} i< do ${body} ${next(`${i} ${step}`)} repeat`;
const four = (text) => [0, 1, 2, 3].map(text).join(" ");
const eight = (text) => four((j) => `${text(j, 0)} ${text(j, 1)}`);
// Rows m to m + 3 of a matrix; the last one there is stands in for those that are missing.
const rows = (p, step) => [1, 2, 3].map((j) =>
  `m ${j} i+ rows i< ${step} i* ${p}${j - 1} i+ =${p}${j}`).join(" ");
// Along a run four at a time, and what is left one at a time.
const along = (body) => `0 =r while r 16 i+ run i<= do ${body("load", "store")} r 16 i+ =r repeat
  while r run i< do ${body("one", "put")} r 4 i+ =r repeat`;

const PROGRAMS = {
  // c[m, place] = sum over k of a[m, k] * b[place + table[k]], at ny rows of nx columns of a run.
  // Four rows by eight places (S00 to S31, four numbers each) are summed up while k runs: each
  // number of a serves eight times and each of b four times for once that it is fetched. What is
  // over at the end of a run is calculated in full and stored in part.
  multiply: ["c cm cy cx a am k_end b by bx run table", "rows ny nx adding", "",
    `b =by0  c =cy0
    ${loop("y", "ny", 1, `by0 =bx0  cy0 =cx0 ${loop("x", "nx", 1, `bx0 =from  cx0 =to
      ${loop("r", "run", 32, `a =a0  to =c0 ${loop("m", "rows", 4, `
        ${rows("a", "am")} ${rows("c", "cm")} ${four((j) => `a${j} =q${j}`)}
        adding if ${eight((j, v) => `c${j} load+${16 * v} =S${j}${v}`)}
        else ${eight((j, v) => `ZERO =S${j}${v}`)} end
        table =t  table k_end i+ =last
        while t last i< do
          t int from i+ =p  p load =X0  p load+16 =X1
          ${four((j) => `q${j} splat =A  S${j}0 A X0 * + =S${j}0  S${j}1 A X1 * + =S${j}1`)}
          ${next("t 4", "q0 4", "q1 4", "q2 4", "q3 4")}
        repeat
        r 32 i+ run i<= if ${eight((j, v) => `c${j} S${j}${v} store+${16 * v}`)}
        else ${eight((j, v) => `0 S${j}${v} store+${32 * j + 16 * v}`)} ${loop("i", "run", 4, `
          i r i+ run i< if ${four((j) => `c${j} i i+  i get+${32 * j}  set`)} end`)} end
        a0 am 4 i* i+ =a0  c0 cm 4 i* i+ =c0`)}
      ${next("from 32", "to 32")}`)}
      ${next("bx0 bx", "cx0 cx")}`)} ${next("by0 by", "cy0 cy")}`)}`],
  // w[m, k] = sum over places of d[m, place] * b[place + table[k]], the gradient of the weights:
  // four rows by two k at a time; the sum runs along the places in four parts, added at the end.
  correlate: ["w wm d dm dy dx k_end b by bx run table", "rows ny nx", "",
    loop("m", "rows", 4, loop("k", "k_end", 8, `
      d m dm i* i+ =d0 ${rows("d", "dm")}  w m wm i* i+ k i+ =w0 ${rows("w", "wm")}
      k 4 i+ k_end i< 4 i* =next  table k i+ int b i+ =b0  table k i+ next i+ int b i+ =b1
      ${eight((j, v) => `ZERO =S${j}${v}`)}
      ${loop("y", "ny", 1, loop("x", "nx", 1, `y dy i* x dx i* i+ =p  y by i* x bx i* i+ =q
        ${along((load) => `b0 q i+ r i+ ${load} =X0  b1 q i+ r i+ ${load} =X1
          ${four((j) => `d${j} p i+ r i+ ${load} =A
            S${j}0 A X0 * + =S${j}0  S${j}1 A X1 * + =S${j}1`)}`)}`))}
      ${eight((j, v) => `w${j} ${v ? "next i+" : ""}
        ${four((l) => `S${j}${v} lane${l}`)} f+ f+ f+ set`)}`))],
  // out = scale x + other y + shift, added to what is there if `adding`: BatchNorm, additions.
  blend: ["out x y run", "adding", "scale other shift", `scale four =A other four =B shift four =C
    adding if ${along((load, store) => `out r i+
      out r i+ ${load}  x r i+ ${load} A *  y r i+ ${load} B * +  C + + ${store}`)}
    else ${along((load, store) => `out r i+
      x r i+ ${load} A *  y r i+ ${load} B * +  C + ${store}`)} end`],
  rectify: ["out x run", "", "",
    along((load, store) => `out r i+  x r i+ ${load} ZERO max ${store}`)],
  // out = d where y > 0, else 0; added to what is there if `adding`.
  gate: ["out d y run", "adding", "", `adding if ${along((load, store) => `out r i+
      out r i+ ${load}  y r i+ ${load} ZERO > d r i+ ${load} and  + ${store}`)}
    else ${along((load, store) => `out r i+
      y r i+ ${load} ZERO > d r i+ ${load} and ${store}`)} end`],
  // The sums of x and of x * y in float64, even and odd places apart: four numbers at address 0.
  sums: ["x y run", "", "", `0 =r
    while r 8 i+ run i<= do
      x r i+ two double =V  S V d+ =S  T V y r i+ two double d* d+ =T  r 8 i+ =r repeat
    r run i< if x r i+ one double =V  S V d+ =S  T V y r i+ one double d* d+ =T end
    0 S store  0 T store+16`],
};

export const hasSimd = () =>
  typeof WebAssembly === "object" && WebAssembly.validate(assemble(PROGRAMS));
let compiled;

/** The programs and the memory they work on. `unit`: how far one number is from the next there. */
export function fastLoops() {
  const memory = new WebAssembly.Memory({initial: 1});
  compiled ??= new WebAssembly.Module(assemble(PROGRAMS));
  const programs = new WebAssembly.Instance(compiled, {m: {m: memory}}).exports;
  const sums = (x, y, run) => {
    programs.sums(x, y, run);
    const [s0, s1, t0, t1] = new Float64Array(memory.buffer, 0, 4);
    return [s0 + s1, t0 + t1];
  };
  const grow = (bytes) => {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / 65536);
    if (missing > 0) memory.grow(missing);
    return memory.buffer;
  };
  return {...programs, sums, grow, unit: 4, fast: true};
}
