// Tables as people paste them: from a spreadsheet (tabs), as CSV (comma or semicolon), or as words and figures.

import { FigureError, KINDS, UNIT, amount, compared, count, monthly, waterfall } from "./calculation.js";

const MOST_ROWS = 20_000;

// As the page writes the words that it knows: without accents, capitals and needless spaces.
const plain = (word) => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
const meaning = (known, word) => (Object.hasOwn(known, plain(word)) ? known[plain(word)] : undefined);

const cellsOf = (line, separator) => {
  const cells = [];
  let [cell, quoted] = ["", false];
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at];
    if (quoted && sign === '"' && line[at + 1] === '"') cell += line[(at += 1)];
    else if (sign === '"' && (quoted || cell === "")) quoted = !quoted;
    else if (sign === separator && !quoted) [cells[cells.length], cell] = [cell, ""];
    else cell += sign;
  }
  return [...cells, cell].map((one) => one.trim());
};

// A comma separates only where neither a tab nor a semicolon does: amounts may hold it.
const table = (text) => {
  const lines = text.split(/\r\n|\r|\n/).map((line, at) => [at + 1, line]).filter(([, line]) => line.trim() !== "");
  if (lines.length === 0) throw new FigureError("empty");
  if (lines.length > MOST_ROWS) throw new FigureError("rows");
  const separator = ["\t", ";"].find((one) => lines.every(([, line]) => line.includes(one))) ?? ",";
  return lines.map(([line, words]) => [line, cellsOf(words, separator)]);
};

const named = (line, act) => {
  try {
    return act();
  } catch (error) {
    if (error instanceof FigureError) throw new FigureError(error.code, error.text, line);
    throw error;
  }
};

const isHeader = ([, ...cells]) => cells.every((cell) => !/\d/.test(cell));

const ofKinds = (rows, known) => {
  const told = {};
  for (const [line, [name, figure = ""]] of rows) {
    const kind = meaning(known, name);
    if (kind === undefined) throw new FigureError("kind", name, line);
    told[kind] = (told[kind] ?? 0n) + named(line, () => amount(figure.replace(/^[+\-−]\s*/, "")));
  }
  return waterfall(told);
};

const ofCustomers = (rows, known) => {
  const seen = new Set();
  const read = ([line, [name, before = "", after = "", back = ""]]) => {
    if (before === "" || after === "") throw new FigureError("cells", name, line);
    if (seen.has(name)) throw new FigureError("twice", name, line);
    seen.add(name);
    return named(line, () => ({ before: amount(before), after: amount(after), known: meaning(known, back) !== undefined }));
  };
  return compared(rows.map(read));
};

// Rows of customer, before, after, or rows of kind and amount; `known` tells what words mean.
export const pasted = (text, known) => {
  const rows = table(text);
  const kinds = rows.some(([, [name]]) => meaning(known.kinds, name) !== undefined) && rows.every(([, cells]) => cells.length === 2);
  const body = isHeader(rows[0][1]) ? rows.slice(1) : rows;
  if (body.length === 0) throw new FigureError("empty");
  return kinds ? ofKinds(body, known.kinds) : ofCustomers(body, known.returning);
};

const interval = (text, known) => {
  const [, many, name] = /^(\d*)(\D+)$/.exec(text) ?? ["", "0", ""];
  const found = meaning(known, name);
  if (found === undefined || BigInt(many || "1") === 0n) throw new FigureError("interval", text);
  return [found, BigInt(many || "1")];
};

// Rows of quantity, price, interval: 8, 1200, year.
export const subscriptions = (text, known) => {
  const rows = table(text);
  const body = isHeader(["", ...rows[0][1]]) ? rows.slice(1) : rows;
  if (body.length === 0) throw new FigureError("empty");
  const read = ([line, [quantity, price = "", every = ""]]) => {
    if (price === "" || every === "") throw new FigureError("cells", quantity, line);
    return named(line, () => monthly(amount(price), ...interval(every, known.intervals), count(quantity)));
  };
  const mrr = body.map(read).reduce((sum, one) => sum + one, 0n);
  return { mrr, arr: 12n * mrr };
};

export { KINDS, UNIT };
