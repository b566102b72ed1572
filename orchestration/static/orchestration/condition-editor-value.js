// The value a fact is compared with: written out in the way of its type, a parameter, or another fact.

import { factPicker } from "./condition-editor-facts.js";
import { el, isNumber, iconButton, numberFrom, numberInput, periodInput, PERIODS, select, shownValue, textInput } from "./rule-editor-parts.js";

const NUMBERS = ["number", "integer", "count"];
const SHOWN_CHIPS = 200;

// What the operator's value must be like, given the fact: {type, values, minimum, maximum}.
export function wantedBy(fact, operator, ignoreCase) {
  if (operator.value === "period") return { type: "period" };
  if (operator.value === "count") return { type: "count", minimum: 0 };
  if (operator.value === "pattern") return { type: "pattern" };
  const like = fact && fact.type === "array" ? (fact.items || [])[0] : fact;
  if (!like) return { type: "any" };
  const closed = ["eq", "ne", "in", "not_in", "contains"].includes(operator.name) && !ignoreCase && !(fact.type === "string" && operator.name === "contains");
  return { type: like.type, values: closed ? like.values : undefined, minimum: like.minimum, maximum: like.maximum };
}

const alike = (type) => (NUMBERS.includes(type) ? "number" : type === "datetime" ? "date" : type === "pattern" ? "string" : type);
export const fitsType = (type, wanted) => wanted === "any" || alike(type) === alike(wanted);
const fitsParameter = (parameter, wanted) => (wanted === "period" ? ["duration", "string"].includes(parameter.type) : fitsType(parameter.type === "duration" ? "string" : parameter.type, wanted));
const kindOf = (value) => (typeof value === "object" && value !== null && !isNumber(value) ? ("parameter" in value ? "parameter" : "fact") : "value");
const NUMERIC = ["number", "integer"];

// onChange(value, typed): `typed` while somebody types in a field that goes on as it is. context: {scope, words}.
export function valueEditor({ value, wanted, context, onChange, label, at, pointer, facts = true }) {
  const kind = kindOf(value);
  const parameters = context.words.parameters.filter((one) => fitsParameter(one, wanted.type));
  const kinds = [["value", "value"]];
  if (parameters.length || kind === "parameter") kinds.push(["parameter", "parameter"]);
  const factsFit = facts && !["period", "pattern"].includes(wanted.type);
  if (factsFit || kind === "fact") kinds.push(["fact", "fact"]);
  const change = (next) => onChange(next === "value" ? "" : next === "parameter" ? { parameter: parameters[0].name } : { fact: "" }, false);
  const chosen = kinds.length > 1 ? select(kinds, kind, change, { "aria-label": `${label}: what kind`, class: "e-kind", "data-at": `${at}-kind` }) : null;
  return el("span", { class: "e-value", "data-pointer": pointer }, chosen, inner());

  function inner() {
    if (kind === "parameter") return parameterChoice(value.parameter, parameters, (name) => onChange({ parameter: name }, false), label, at);
    if (kind === "fact") return otherFact();
    return literal(value, wanted, onChange, label, at);
  }

  function otherFact() {
    const found = context.scope.get(value.fact);
    let current = value; // typing does not draw this anew
    const scaled = value.times !== undefined || value.plus !== undefined;
    const amount = (name, sign) =>
      el("label", { class: "e-amount" }, el("span", { "aria-hidden": "true" }, sign),
        numberInput(value[name], (number) => onChange((current = withAmount(current, name, number)), true), { "aria-label": `${label}: ${name}`, "data-at": `${at}-${name}`, class: "e-short", placeholder: name === "times" ? "1" : "0" }));
    return el("span", { class: "e-value" },
      factPicker({ scope: context.scope, path: value.fact, label: `${label}: fact`, at, fits: (fact) => fitsType(fact.type, wanted.type), onPick: (path) => onChange({ ...current, fact: path }, false) }),
      (scaled || (found && NUMERIC.includes(found.type))) && [amount("times", "×"), amount("plus", "+")]);
  }
}

function withAmount(value, name, number) {
  const { [name]: _, ...rest } = value;
  return number === "" ? rest : { ...rest, [name]: number };
}

export function parameterChoice(name, parameters, onPick, label, at) {
  const choices = parameters.map((one) => [one.name, `${one.title} (${one.value})`]);
  return select(choices, name, onPick, { "aria-label": `${label}: parameter`, "data-at": at }, (unknown) => `${unknown} (not a fitting parameter)`);
}

// A list: chips of values, or a parameter or fact that holds a list. onChange(shape, values, typed).
export function listEditor({ shape, values, wanted, context, onChange, label, at, pointer }) {
  const lists = context.words.parameters.filter((one) => one.type === "array" && (!one.items || one.items === "any" || fitsType(one.items, wanted.type)));
  const kind = shape === "one" ? kindOf(values[0]) : "value";
  const kinds = [["value", "values"]];
  if (lists.length || kind === "parameter") kinds.push(["parameter", "list parameter"]);
  const isList = (fact) => fact.type === "array" && (!fact.items || fitsType(fact.items[0].type, wanted.type));
  if (kind === "fact" || [...context.scope.facts.values()].some(isList)) kinds.push(["fact", "list fact"]);
  const change = (next) => (next === "value" ? onChange("list", [], false) : onChange("one", [next === "parameter" ? { parameter: lists[0].name } : { fact: "" }], false));
  const chosen = kinds.length > 1 ? select(kinds, kind, change, { "aria-label": `${label}: what kind`, class: "e-kind", "data-at": `${at}-kind` }) : null;
  let inner;
  if (kind === "parameter") inner = parameterChoice(values[0].parameter, lists, (name) => onChange("one", [{ parameter: name }], false), label, at);
  else if (kind === "fact") inner = factPicker({ scope: context.scope, path: values[0].fact, label: `${label}: fact`, at, fits: isList, onPick: (path) => onChange("one", [{ ...values[0], fact: path }], false) });
  else inner = chips({ values: shape === "one" ? [] : values, wanted, onChange: (next) => onChange("list", next, true), label, at, pointer });
  return el("span", { class: "e-value", "data-pointer": pointer }, chosen, inner);
}

// Chips draw themselves anew, so that leaving the field by a click on something else does not lose the click.
export function chips({ values, wanted, onChange, label, at, pointer = "", named = shownValue }) {
  const host = el("span", { class: "e-chips" });
  let adder;

  function set(next) {
    const focused = host.contains(document.activeElement);
    values = next;
    draw();
    if (focused) adder.focus();
    onChange(values);
  }

  function add(texts) {
    const listed = new Map((wanted.values || []).map((one) => [String(one), one]));
    const made = texts.map((text) => text.trim()).filter(Boolean).map((text) => listed.get(text) ?? (NUMBERS.includes(wanted.type) ? (numberFrom(text) ?? text) : text));
    const known = new Set(values.map((value) => JSON.stringify(value)));
    const fresh = made.filter((value) => !known.has(JSON.stringify(value)) && known.add(JSON.stringify(value)));
    adder.value = "";
    if (fresh.length) set([...values, ...fresh]);
  }

  function draw() {
    const drawn = values.slice(0, SHOWN_CHIPS).map((value, place) =>
      el("span", { class: "e-chip", "data-pointer": `${pointer}/${place}` }, named(value),
        iconButton("delete", `Remove ${named(value)}`, `${at}-chip-${place}`, () => set(values.filter((_, other) => other !== place)))));
    if (values.length > SHOWN_CHIPS) drawn.push(el("span", { class: "c-muted" }, `and ${values.length - SHOWN_CHIPS} more, in the source`));
    adder = field();
    const left = (wanted.values || []).filter((one) => !values.includes(one));
    const list = el("datalist", { id: `${at}-left` }, left.map((one) => el("option", { value: String(one) }, named(one))));
    if (left.length) adder.setAttribute("list", list.id);
    host.replaceChildren(...drawn, adder, list);
  }

  function field() {
    const input = el("input", { type: "text", class: "e-chip-input", "aria-label": `${label}: add, then Enter`, "data-at": at, placeholder: values.length ? "add another" : "type, then Enter" });
    const split = () => add(input.value.split(/[\n;\t,]/));
    input.addEventListener("input", (event) => {
      event.stopPropagation();
      const chosen = !event.inputType || event.inputType === "insertReplacementText"; // from the list, not typed
      if (chosen && (wanted.values || []).some((one) => String(one) === input.value)) split();
    });
    input.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      if (event.key === "Enter" || event.key === ",") {
        event.preventDefault();
        split();
      } else if (event.key === "Backspace" && input.value === "" && values.length) set(values.slice(0, -1));
    });
    input.addEventListener("blur", () => input.value.trim() && split());
    return input;
  }

  draw();
  return host;
}

export function literal(value, wanted, onChange, label, at) {
  const attributes = { "aria-label": label, "data-at": at };
  const typed = (next) => onChange(next, true);
  if (wanted.values && wanted.values.length && typeof value !== "object") return select(wanted.values.map((one) => [one, String(one)]), value, (one) => onChange(one, true), attributes, shownValue);
  if (wanted.type === "boolean") return select([[true, "Yes"], [false, "No"]], value, (one) => onChange(one, true), attributes, shownValue);
  if (NUMBERS.includes(wanted.type) && (value === "" || isNumber(value))) {
    const { minimum, maximum } = wanted;
    const bounds = minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : minimum !== undefined ? `from ${minimum}` : maximum !== undefined ? `up to ${maximum}` : "";
    const step = wanted.type === "number" ? "any" : "1";
    return el("span", { class: "e-pair" }, numberInput(value, typed, { ...attributes, minimum, maximum, step, class: "e-number" }), bounds && el("span", { class: "e-bounds" }, bounds));
  }
  if (wanted.type === "period") return periodInput(value, onChange, PERIODS, { label, at });
  if (wanted.type === "date" && (value === "" || isDay(value))) return textInput(value, typed, { ...attributes, type: "date" });
  if (wanted.type === "datetime" && (value === "" || /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(value))) return textInput(value, typed, { ...attributes, type: "datetime-local" });
  if (wanted.type === "pattern") attributes.class = "c-mono";
  return textInput(shownValue(value), typed, attributes);
}

const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
