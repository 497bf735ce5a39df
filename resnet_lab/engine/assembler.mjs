/* A small language for WebAssembly, in which the hot loops are written.

   WebAssembly is a machine inside the browser that JavaScript can hand a program to. It knows only
   numbers and one block of memory, which both sides see; in return it can add or multiply four
   float32 numbers at once ("SIMD"). That makes the engine some ten times faster than the same loops
   in JavaScript. Its programs are bytes; the few kinds of bytes we need have words here.

   The machine works on a stack. The words of a program run from left to right: a name or a number
   puts its value on the stack, an operation takes its values from there and puts the result back,
   and `=name` takes the top and keeps it. So

       S A X * + =S                                            is  S = S + A * X
       0 =i while i 8 i< do ... i 1 i+ =i repeat               is  for (i = 0; i < 8; i++) ...
       p load =X                                               is  X = the four numbers at address p

   Names in capitals hold four numbers, others integers. Words that begin with `i` calculate with
   integers, mostly addresses in bytes: the next float32 is 4 further. `load`, `splat` and `int`
   take an address and give four numbers, one number four times, an integer. `while test do ...
   repeat` and `if ... else ... end` are what they say. */

const WORDS = { // the bytes that the machine reads
  "i+": [0x6a], "i*": [0x6c], "i<": [0x48], "i<=": [0x4c],
  "+": [0xfd, 0xe4, 1], "*": [0xfd, 0xe6, 1], "max": [0xfd, 0xe9, 1], ">": [0xfd, 0x44],
  "and": [0xfd, 0x4e], "four": [0xfd, 0x13], "double": [0xfd, 0x5f], "d+": [0xfd, 0xf0, 1],
  "d*": [0xfd, 0xf2, 1], "f+": [0x92], "lane0": [0xfd, 0x1f, 0], "lane1": [0xfd, 0x1f, 1],
  "lane2": [0xfd, 0x1f, 2], "lane3": [0xfd, 0x1f, 3], "while": [2, 0x40, 3, 0x40],
  "do": [0x45, 0x0d, 1], "repeat": [0x0c, 0, 0x0b, 0x0b],
  "if": [4, 0x40], "else": [5], "end": [0x0b],
};
// "load+16" is 16 bytes further; `one`, `two` load so many numbers, and zeros; `put` stores one.
const MEMORY = {
  "int": [0x28], "get": [0x2a], "set": [0x38], "load": [0xfd, 0], "store": [0xfd, 0x0b],
  "splat": [0xfd, 9], "one": [0xfd, 0x5c], "two": [0xfd, 0x5d], "put": [0xfd, 0x5a],
};

const number = (n) => n < 64 ? [n] : [n & 127 | 128, n >> 7]; // up to 8191, seven bits a byte
const list = (items) => [...number(items.length), ...items.flat()];
const section = (id, items) => [id, ...list(list(items))];
const text = (name) => list([...name].map((letter) => letter.charCodeAt()));
const split = (line) => line.split(/\s+/).filter(Boolean);

/** The bytes of one word; `locals` are the names, in the order of their numbers. */
function bytesOf(word, locals) {
  const [memory, further = 0] = word.split("+");
  if (WORDS[word]) return WORDS[word];
  if (memory === "put") return [...MEMORY.put, 0, 0, 0];
  if (MEMORY[memory]) return [...MEMORY[memory], 0, ...number(+further)];
  if (word >= "0" && word < ":") return [0x41, ...number(+word)];
  return word[0] === "=" ? [0x21, locals.indexOf(word.slice(1))] : [0x20, locals.indexOf(word)];
}

/** A WebAssembly module of programs {name: [lengths, counts, scalars, program]}. The lists are its
    parameters: lengths and addresses, given in numbers and turned into bytes; integers; float32. */
export function assemble(programs) {
  const types = [], names = [], bodies = [];
  for (const [name, [lengths, counts, scalars, program]] of Object.entries(programs)) {
    const locals = split(`${lengths} ${counts} ${scalars}`);
    const integers = locals.length - split(scalars).length;
    const words = split(split(lengths).map((name) => `${name} 4 i* =${name} `).join("") + program);
    const kept = new Set(words.filter((word) => word[0] === "=").map((word) => word.slice(1)));
    const own = [...kept].filter((word) => !locals.includes(word));
    const vectors = own.filter((word) => word < "a");
    types.push([0x60, ...list(locals.map((_, i) => i < integers ? 0x7f : 0x7d)), 0]);
    locals.push(...own.filter((word) => word >= "a"), ...vectors, "ZERO"); // which nobody sets
    const code = words.flatMap((word) => bytesOf(word, locals));
    const sizes = [2, own.length - vectors.length, 0x7f, vectors.length + 1, 0x7b];
    bodies.push(list([...sizes, ...code, 0x0b]));
    names.push([...text(name), 0, names.length]);
  }
  const memory = [[...text("m"), ...text("m"), 2, 0, 1]];
  return new Uint8Array([0, ...text("asm").slice(1), 1, 0, 0, 0, ...section(1, types),
    ...section(2, memory), ...section(3, types.map((_, i) => i)), ...section(7, names),
    ...section(10, bodies)]);
}
