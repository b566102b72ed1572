// The choice of a fact: a combobox over all facts that can be named here, grouped by their source.

import { el, typeWords } from "./rule-editor-parts.js";

const MOST = 250;
let count = 0;

// The facts that can be named at a place: those of the version, and within some, every and none the element's.
export class Scope {
  constructor(groups, element = null) {
    this.base = groups;
    this.groups = element ? [element, ...groups] : groups;
    this.facts = new Map();
    for (const group of this.groups) {
      for (const fact of group.facts) {
        if (!this.facts.has(fact.path)) this.facts.set(fact.path, fact);
        fact.group ??= group.title;
        fact.words ??= [fact.title, fact.within, fact.path, fact.description, group.title, typeWords[fact.type]].join(" ").toLowerCase();
      }
    }
  }

  get(path) {
    return this.facts.get(path);
  }

  inside(path) {
    const fact = this.get(path);
    const facts = (fact && fact.items) || [{ path: "item", type: "any", title: "The element itself" }];
    return new Scope(this.base, { source: "item", title: `Of each element of ${fact ? fact.title : path || "the list"}`, facts });
  }
}

export const factName = (fact) => (fact.within ? `${fact.within} › ${fact.title}` : fact.title);

// onPick(path, fact); `fits(fact)` says which are offered.
export function factPicker({ scope, path, onPick, label, at, fits = () => true }) {
  const id = `e-facts-${++count}`;
  const known = scope.get(path);
  const shown = known ? factName(known) : path;
  const hint = known ? [known.group, known.example ? `e.g. ${known.example}` : typeWords[known.type]].join(" · ") : path ? "not a fact of this version" : "";
  const input = el("input", {
    type: "text", class: "e-facts-input", role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": id,
    "aria-label": label, "data-at": at, placeholder: "Choose a fact…", autocomplete: "off", spellcheck: "false", value: shown, title: known ? `${known.path} (${typeWords[known.type]})` : hint,
  });
  const list = el("div", { id, role: "listbox", "aria-label": label, class: "e-facts-list", hidden: true });
  let options = [];
  let active = -1;

  function open(query) {
    const asked = query.toLowerCase().split(/\s+/).filter(Boolean);
    options = [];
    let left = 0;
    const drawn = [];
    for (const group of scope.groups) {
      const found = group.facts.filter((fact) => fits(fact) && asked.every((word) => fact.words.includes(word)));
      const some = found.slice(0, Math.max(0, MOST - options.length));
      left += found.length - some.length;
      if (some.length) drawn.push(drawGroup(group, some));
    }
    if (!options.length) drawn.push(el("p", { class: "e-facts-none" }, "No fact has these words."));
    if (left) drawn.push(el("p", { class: "e-facts-none" }, `and ${left} more: type to narrow the list`));
    list.replaceChildren(...drawn);
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    activate(asked.length && options.length ? 0 : options.findIndex((one) => one.path === path));
  }

  function drawGroup(group, facts) {
    const heading = `${id}-${options.length}-group`;
    return el(
      "div",
      { role: "group", "aria-labelledby": heading },
      el("div", { id: heading, class: "e-facts-group", role: "presentation" }, group.title),
      facts.map((fact) => {
        const option = el(
          "div",
          { id: `${id}-${options.length}`, role: "option", "aria-selected": "false", class: "e-facts-option", onclick: () => pick(fact) },
          el("span", { class: "e-facts-title" }, factName(fact)),
          el("span", { class: "e-facts-type" }, typeWords[fact.type] || fact.type),
          el("span", { class: "e-facts-path" }, fact.path, fact.example ? ` · e.g. ${fact.example}` : ""),
        );
        options.push({ path: fact.path, fact, option });
        return option;
      }),
    );
  }

  function activate(place) {
    if (options[active]) options[active].option.setAttribute("aria-selected", "false");
    active = place;
    const found = options[active];
    if (!found) return void input.removeAttribute("aria-activedescendant");
    found.option.setAttribute("aria-selected", "true");
    found.option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", found.option.id);
  }

  function close() {
    list.hidden = true;
    list.replaceChildren();
    options = [];
    active = -1;
    input.value = shown;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function pick(fact) {
    close();
    if (fact.path !== path) onPick(fact.path, fact);
  }

  input.addEventListener("input", (event) => {
    event.stopPropagation(); // a search is no change
    open(input.value);
  });
  input.addEventListener("click", () => list.hidden && (input.select(), open("")));
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    if (event.key in steps) {
      event.preventDefault();
      if (list.hidden) return void (input.select(), open(""));
      activate(Math.min(options.length - 1, Math.max(0, active + steps[event.key])));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (list.hidden) open("");
      else if (options[active]) pick(options[active].fact);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  return el("span", { class: "e-facts" }, input, list, hint && el("span", { class: "e-facts-hint" }, hint));
}
