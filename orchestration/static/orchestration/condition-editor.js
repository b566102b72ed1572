// <conductor-condition>: edits the condition of a rule. `.value` is the rule language's JSON, `.vocabulary` its words.

import { Scope, factPicker } from "./condition-editor-facts.js";
import * as model from "./condition-editor-model.js";
import { listEditor, valueEditor, wantedBy } from "./condition-editor-value.js";
import { Editor } from "./rule-editor-base.js";
import { el, iconButton, select, textButton } from "./rule-editor-parts.js";

const GROUPS = [["all", "All of these are true"], ["any", "At least one of these is true"], ["not", "It is not so that"]];
const ELEMENTS = [["some", "at least one element is such that"], ["every", "every element is such that"], ["none", "no element is such that"]];
const WITH_CASE = ["string"];

class ConditionEditor extends Editor {
  read(json) {
    return { parts: [model.readCondition(json)] };
  }

  write(places = null) {
    return model.writeCondition(this.tree.parts[0], places);
  }

  draw() {
    this.operators = new Map(this.words.operators.map((one) => [one.name, one]));
    this.places = new Map();
    this.write(this.places);
    const scope = (this.scope ??= new Scope(this.words.facts));
    const root = this.tree.parts[0];
    const footer = model.isGroup(root.kind) ? null : this.footer(this.tree, scope);
    return el("div", { class: "e-condition", role: "group", "aria-label": "Condition" }, this.node(root, scope, null, 0, 1), footer);
  }

  set vocabulary(words) {
    this.scope = undefined;
    super.vocabulary = words;
  }

  moveNode(id, step) {
    this.edit(() => model.move(this.tree, id, step));
  }

  node(node, scope, parent, place, siblings) {
    const drawn = node.kind === "compare" ? this.compare(node, scope) : node.kind === "always" ? [el("span", { class: "e-always" }, parent ? "Always true" : "Always: the rule is true of every case")] : null;
    const tools = this.tools(node, parent, place, siblings);
    const pointer = this.places.get(node.id);
    if (drawn) return el("div", { class: "e-node e-compare", "data-node": node.id, "data-pointer": pointer }, el("div", { class: "e-line" }, el("div", { class: "e-inputs" }, drawn), tools), el("div", { class: "e-problems" }));
    const head = model.isQuantifier(node.kind) ? this.quantifierHead(node, scope) : [this.kindChoice(node)];
    const inner = model.isQuantifier(node.kind) ? scope.inside(node.fact) : scope;
    const only = node.parts.length === 1 && !model.isGroup(node.kind);
    return el(
      "div",
      { class: `e-node e-group e-${node.kind}`, "data-node": node.id, "data-pointer": pointer, role: "group", "aria-label": this.spoken(node, scope) },
      el("div", { class: "e-line" }, el("div", { class: "e-inputs" }, head), tools),
      el("div", { class: "e-problems" }),
      el("div", { class: "e-parts" }, node.parts.map((part, index) => this.node(part, inner, node, index, node.parts.length))),
      only ? null : this.footer(node, inner),
    );
  }

  spoken(node, scope) {
    const found = [...GROUPS, ...ELEMENTS].find(([kind]) => kind === node.kind)[1];
    return node.fact === undefined ? found : `${(scope.get(node.fact) || { title: node.fact }).title}: ${found}`;
  }

  kindChoice(node) {
    const change = (kind) => this.edit(() => model.changeKind(this.tree, node.id, kind));
    return select(GROUPS, node.kind, change, { "aria-label": "How the conditions are joined", "data-at": `${node.id}-kind`, class: "e-join" });
  }

  quantifierHead(node, scope) {
    const at = `${node.id}-fact`;
    return [
      el("span", { "data-pointer": `${this.places.get(node.id)}/${node.kind}` }, this.facts(node, scope, at, (fact) => fact.type === "array")),
      select({ "Its elements": ELEMENTS, "The list as a whole": this.operatorsOf("array") }, node.kind, (kind) => this.edit(() => this.asList(node, kind)), { "aria-label": "Which elements", "data-at": `${node.id}-op`, class: "e-op" }),
    ];
  }

  facts(node, scope, at, fits) {
    return factPicker({ scope, path: node.fact, label: "Fact", at, fits, onPick: (path, fact) => this.edit(() => this.pickFact(node, path, fact, scope), { focus: `${node.id}-op` }) });
  }

  compare(node, scope) {
    const fact = scope.get(node.fact);
    const operator = this.operators.get(node.op);
    const pointer = this.places.get(node.id);
    const choices = this.operatorsOf(fact ? fact.type : "");
    const grouped = fact && fact.type === "array" ? { "The list as a whole": choices, "Its elements": ELEMENTS } : choices;
    return [
      el("span", { "data-pointer": `${pointer}/fact` }, this.facts(node, scope, `${node.id}-fact`)),
      node.fact === "" && !node.values.some((value) => value !== "")
        ? null
        : el("span", { "data-pointer": `${pointer}/op` }, select(grouped, node.op, (name) => this.edit(() => this.asList(node, name), { focus: `${node.id}-op` }), { "aria-label": "Comparison", "data-at": `${node.id}-op`, class: "e-op" }, (name) => (operator ? operator.words : name))),
      node.fact === "" && !node.values.some((value) => value !== "") ? null : this.values(node, operator, fact, scope, pointer),
      (node.ignoreCase || (fact && operator.takes !== "none" && WITH_CASE.includes(fact.type) && !(fact.values && fact.values.length))) && this.caseChoice(node, pointer),
    ];
  }

  values(node, operator, fact, scope, pointer) {
    if (operator.takes === "none" || node.shape === "none") return null;
    const wanted = wantedBy(fact, operator, node.ignoreCase);
    const context = { scope, words: this.words };
    const at = (place) => `${node.id}-value-${place}`;
    const one = (place, label, below) =>
      valueEditor({
        value: node.values[place], wanted, context, label, at: at(place), pointer: below,
        onChange: (value, typed) => this.edit(() => void (node.values[place] = value), { typed: typed ? at(place) : "" }),
      });
    if (operator.takes === "one") return one(0, "Value", `${pointer}/value`);
    if (operator.takes === "pair") {
      return el("span", { class: "e-value", "data-pointer": `${pointer}/value` }, node.values.map((_, place) => [place ? el("span", { class: "e-words" }, "and") : null, one(place, place ? "Up to" : "From", `${pointer}/value/${place}`)]));
    }
    return listEditor({
      shape: node.shape, values: node.values, wanted, context, label: "Values", at: at(0), pointer: `${pointer}/value`,
      onChange: (shape, values, typed) => this.edit(() => void Object.assign(node, { shape, values }), { typed: typed ? `${at(0)}-${performance.now()}` : "" }),
    });
  }

  caseChoice(node, pointer) {
    const box = el("input", { type: "checkbox", "data-at": `${node.id}-case` });
    box.checked = node.ignoreCase;
    box.addEventListener("change", () => this.edit(() => void (node.ignoreCase = box.checked), { focus: `${node.id}-case` }));
    return el("label", { class: "e-case", title: "Upper and lower case are alike", "data-pointer": `${pointer}/ignore_case` }, box, " ignore case");
  }

  operatorsOf(type) {
    return this.words.operators.filter((one) => !type || one.types.includes(type)).map((one) => [one.name, one.words]);
  }

  pickFact(node, path, fact, scope) {
    const before = scope.get(node.fact);
    node.fact = path;
    if (model.isQuantifier(node.kind)) return;
    const operator = this.operators.get(node.op);
    const possible = operator.types.includes(fact.type) ? operator : this.words.operators.find((one) => one.types.includes(fact.type));
    const same = before && before.type === fact.type && !(fact.values && fact.values.length);
    model.setOperator(node, possible, { keepValues: same || !before, empty: fact.type === "boolean" ? true : "" });
    if (!same && fact.type === "boolean" && typeof node.values[0] !== "boolean" && typeof node.values[0] !== "object") node.values = [true];
    if (fact.type !== "string") node.ignoreCase = false;
  }

  // A list is compared as a whole (an operator) or by its elements (some, every, none).
  asList(node, name) {
    const found = model.find(this.tree, node.id);
    if (ELEMENTS.some(([kind]) => kind === name)) {
      if (model.isQuantifier(node.kind)) node.kind = name;
      else found.parent.parts[found.index] = { ...model.newQuantifier(node.fact, name), id: node.id };
      return;
    }
    const operator = this.operators.get(name);
    const compare = model.isQuantifier(node.kind) ? { ...model.newCompare(), id: node.id, fact: node.fact } : node;
    const plain = (one) => (one === undefined ? "" : one.value);
    model.setOperator(compare, operator, { keepValues: plain(this.operators.get(compare.op)) === plain(operator) });
    found.parent.parts[found.index] = compare;
  }

  footer(group, scope) {
    const id = group.id || "root";
    const add = (node, focus) => this.edit(() => model.addTo(this.tree, group, node), { focus: `${node.id}-${focus}` });
    const lists = [...scope.facts.values()].some((fact) => fact.type === "array");
    return el(
      "div",
      { class: "e-add" },
      textButton("+ Condition", `${id}-add`, () => add(model.newCompare(), "fact")),
      textButton("+ Group", `${id}-add-group`, () => { const node = model.newGroup(group.kind === "any" ? "all" : "any"); add(node, "kind"); }),
      lists && textButton("+ About a list’s elements", `${id}-add-list`, () => add(model.newQuantifier(), "fact")),
    );
  }

  tools(node, parent, place, siblings) {
    const at = (name) => `${node.id}-${name}`;
    const act = (name, focus) => this.edit(() => model[name](this.tree, node.id), { focus: focus ? at(focus) : "" });
    const movable = parent && (siblings > 1 || model.isGroup(parent.kind));
    return el(
      "span",
      { class: "e-tools", role: "group", "aria-label": "Change this condition" },
      movable && iconButton("up", "Move up (Alt+↑)", at("up"), () => this.moveNode(node.id, -1)),
      movable && iconButton("down", "Move down (Alt+↓)", at("down"), () => this.moveNode(node.id, 1)),
      node.kind !== "always" && iconButton("copy", "Duplicate", at("copy"), () => act("duplicate", "copy")),
      node.kind !== "always" && iconButton("wrap", "Wrap in a group", at("wrap"), () => this.edit(() => model.wrap(this.tree, node.id, "any"), { focus: at("wrap") })),
      model.isGroup(node.kind) && (node.parts.length === 1 || (parent && model.isGroup(parent.kind))) && iconButton("unwrap", "Take the group away, keep what is in it", at("unwrap"), () => act("unwrap")),
      !(node.kind === "always" && !parent) && iconButton("delete", "Delete", at("delete"), () => this.edit(() => model.remove(this.tree, node.id), { focus: parent ? `${parent.id}-add` : "root-add" })),
    );
  }
}

customElements.define("conductor-condition", ConditionEditor);
