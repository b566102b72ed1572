// <conductor-config>: a form made of the JSON Schema of an agent's configuration. What is left out keeps its default.
// `vocabulary` is {schema, secrets, secretMade}; `value` is the configuration as plain JSON.

import { beginning, boundsOf, inWords, isObject, optionsOf, placeOf, pointerOf, titleOf, variantOf, variantTitle } from "./conductor-config-schema.js";
import { secretField } from "./conductor-config-secret.js";
import { Editor } from "./rule-editor-base.js";
import { el, iconButton, select, textButton } from "./rule-editor-parts.js";

const UNSET = "~unset";
const NULL = "~null";
const LONG = 200;

class ConfigEditor extends Editor {
  read(json) {
    return structuredClone(isObject(json) ? json : {});
  }

  write() {
    return structuredClone(this.tree);
  }

  draw() {
    const { schema } = this.words;
    const fields = this.properties(schema, this.tree, []);
    return el("div", { class: "k-form", "data-pointer": "" }, fields.length ? fields : el("p", { class: "c-muted" }, "This agent has nothing to set."), el("div", { class: "e-problems" }));
  }

  // --- Changes by path ---

  at(path) {
    return path.reduce((value, part) => (value === undefined || value === null ? undefined : value[part]), this.tree);
  }

  put(path, value, options = {}) {
    this.edit(() => {
      let above = this.tree;
      for (const [number, part] of path.slice(0, -1).entries()) {
        if (above[part] === undefined || above[part] === null) above[part] = typeof path[number + 1] === "number" ? [] : {};
        above = above[part];
      }
      const last = path.at(-1);
      if (value !== undefined) above[last] = value;
      else if (Array.isArray(above)) above.splice(last, 1);
      else delete above[last];
    }, options);
  }

  moveNode(node, by) {
    const path = this.paths.get(node);
    let depth = path ? path.length - 1 : -1;
    while (depth >= 0 && typeof path[depth] !== "number") depth -= 1;
    if (depth >= 0) this.moveEntry(path.slice(0, depth + 1), by);
  }

  moveEntry(path, by) {
    const list = this.at(path.slice(0, -1));
    const [from, to] = [path.at(-1), path.at(-1) + by];
    if (!Array.isArray(list) || to < 0 || to >= list.length) return;
    const focus = pointerOf([...path.slice(0, -1), to]) + (by < 0 ? "-up" : "-down");
    this.edit(() => list.splice(to, 0, ...list.splice(from, 1)), { focus });
  }

  // --- Drawing ---

  render(focus = "") {
    this.paths = new Map();
    super.render(focus);
  }

  // A place that is no field itself is gone to by its first one.
  focusAt(at) {
    const place = at && !this.querySelector(`[data-at="${CSS.escape(at)}"]`) && this.querySelector(`[data-node="${CSS.escape(at)}"]`);
    const first = place && (place.querySelector("input, select, textarea") || place.querySelector("button"));
    if (first) first.focus();
    else super.focusAt(at);
  }

  properties(schema, value, path) {
    const fixed = (below, one) => "const" in below && (one === below.const || (one === undefined && below.default === below.const)); // nothing to choose
    const known = Object.entries(schema.properties || {}).filter(([name, below]) => !fixed(placeOf(below, this.words.schema).schema, (value || {})[name]));
    const rows = known.map(([name, below]) => this.field(below, (value || {})[name], [...path, name], titleOf(below, name), (schema.required || []).includes(name)));
    const unknown = Object.keys(value || {}).filter((name) => !(schema.properties || {})[name]);
    return [...rows, ...unknown.map((name) => this.unknown(name, value[name], [...path, name]))];
  }

  // One place with its label, control, help and room for what is wrong with it.
  field(given, value, path, name, required, tools = null) {
    const { schema: root } = this.words;
    const place = placeOf(given, root);
    const { kind, schema } = place;
    const at = pointerOf(path);
    const id = `${this.id || "config"}${at.replaceAll(/[^A-Za-z0-9_-]/g, "-")}`;
    this.paths.set(at, path);
    const fallback = "default" in schema && schema.default !== null && schema.default !== "" ? `Default: ${inWords(schema.default)}.` : "";
    const bounds = boundsOf(schema);
    const help = [schema.description, bounds && `${bounds[0].toUpperCase()}${bounds.slice(1)}.`, !required && kind !== "enum" && kind !== "boolean" && fallback].filter(Boolean).join(" ");
    const field = { ...place, given, value, path, at, id, name, required, describedby: help ? `${id}-help` : null };
    const mark = required && !tools ? el("span", { class: "c-hint" }, " needed") : null;
    const problems = el("div", { class: "e-problems" });
    const told = help ? el("div", { class: "c-help", id: `${id}-help` }, help) : null;
    const shared = { "data-pointer": at, "data-node": at, "data-name": name };
    if (["object", "list", "map", "choice"].includes(kind)) {
      return el("fieldset", { ...shared, class: "k-group", "aria-describedby": field.describedby }, el("legend", {}, name, mark), tools, told, this.group(field), problems);
    }
    return el("div", { ...shared, class: "c-field k-field" }, el("div", { class: "k-head" }, el("label", { for: id }, name, mark), tools), this.control(field), told, problems);
  }

  control(field) {
    const { kind, schema, value, path, at, id, nullable, required, describedby } = field;
    const shared = { id, "data-at": at, "aria-describedby": describedby, "aria-required": required ? "true" : null };
    const write = (changed, typed = "") => this.put(path, changed, { typed, focus: at });
    if (kind === "secret") return secretField(field, shared, this.words, write);
    if (kind === "boolean" || kind === "enum") {
      const options = kind === "boolean" ? [true, false] : optionsOf(schema);
      const choices = options.map((one) => [one, kind === "boolean" ? (one ? "Yes" : "No") : inWords(one)]);
      if (nullable) choices.unshift([NULL, "None"]);
      if (!required) choices.unshift([UNSET, "default" in schema ? `Default (${inWords(schema.default)})` : "Not set"]);
      const chosen = value === null ? NULL : value === undefined ? (required ? "" : UNSET) : value;
      return select(choices, chosen, (one) => write(one === UNSET ? undefined : one === NULL ? null : one), shared, inWords);
    }
    if (kind === "any") return this.anything(field, shared, write);
    const text = value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
    const placeholder = "default" in schema && schema.default !== "" ? inWords(schema.default) : "";
    const number = kind === "number" || kind === "integer";
    const long = !number && (schema.maxLength > LONG || (schema.maxLength === undefined && !schema.pattern && !schema.format) || text.includes("\n"));
    const type = { date: "date" }[schema.format] || "text";
    const input = long ? el("textarea", { ...shared, rows: 1, placeholder, class: "k-text" }) : el("input", { ...shared, type, inputmode: number ? "decimal" : null, placeholder, autocomplete: "off", class: number ? "k-number" : "" });
    input.value = text;
    input.addEventListener("input", () => {
      const typed = input.value;
      if (typed === "") return write(nullable && !required && schema.default !== null && "default" in schema ? null : undefined, at);
      return write(number && /^-?\d{1,16}(\.\d{1,16})?([eE][-+]?\d{1,3})?$/.test(typed.trim()) ? Number(typed) : typed, at);
    });
    return input;
  }

  // A value of any shape, as JSON.
  anything({ value, at }, shared, write) {
    const input = el("textarea", { ...shared, rows: 2, class: "c-code k-text", spellcheck: "false" });
    input.value = value === undefined ? "" : JSON.stringify(value, null, 1);
    input.addEventListener("input", () => {
      if (!input.value.trim()) return write(undefined, at);
      try {
        write(JSON.parse(input.value), at);
        input.removeAttribute("aria-invalid");
      } catch {
        input.setAttribute("aria-invalid", "true");
      }
    });
    return input;
  }

  group(field) {
    const { kind, schema, value, path, at, given, required, nullable } = field;
    const root = this.words.schema;
    if (value === undefined && required && kind === "object") return el("div", { class: "k-body" }, this.properties(schema, {}, path));
    if (value === undefined || value === null) {
      const words = "default" in schema && inWords(schema.default) !== "empty" ? "Change it" : kind === "list" ? "Add the first" : "Set it";
      const begin = () => (kind === "list" && !("default" in schema && schema.default?.length) ? [beginning(schema.items || {}, root)] : beginning(given, root) ?? {});
      const none = value === null ? "None. " : "default" in schema ? "" : required ? "Still to be set. " : "Not set. ";
      return el("div", { class: "c-row" }, none && el("span", { class: "c-muted" }, none), textButton(words, at, () => this.put(path, begin(), { focus: at })), value === null && !required && textButton("Take the default", `${at}-default`, () => this.put(path, undefined, { focus: at })));
    }
    const unset = !required && textButton("default" in schema ? "Take the default" : "Take it out", `${at}-unset`, () => this.put(path, undefined, { focus: at }));
    const none = nullable && textButton("None", `${at}-none`, () => this.put(path, null, { focus: at }));
    const body = { object: () => this.properties(schema, value, path), list: () => this.list(field), map: () => this.map(field), choice: () => this.choice(field) }[kind]();
    const add = kind === "list" || kind === "map" ? body.pop() : null;
    return [body.length > 0 && el("div", { class: "k-body" }, body), el("div", { class: "e-add" }, add, unset, none)];
  }

  list({ schema, value, path, at, name }) {
    const root = this.words.schema;
    if (!Array.isArray(value)) return [el("p", { class: "c-error" }, "This is no list. Take it out, or mend it in the source.")];
    const singular = name.replace(/ies$/, "y").replace(/s$/, "");
    const rows = value.map((one, number) => {
      const here = [...path, number];
      const own = pointerOf(here);
      const tools = el(
        "span", { class: "e-tools" },
        iconButton("up", `Move ${singular} ${number + 1} up (Alt+↑)`, `${own}-up`, () => this.moveEntry(here, -1), { "aria-disabled": String(number === 0) }),
        iconButton("down", `Move ${singular} ${number + 1} down (Alt+↓)`, `${own}-down`, () => this.moveEntry(here, 1), { "aria-disabled": String(number === value.length - 1) }),
        iconButton("delete", `Remove ${singular} ${number + 1}`, `${own}-delete`, () => this.put(here, undefined, { focus: `${at}-add` })),
      );
      return this.field(schema.items || {}, one, here, `${singular} ${number + 1}`, true, tools);
    });
    const full = schema.maxItems !== undefined && value.length >= schema.maxItems;
    const next = [...path, value.length];
    const add = textButton(`Add ${singular.toLowerCase()}`, `${at}-add`, () => this.put(next, beginning(schema.items || {}, root), { focus: pointerOf(next) }));
    return [...rows, full ? el("span", { class: "c-hint" }, "No more fit in.") : add];
  }

  map({ schema, value, path, at, name }) {
    const below = isObject(schema.additionalProperties) ? schema.additionalProperties : {};
    const rows = Object.entries(value).map(([key, one]) => {
      const remove = iconButton("delete", `Remove ${key}`, `${pointerOf([...path, key])}-delete`, () => this.put([...path, key], undefined, { focus: `${at}-key` }));
      return this.field(below, one, [...path, key], key, true, el("span", { class: "e-tools" }, remove));
    });
    const key = el("input", { type: "text", "aria-label": `${name}: name of a new entry`, placeholder: "Name of a new entry", "data-at": `${at}-key`, class: "k-number", autocomplete: "off" });
    key.addEventListener("input", (event) => event.stopPropagation()); // not part of the configuration yet
    const add = () => key.value && !(key.value in value) && this.put([...path, key.value], beginning(below, this.words.schema), { focus: pointerOf([...path, key.value]) });
    key.addEventListener("keydown", (event) => event.key === "Enter" && !event.ctrlKey && (event.preventDefault(), add()));
    return [...rows, el("span", { class: "k-new-key" }, key, textButton("Add", `${at}-add`, add))];
  }

  choice({ value, path, at, name, variants }) {
    const root = this.words.schema;
    const chosen = variantOf(value, variants, root);
    const titles = variants.map((one, number) => [number, variantTitle(one, number, root)]);
    const pick = select(titles, chosen, (number) => this.put(path, beginning(variants[number], root), { focus: at }), { "data-at": at, "aria-label": `${name}: kind` });
    const place = placeOf(variants[chosen], root);
    if (place.kind === "object") return [pick, ...this.properties(place.schema, value, path)];
    const inner = { ...place, given: variants[chosen], value, path, at: `${at}-value`, id: `${at}-value`, name, required: true, describedby: null };
    return [pick, ["list", "map"].includes(place.kind) ? this[place.kind](inner) : el("div", { class: "k-field" }, this.labelled(inner))];
  }

  labelled(inner) {
    const control = this.control(inner);
    control.setAttribute("aria-label", `${inner.name}: value`);
    return control;
  }

  unknown(name, value, path) {
    const at = pointerOf(path);
    this.paths.set(at, path);
    const remove = textButton("Take it out", `${at}-delete`, () => this.put(path, undefined, { focus: at }));
    return el("div", { class: "c-field k-field", "data-pointer": at, "data-node": at }, el("div", { class: "k-head" }, el("strong", { class: "c-mono" }, name), remove), el("div", { class: "c-help" }, `${inWords(value)}: the agent's form has no such setting.`), el("div", { class: "e-problems" }));
  }
}

customElements.define("conductor-config", ConfigEditor);
