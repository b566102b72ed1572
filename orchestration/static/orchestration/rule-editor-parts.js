// The small pieces that all editors are made of: elements, buttons, choices, and numbers that keep their spelling.

// el("button", {class: "c-button", onclick: f, "aria-label": "Add"}, "text", node …); null and false are left out.
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Drawn here, since fonts differ in the signs they have. Each is a path in a square of 16.
const ICONS = {
  up: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  down: "M8 3v10M3.5 8.5 8 13l4.5-4.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  wrap: "M5 2.5H2.5v11H5M11 2.5h2.5v11H11M6 8h4",
  unwrap: "M2.5 2.5H5M2.5 13.5H5M11 2.5h2.5M11 13.5h2.5M8 4v8M5.5 6.5 8 4l2.5 2.5M5.5 9.5 8 12l2.5-2.5",
  delete: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  undo: "M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H7",
  redo: "M10 3l3 3-3 3M13 6H6.5a3.5 3.5 0 0 0 0 7H9",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", width: 16, height: 16, fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) drawn.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  drawn.append(path);
  return drawn;
}

export const iconButton = (name, label, at, onclick, more = {}) =>
  el("button", { type: "button", class: "e-icon", "aria-label": label, title: label, "data-at": at, onclick, ...more }, icon(name));

export const textButton = (text, at, onclick, more = {}) => el("button", { type: "button", class: "c-button e-small", "data-at": at, onclick, ...more }, text);

// choices: [[value, words], …] or {label: [[value, words], …]} for groups. A value that is none of them is kept and shown.
export function select(choices, value, onChange, attributes = {}, shown = String) {
  const groups = Array.isArray(choices) ? { "": choices } : choices;
  const all = Object.values(groups).flat();
  const element = el("select", attributes);
  if (!all.some(([one]) => one === value)) {
    const unset = value === "" || value === undefined;
    element.append(el("option", { value: unset ? "" : shown(value) }, unset ? "Choose…" : shown(value)));
  }
  for (const [label, options] of Object.entries(groups)) {
    const made = options.map(([one, words]) => el("option", { value: String(one) }, words));
    if (label) element.append(el("optgroup", { label }, made));
    else element.append(...made);
  }
  const known = all.findIndex(([one]) => one === value);
  element.selectedIndex = known < 0 ? 0 : known;
  const offset = all.some(([one]) => one === value) ? 0 : 1;
  element.addEventListener("change", () => {
    const chosen = all[element.selectedIndex - offset];
    if (chosen) onChange(chosen[0]);
  });
  return element;
}

// A number as the rule has it: a JavaScript number, or its text where the number would be spelt otherwise.
export function numberFrom(text) {
  const trimmed = text.trim();
  if (!/^-?\d{1,30}(\.\d{1,30})?([eE][-+]?\d{1,4})?$/.test(trimmed)) return null;
  return String(Number(trimmed)) === trimmed ? Number(trimmed) : { number: trimmed };
}

export const isNumber = (value) => typeof value === "number" || (typeof value === "object" && value !== null && "number" in value);
export const numberText = (value) => (typeof value === "number" ? String(value) : value.number);

export function shownValue(value) {
  if (isNumber(value)) return numberText(value);
  if (value === true || value === false) return value ? "Yes" : "No";
  if (typeof value === "object" && value !== null) return value.parameter ? `parameter ${value.parameter}` : `fact ${value.fact}`;
  return value === undefined ? "" : String(value);
}

export function numberInput(value, onChange, { minimum, maximum, step = "any", ...attributes } = {}) {
  const input = el("input", { type: "number", step, min: minimum, max: maximum, value: isNumber(value) ? numberText(value) : "", ...attributes });
  input.addEventListener("input", () => onChange(input.value === "" ? "" : (numberFrom(input.value) ?? "")));
  return input;
}

export function textInput(value, onChange, attributes = {}) {
  const input = el("input", { type: "text", value, autocomplete: "off", ...attributes });
  input.addEventListener("input", () => onChange(input.value));
  return input;
}

export function debounced(wait, call) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...given), wait);
  };
}

export const typeWords = {
  number: "number", integer: "whole number", string: "text", boolean: "yes or no", date: "date", datetime: "date and time",
  array: "list", object: "group of facts", any: "of unknown type", duration: "duration",
};

// "30d" as a number and a unit; anything else as text.
export function periodInput(value, onChange, units, { label, at }) {
  const found = /^(\d{1,9})(s|m|h|d|mo|y)$/.exec(value);
  if (value !== "" && !(found && units.some(([unit]) => unit === found[2]))) {
    return textInput(shownValue(value), (text) => onChange(text, true), { "aria-label": label, "data-at": at });
  }
  let [count, unit] = found ? [found[1], found[2]] : ["", units[0][0]];
  const told = (typed) => onChange(count === "" ? "" : `${count}${unit}`, typed);
  const number = el("input", { type: "number", min: "1", step: "1", value: count, "aria-label": label, "data-at": at, class: "e-short" });
  number.addEventListener("input", () => ((count = /^\d{1,9}$/.test(number.value) ? number.value : ""), told(true)));
  const choice = select(units, unit, (chosen) => ((unit = chosen), told(true)), { "aria-label": `${label}: unit`, "data-at": `${at}-unit` });
  return el("span", { class: "e-pair" }, number, choice);
}

export const PERIODS = [["d", "days"], ["mo", "months"], ["y", "years"]];
export const DURATIONS = [["d", "days"], ["h", "hours"], ["m", "minutes"], ["s", "seconds"]];
