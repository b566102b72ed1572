// A decision table as a grid edits it: never changed in place, so that undo is keeping the one before.
//
// {key, title, hit_policy, priority, enabled, inputs: [{fact, title}],
//  outputs: [{kind: "result" | "outcome" | "escalation", fact, type, queue, values}],
//  rows: [{key, when, then}], otherwise: null | [...]}

const KINDS = { set: "result", decide: "outcome", escalate: "escalation" };
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;
const EXACT = "json:";

export function read(json) {
  const list = (value) => (Array.isArray(value) ? value : []);
  const text = (value) => (typeof value === "string" ? value : "");
  const inputs = list(json.inputs).map((one) => ({ fact: text(one.fact), title: text(one.title) }));
  const outputs = list(json.outputs).map((one) => {
    const word = Object.keys(KINDS).find((key) => key in one) || "set";
    return { kind: KINDS[word], fact: text(one.set), type: text(one.type) || "string", queue: text(one.queue), values: list(one.values) };
  });
  const even = (cells, count, empty) => Array.from({ length: count }, (_, place) => (cells[place] === undefined ? empty : cells[place]));
  const rows = list(json.rows).map((row) => ({
    key: text(row.key),
    when: even(list(row.when), inputs.length, "-").map((cell) => (typeof cell === "string" ? cell : String(cell))),
    then: even(list(row.then), outputs.length, null),
  }));
  const otherwise = Array.isArray(json.otherwise) ? even(json.otherwise, outputs.length, null) : null;
  return { key: text(json.key), title: text(json.title), hit_policy: text(json.hit_policy) || "unique", priority: json.priority ?? 0, enabled: json.enabled ?? true, inputs, outputs, rows, otherwise };
}

export function write(table) {
  const json = { key: table.key, title: table.title, hit_policy: table.hit_policy };
  if (table.priority !== 0) json.priority = table.priority;
  if (table.enabled !== true) json.enabled = table.enabled;
  json.inputs = table.inputs.map((one) => (one.title ? { fact: one.fact, title: one.title } : { fact: one.fact }));
  json.outputs = table.outputs.map((one) => {
    const found = one.kind === "outcome" ? { decide: "outcome" } : one.kind === "escalation" ? { escalate: "reason", queue: one.queue } : { set: one.fact, type: one.type };
    return one.values.length ? { ...found, values: one.values } : found;
  });
  json.rows = table.rows.map((row) => ({ key: row.key, when: row.when, then: row.then }));
  if (table.otherwise) json.otherwise = table.otherwise;
  return json;
}

// --- Cells: texts for people, values for the table ---------------------------------------------------

export const typeOf = (output) => (output.kind === "result" ? output.type : "string");

// A number such as 1.0 travels as {number: "1.0"}: it is not 1.
const same = (one, other) => (typeof one === "object" || typeof other === "object" ? JSON.stringify(one) === JSON.stringify(other) : one === other);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function valueOf(text, type) {
  const said = text.trim();
  if (!said) return null;
  if (said.startsWith(EXACT)) {
    const exact = parsed(said.slice(EXACT.length));
    if (exact !== undefined) return exact;
  }
  if (said.length > 1 && said.startsWith('"') && said.endsWith('"') && typeof parsed(said) === "string") return parsed(said);
  if ((type === "number" || type === "integer") && NUMBER.test(said)) {
    const number = Number(said);
    return Number.isInteger(number) && /[.eE]/.test(said) ? { number: said } : number;
  }
  if (type === "boolean" && /^(true|yes)$/i.test(said)) return true;
  if (type === "boolean" && /^(false|no)$/i.test(said)) return false;
  return said;
}

export function textOf(value, type) {
  if (value === null) return "";
  const plain = typeof value === "object" && "number" in value ? value.number : String(value);
  return [plain, JSON.stringify(value)].find((text) => same(valueOf(text, type), value)) ?? EXACT + JSON.stringify(value);
}

export const valuesText = (values, type) => {
  const plain = values.map((one) => textOf(one, type)).join(", ");
  return same(valuesOf(plain, type), values) ? plain : JSON.stringify(values).slice(1, -1);
};

export function valuesOf(text, type) {
  const listed = text.includes('"') ? parsed(`[${text}]`) : undefined;
  if (Array.isArray(listed)) return listed;
  return text.split(",").map((part) => valueOf(part, type)).filter((one) => one !== null);
}

// --- The grid: column 0 is the row's key, then conditions, then results; the last row may be “otherwise” ---

export const width = (table) => 1 + table.inputs.length + table.outputs.length;
export const height = (table) => table.rows.length + (table.otherwise ? 1 : 0);
export const isOtherwise = (table, row) => row === table.rows.length && Boolean(table.otherwise);
export const partOf = (table, column) =>
  column === 0 ? { part: "key", place: 0 } : column <= table.inputs.length ? { part: "when", place: column - 1 } : { part: "then", place: column - 1 - table.inputs.length };

export function cellText(table, row, column) {
  const { part, place } = partOf(table, column);
  if (isOtherwise(table, row)) return part === "then" ? textOf(table.otherwise[place], typeOf(table.outputs[place])) : "";
  const found = table.rows[row];
  if (part === "key") return found.key;
  return part === "when" ? found.when[place] : textOf(found.then[place], typeOf(table.outputs[place]));
}

export const isOpen = (table, row, column) => !isOtherwise(table, row) || partOf(table, column).part === "then";

export function withCell(table, row, column, text) {
  const { part, place } = partOf(table, column);
  if (!isOpen(table, row, column) || cellText(table, row, column) === text) return table;
  const value = part === "then" ? valueOf(text, typeOf(table.outputs[place])) : text.trim();
  if (isOtherwise(table, row)) return { ...table, otherwise: replaced(table.otherwise, place, value) };
  const old = table.rows[row];
  const changed = part === "key" ? { ...old, key: value } : { ...old, [part]: replaced(old[part], place, part === "when" ? value || "-" : value) };
  return { ...table, rows: replaced(table.rows, row, changed) };
}

export function freeKey(table, wanted = `row-${table.rows.length + 1}`) {
  const taken = new Set(table.rows.map((row) => row.key));
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const key = `${wanted.replace(/-\d+$/, "").slice(0, 90)}-${number}`;
    if (!taken.has(key)) return key;
  }
}

export const newRow = (table) => ({ key: freeKey(table), when: table.inputs.map(() => "-"), then: table.outputs.map(() => null) });
export const withRow = (table, place, row = newRow(table)) => ({ ...table, rows: inserted(table.rows, place, row) });
export const withoutRows = (table, first, last) => ({ ...table, rows: table.rows.filter((_, place) => place < first || place > last) });
export const withCopies = (table, first, last) => {
  let changed = table;
  table.rows.slice(first, last + 1).forEach((row, place) => {
    changed = withRow(changed, last + 1 + place, { ...row, key: freeKey(changed, `${row.key}-2`) });
  });
  return changed;
};
export function withMoved(table, first, last, by) {
  const rows = [...table.rows];
  const block = rows.splice(first, last - first + 1);
  rows.splice(first + by, 0, ...block);
  return { ...table, rows };
}

export function withOtherwise(table, wanted) {
  return { ...table, otherwise: wanted ? table.outputs.map(() => null) : null };
}

// Columns: `side` is inputs or outputs; their cells go with them.
export function withColumns(table, side, change) {
  const part = side === "inputs" ? "when" : "then";
  const columns = change(table[side]);
  const rows = table.rows.map((row) => ({ ...row, [part]: change(row[part]) }));
  const otherwise = side === "outputs" && table.otherwise ? change(table.otherwise) : table.otherwise;
  return { ...table, [side]: columns, rows, otherwise };
}

export function withNewColumn(table, side, place, column) {
  const part = side === "inputs" ? "when" : "then";
  const empty = side === "inputs" ? "-" : null;
  const rows = table.rows.map((row) => ({ ...row, [part]: inserted(row[part], place, empty) }));
  const otherwise = side === "outputs" && table.otherwise ? inserted(table.otherwise, place, null) : table.otherwise;
  return { ...table, [side]: inserted(table[side], place, column), rows, otherwise };
}

export function withColumn(table, side, place, column) {
  const before = table[side][place];
  const changed = { ...table, [side]: replaced(table[side], place, column) };
  if (side === "inputs" || typeOf(before) === typeOf(column)) return changed;
  const again = (value) => valueOf(textOf(value, typeOf(before)), typeOf(column)); // "5" as text is 5 as number
  const rows = table.rows.map((row) => ({ ...row, then: replaced(row.then, place, again(row.then[place])) }));
  return { ...changed, rows, otherwise: table.otherwise && replaced(table.otherwise, place, again(table.otherwise[place])) };
}

export const replaced = (list, place, value) => list.map((one, number) => (number === place ? value : one));
export const inserted = (list, place, value) => [...list.slice(0, place), value, ...list.slice(place)];
export const moved = (list, from, to) => inserted(list.filter((_, place) => place !== from), to, list[from]);

// --- The clipboard: cells as spreadsheet programs exchange them -----------------------------------------

// Only what holds a tab or a line break is quoted, as spreadsheet programs do: `"DE"` stays as it is.
export function toBlock(lines) {
  const quoted = (text) => (/[\t\n\r]/.test(text) || (text.startsWith('"') && text.slice(1, -1).includes('""')) ? `"${text.replaceAll('"', '""')}"` : text);
  return lines.map((line) => line.map(quoted).join("\t")).join("\n");
}

export function fromBlock(text) {
  const whole = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const quoted = /"((?:[^"]|"")*)"(?=[\t\n]|$)/y;
  const plain = /[^\t\n]*/y;
  const lines = [[]];
  for (let place = 0; place <= whole.length; place += 1) {
    quoted.lastIndex = plain.lastIndex = place;
    const found = whole[place] === '"' ? quoted.exec(whole) : null;
    const unpacked = found && /[\t\n]|""/.test(found[1]);
    const cell = unpacked ? found[1].replaceAll('""', '"') : plain.exec(whole)[0];
    place += unpacked ? found[0].length : cell.length;
    lines[lines.length - 1].push(cell);
    if (whole[place] === "\n") lines.push([]);
  }
  return lines;
}
