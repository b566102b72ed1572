// Actions as rows with ids: read from the rule language's JSON, written back unchanged where nobody changed them.

import { newId } from "./condition-editor-model.js";
import { isNumber } from "./rule-editor-parts.js";

const ROWS = (entries) => Object.entries(entries || {}).map(([name, value]) => ({ id: newId(), name, value }));
const written = (rows) => Object.fromEntries(rows.map(({ name, value }) => [name, value]));

export function readAction(json) {
  const kind = Object.keys(json)[0];
  const body = json[kind];
  const id = newId();
  if (kind === "set") return { id, kind, rows: ROWS(body) };
  if (kind === "open_case") return { id, kind, workflow: body.workflow, as: body.as, rows: ROWS(body.payload), wait: body.wait === true };
  if (kind === "run") return { id, kind, steps: [...body] };
  if (kind === "prioritise") return { id, kind, priority: body };
  return { id, kind, ...body };
}

export function writeAction(node) {
  const { kind } = node;
  if (kind === "set") return { set: written(node.rows) };
  if (kind === "run") return { run: [...node.steps] };
  if (kind === "prioritise") return { prioritise: node.priority };
  if (kind === "open_case") {
    const payload = node.rows.length ? { payload: written(node.rows) } : {};
    return { open_case: { workflow: node.workflow, as: node.as, ...payload, ...(node.wait ? { wait: true } : {}) } };
  }
  const { id: _, kind: __, ...body } = node;
  return { [kind]: body };
}

export function newAction(kind, words) {
  const only = (choices) => (choices.length === 1 ? choices[0].name ?? choices[0] : "");
  const made = {
    run: () => ({ steps: words.steps.length === 1 ? [words.steps[0].name] : [] }),
    set: () => ({ rows: [newRow("derived.")] }),
    escalate: () => ({ queue: only(words.queues), reason: "" }),
    decide: () => ({ outcome: only(words.outcomes) }),
    prioritise: () => ({ priority: "high" }),
    wait: () => ({ for: "1d" }),
    open_case: () => ({ workflow: "", as: "", rows: [], wait: true }),
    notify: () => ({ name: "" }),
  };
  return { id: newId(), kind, ...made[kind]() };
}

export const newRow = (name = "", value = "") => ({ id: newId(), name, value });

export function duplicateAction(node) {
  const copy = { ...structuredClone(node), id: newId() };
  if (copy.rows) copy.rows = copy.rows.map((row) => ({ ...row, id: newId() }));
  return copy;
}

// What an assigned value is: text, number, boolean, parameter, fact or calculation.
export function valueKind(value, operations) {
  if (value === true || value === false) return "boolean";
  if (isNumber(value)) return "number";
  if (typeof value !== "object" || value === null) return "text";
  if ("parameter" in value) return "parameter";
  return operations.some((name) => name in value) ? "calculation" : "fact";
}

export function emptyValue(kind, words) {
  const made = {
    text: () => "",
    number: () => 0,
    boolean: () => true,
    parameter: () => ({ parameter: (words.parameters[0] || { name: "" }).name }),
    fact: () => ({ fact: "" }),
    calculation: () => ({ add: [{ fact: "" }, 0] }),
  };
  return made[kind]();
}

export const twice = (rows) => rows.find((row, place) => rows.slice(0, place).some((other) => other.name === row.name));
