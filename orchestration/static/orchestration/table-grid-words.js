// What the grid says about its columns, and what it offers in their cells.

import { el } from "./rule-editor-parts.js";
import * as model from "./table-grid-model.js";

const EXAMPLES = {
  number: "18, >= 18, < 4.5, [1..5], (1..5], 1, 5, 9, not(7)",
  integer: "18, >= 18, < 65, [1..5], (1..5], 1, 5, 9, not(7)",
  string: '"DE", "DE","FR", not("US")',
  boolean: "true, false",
  date: "2026-01-31, >= 2026-01-31, [2026-01-01..2026-12-31]",
  datetime: ">= 2026-01-31T09:00:00Z",
};
const NAMES = { number: "number", integer: "whole number", string: "text", boolean: "true or false", date: "date", datetime: "date and time" };

export const factOf = (owner, path) => owner.words.facts.find((one) => one.path === path);

const spoken = (path) => path.split(".").at(-1).replaceAll("_", " ").replace(/^./, (sign) => sign.toUpperCase());

// Title and small print of a column.
export function namesOf(owner, side, place) {
  const column = owner.table[side][place];
  if (side === "inputs") return [column.title || factOf(owner, column.fact)?.title || (column.fact ? spoken(column.fact) : "Choose a fact"), column.fact];
  if (column.kind === "outcome") return ["Outcome", "decides the case"];
  if (column.kind === "escalation") return ["Reason", `escalates to ${column.queue || "…"}`];
  return [spoken(column.fact || "result"), `sets ${column.fact || "…"}`];
}

export function headOf(owner) {
  const { inputs, outputs } = owner.table;
  const button = (side, place) => {
    const [title, small] = namesOf(owner, side, place);
    const kind = side === "inputs" ? "t-when" : "t-then";
    const open = () => owner.columns.open(side, place);
    const words = `${side === "inputs" ? "Condition" : "Result"} column ${place + 1}: ${title} (${small}). Change it`;
    return el("th", { scope: "col", class: kind, "data-head": `/${side}/${place}` }, el("button", { type: "button", class: "t-head", "aria-label": words, title: "Change, move, copy or delete this column", onclick: open }, el("span", {}, title), el("small", { class: "c-mono" }, small)));
  };
  return el("tr", { "aria-rowindex": 1 }, el("th", { class: "t-number", scope: "col" }, el("span", { class: "c-visually-hidden" }, "Number")), el("th", { scope: "col", class: "t-key" }, "Row"), inputs.map((_, place) => button("inputs", place)), outputs.map((_, place) => button("outputs", place)));
}

// One sentence for the line below the grid, or only the column's name.
export function describeColumn(owner, { row, column }, brief = false) {
  const { part, place } = model.partOf(owner.table, column);
  if (part === "key") return brief ? "Row key" : model.isOtherwise(owner.table, row) ? "“Otherwise” holds where no row applies. Fill in its results." : "The row's key: its name in reports and explanations.";
  const side = part === "when" ? "inputs" : "outputs";
  const name = namesOf(owner, side, place)[0];
  if (brief) return name;
  const found = owner.table[side][place];
  if (part === "when") {
    const fact = factOf(owner, found.fact);
    if (!fact) return `${name}: choose a fact for this column (press its heading).`;
    const bounds = fact.minimum !== null || fact.maximum !== null ? ` from ${fact.minimum ?? "…"} to ${fact.maximum ?? "…"}` : "";
    const values = fact.values.length ? `: ${fact.values.slice(0, 12).map((one) => JSON.stringify(one)).join(", ")}` : "";
    return `${name} is a ${NAMES[fact.type] || fact.type}${bounds}${values}. Write for example ${fact.values.length > 1 ? `${JSON.stringify(fact.values[0])} or not(${JSON.stringify(fact.values[1])})` : EXAMPLES[fact.type] || "-"}; - is any value, {name} a parameter.`;
  }
  const values = found.values.length ? ` One of ${model.valuesText(found.values, model.typeOf(found))}.` : "";
  if (found.kind === "outcome") return `The outcome that the row decides, or nothing. Possible are ${owner.words.outcomes.join(", ")}.`;
  if (found.kind === "escalation") return `Why the case goes to a person in “${found.queue}”, or nothing.${values}`;
  return `What the row sets ${found.fact} to: a ${NAMES[found.type] || found.type}, or nothing.${values}`;
}

// Values to pick while one types: [value, words].
export function suggestionsFor(owner, column) {
  const { part, place } = model.partOf(owner.table, column);
  if (part === "key") return [];
  if (part === "then") {
    const output = owner.table.outputs[place];
    const type = model.typeOf(output);
    const values = output.values.length ? output.values : output.kind === "outcome" ? owner.words.outcomes : type === "boolean" ? [true, false] : [];
    return values.map((one) => [model.textOf(one, type), ""]);
  }
  const fact = factOf(owner, owner.table.inputs[place].fact);
  const values = fact ? (fact.type === "boolean" ? [true, false] : fact.values) : [];
  const alike = (one) => !fact || one.type === fact.type || one.type === "list" || (one.type === "number" && fact.type === "integer") || (one.type === "integer" && fact.type === "number");
  const parameters = owner.words.parameters.filter(alike).map((one) => [one.type === "list" ? `in {${one.name}}` : `{${one.name}}`, one.title]);
  return [["-", "any value"], ...values.map((one) => [JSON.stringify(one), ""]), ...parameters];
}
