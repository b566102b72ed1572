// <conductor-actions>: edits what a rule does. `.value` is the list of actions, `.vocabulary` the words it may use.

import * as model from "./action-editor-model.js";
import { Scope, factPicker } from "./condition-editor-facts.js";
import { chips, literal, parameterChoice, valueEditor } from "./condition-editor-value.js";
import { Editor } from "./rule-editor-base.js";
import { DURATIONS, el, iconButton, numberInput, periodInput, select, textButton, textInput } from "./rule-editor-parts.js";

const KINDS = [
  ["decide", "Decide the case"], ["escalate", "Escalate to a person"], ["run", "Run agents"], ["set", "Set a derived fact"],
  ["prioritise", "Change the priority"], ["wait", "Wait"], ["open_case", "Open another case"], ["notify", "Tell the client"],
];
const VALUES = [["text", "the text"], ["number", "the number"], ["boolean", "yes or no"], ["parameter", "the parameter"], ["fact", "the fact"], ["calculation", "a calculation"]];
const SIGNS = { add: "+", subtract: "−", multiply: "×", divide: "÷" };
const TWICE = "This name stands here twice; only the last one counts.";
const ENDS = ["decide", "escalate"];

class ActionEditor extends Editor {
  read(json) {
    return { actions: json.map(model.readAction) };
  }

  write() {
    return this.tree.actions.map(model.writeAction);
  }

  draw() {
    this.scope = new Scope(this.words.facts);
    const { actions } = this.tree;
    return el(
      "div",
      { class: "e-actions" },
      actions.map((node, place) => this.action(node, place)),
      !actions.length && el("p", { class: "c-muted" }, "Nothing yet. Add what shall happen when the condition is true."),
      el("div", { class: "e-add", role: "group", "aria-label": "Add an action", "data-pointer": "" }, KINDS.map(([kind, words]) => textButton(`+ ${words}`, kind === "decide" ? "add" : `add-${kind}`, () => this.add(kind)))),
    );
  }

  add(kind) {
    const node = model.newAction(kind, this.words);
    const { actions } = this.tree;
    const ended = actions.findIndex((one) => ENDS.includes(one.kind));
    const place = ended >= 0 && !ENDS.includes(kind) ? ended : actions.length; // nothing may follow what ends the case
    this.edit(() => void actions.splice(place, 0, node), { focus: `${node.id}-first` });
  }

  moveNode(id, step) {
    const { actions } = this.tree;
    const place = actions.findIndex((one) => one.id === id);
    if (!actions[place + step]) return;
    this.edit(() => void actions.splice(place + step, 0, ...actions.splice(place, 1)));
  }

  change(node, entries, at = "") {
    const changed = () => {
      for (const [key, value] of Object.entries(entries)) value === undefined ? delete node[key] : (node[key] = value);
    };
    this.edit(changed, { typed: at });
  }

  action(node, place) {
    const { actions } = this.tree;
    const at = (name) => `${node.id}-${name}`;
    const pointer = `/${place}/${node.kind}`;
    const words = KINDS.find(([kind]) => kind === node.kind)[1];
    return el(
      "div",
      { class: "e-node e-action", "data-node": node.id, "data-pointer": `/${place}`, role: "group", "aria-label": `Action ${place + 1}: ${words}` },
      el(
        "div",
        { class: "e-line" },
        el("strong", { class: "e-action-name" }, words),
        el(
          "span",
          { class: "e-tools", role: "group", "aria-label": "Change this action" },
          place > 0 && iconButton("up", "Move up (Alt+↑)", at("up"), () => this.moveNode(node.id, -1)),
          place < actions.length - 1 && iconButton("down", "Move down (Alt+↓)", at("down"), () => this.moveNode(node.id, 1)),
          iconButton("copy", "Duplicate", at("copy"), () => this.edit(() => void actions.splice(place + 1, 0, model.duplicateAction(node)), { focus: at("copy") })),
          iconButton("delete", "Delete", at("delete"), () => this.edit(() => void actions.splice(place, 1), { focus: "add" })),
        ),
      ),
      el("div", { class: "e-fields" }, this[node.kind](node, pointer, at)),
      el("div", { class: "e-problems" }),
    );
  }

  field(label, pointer, control, { help = "", wide = false } = {}) {
    return el("label", { class: wide ? "e-field e-wide" : "e-field", "data-pointer": pointer }, el("span", { class: "e-label" }, label), control, help && el("span", { class: "e-label-help" }, help));
  }

  // A field of several controls, each with a label of its own.
  fields(label, pointer, ...controls) {
    return el("div", { class: "e-field e-wide", "data-pointer": pointer }, el("span", { class: "e-label" }, label), controls);
  }

  decide(node, pointer, at) {
    return [
      this.field("Outcome", `${pointer}/outcome`, select(this.words.outcomes.map((one) => [one, one]), node.outcome, (outcome) => this.change(node, { outcome }, at("first")), { "data-at": at("first") })),
      this.field("Note (may stay empty)", `${pointer}/note`, textInput(node.note ?? "", (text) => this.change(node, { note: text.trim() ? text : undefined }, at("note")), { "data-at": at("note") }), { wide: true }),
    ];
  }

  escalate(node, pointer, at) {
    const priorities = [["", "as it is"], ...this.words.priorities.map((one) => [one, one])];
    return [
      this.field("Queue", `${pointer}/queue`, this.named(this.words.queues, node.queue, (queue) => this.change(node, { queue }, at("first")), at("first"))),
      this.field("Reason, as people read it", `${pointer}/reason`, textInput(node.reason, (reason) => this.change(node, { reason }, at("reason")), { "data-at": at("reason"), maxlength: "300" }), { wide: true }),
      this.field("Priority", `${pointer}/priority`, select(priorities, node.priority ?? "", (priority) => this.change(node, { priority: priority || undefined }, at("priority")), { "data-at": at("priority") })),
    ];
  }

  named(choices, value, onPick, at) {
    const known = choices.map((one) => [one.name, one.title && one.title !== one.name ? `${one.title} (${one.name})` : one.name]);
    return select(known, value, onPick, { "data-at": at }, (name) => `${name} (unknown)`);
  }

  run(node, pointer, at) {
    const wanted = { type: "string", values: this.words.steps.map((one) => one.name) };
    const titles = new Map(this.words.steps.map((one) => [one.name, `${one.name} (${one.title})`]));
    const onChange = (steps) => this.change(node, { steps }, `${at("first")}-${performance.now()}`);
    return [this.fields("Agent steps, at the same time", pointer, chips({ values: node.steps, wanted, onChange, label: "Agent steps", at: at("first"), pointer, named: (name) => titles.get(name) || name }))];
  }

  prioritise(node, pointer, at) {
    return [this.field("Priority", pointer, select(this.words.priorities.map((one) => [one, one]), node.priority, (priority) => this.change(node, { priority }, at("first")), { "data-at": at("first") }))];
  }

  notify(node, pointer, at) {
    return [this.field("Name of the notice", `${pointer}/name`, textInput(node.name, (name) => this.change(node, { name }, at("first")), { "data-at": at("first"), class: "c-mono", maxlength: "80" }), { help: "The client is told “case.notified” with this name." })];
  }

  wait(node, pointer, at) {
    const until = node.until !== undefined;
    const turn = (kind) => this.edit(() => void (kind === "until" ? (delete node.for, (node.until = "")) : (delete node.until, (node.for = "1d"))));
    const fits = (fact) => fact.type === "date" || fact.type === "datetime";
    return [
      this.field("How long", pointer, select([["for", "for a time"], ["until", "until the moment in a fact"]], until ? "until" : "for", turn, { "data-at": at("kind") })),
      until
        ? this.fields("Until", `${pointer}/until`, factPicker({ scope: this.scope, path: node.until, label: "Until: fact", at: at("first"), fits, onPick: (path) => this.edit(() => void (node.until = path), { focus: at("first") }) }))
        : this.fields("For", `${pointer}/for`, periodInput(node.for, (text) => this.change(node, { for: text }, at("first")), DURATIONS, { label: "For", at: at("first") })),
    ];
  }

  open_case(node, pointer, at) {
    const box = el("input", { type: "checkbox", "data-at": at("wait") });
    box.checked = node.wait;
    box.addEventListener("change", () => this.change(node, { wait: box.checked }, at("wait")));
    return [
      this.field("Workflow", `${pointer}/workflow`, this.named(this.words.workflows, node.workflow, (workflow) => this.change(node, { workflow }, at("first")), at("first"))),
      this.field("Known to rules as", `${pointer}/as`, textInput(node.as, (as) => this.change(node, { as }, at("as")), { "data-at": at("as"), class: "c-mono", maxlength: "80" }), { help: "Its outcome is the fact children.<this name>.outcome." }),
      this.fields("What it is given", `${pointer}/payload`, node.rows.map((row) => this.payloadRow(node, row, pointer, at)), textButton("+ Field", at("add-row"), () => this.addRow(node))),
      el("label", { class: "e-check e-wide", "data-pointer": `${pointer}/wait` }, box, " Wait until it is decided"),
    ];
  }

  payloadRow(node, row, pointer, at) {
    const pick = (path) => this.edit(() => void (row.value = path), { focus: `${row.id}-fact` });
    const inputs = [
      textInput(row.name, (name) => this.rename(node, row, name), { "aria-label": "Field of the new case", placeholder: "field", "data-at": `${row.id}-name`, class: "c-mono e-name" }),
      el("span", { class: "e-words", "aria-hidden": "true" }, "="),
      factPicker({ scope: this.scope, path: row.value, label: "Fact it takes", at: `${row.id}-fact`, onPick: pick }),
    ];
    return this.row(node, row, `${pointer}/payload/${escaped(row.name)}`, inputs, at);
  }

  set(node, pointer, at) {
    const known = this.words.facts.filter((group) => group.source === "derived").flatMap((group) => group.facts);
    const list = `${node.id}-derived`;
    return [
      el("datalist", { id: list }, known.map((fact) => el("option", { value: fact.path.slice("derived.".length) }, fact.title))),
      el("div", { class: "e-field e-wide" }, node.rows.map((row, place) => this.setRow(node, row, place, `${pointer}/${escaped(row.name)}`, at, list)), textButton("+ Another fact", at("add-row"), () => this.addRow(node, "derived."))),
    ];
  }

  setRow(node, row, place, pointer, at, list) {
    const name = row.name.startsWith("derived.") ? row.name.slice("derived.".length) : row.name;
    const kind = model.valueKind(row.value, this.words.operations);
    const turn = (next) => this.edit(() => void (row.value = model.emptyValue(next, this.words)));
    const inputs = [
      el("span", { class: "e-derived" }, el("span", { class: "c-mono c-muted", "aria-hidden": "true" }, "derived."),
        textInput(name, (text) => this.rename(node, row, `derived.${text}`), { "aria-label": "Name of the derived fact", "data-at": place ? `${row.id}-name` : at("first"), list, class: "c-mono e-name", placeholder: "name" })),
      el("span", { class: "e-words" }, "becomes"),
      select(VALUES, kind, turn, { "aria-label": "What kind of value", "data-at": `${row.id}-kind`, class: "e-kind" }),
      this.assigned(row, kind, pointer),
    ];
    return this.row(node, row, pointer, inputs, at);
  }

  assigned(row, kind, pointer) {
    const at = `${row.id}-value`;
    const put = (value, typed) => this.edit(() => void (row.value = value), { typed: typed ? at : "" });
    if (kind === "text") return literal(row.value, { type: "string" }, put, "Value", at);
    if (kind === "number") return numberInput(row.value, (value) => put(value === "" ? 0 : value, true), { "aria-label": "Value", "data-at": at, class: "e-number" });
    if (kind === "boolean") return literal(row.value, { type: "boolean" }, put, "Value", at);
    if (kind === "parameter") return parameterChoice(row.value.parameter, this.words.parameters, (name) => put({ parameter: name }, false), "Value", at);
    const context = { scope: this.scope, words: this.words };
    if (kind === "fact") return el("span", { class: "e-as-fact" }, valueEditor({ value: row.value, wanted: { type: "any" }, context, onChange: put, label: "Value", at, pointer }));
    const operation = this.words.operations.find((name) => name in row.value);
    const sides = row.value[operation];
    const side = (place) =>
      valueEditor({ value: sides[place], wanted: { type: "number" }, context, label: place ? "Second number" : "First number", at: `${at}-${place}`, pointer: `${pointer}/${operation}/${place}`,
        onChange: (value, typed) => this.edit(() => void (row.value = { [operation]: this.sidesOf(row).map((one, other) => (other === place ? value : one)) }), { typed: typed ? `${at}-${place}` : "" }) });
    const turn = (next) => this.edit(() => void (row.value = { [next]: this.sidesOf(row) }));
    return el("span", { class: "e-value" }, side(0), select(this.words.operations.map((name) => [name, SIGNS[name]]), operation, turn, { "aria-label": "Calculation", "data-at": `${at}-sign`, class: "e-sign" }), side(1));
  }

  sidesOf(row) {
    return row.value[this.words.operations.find((name) => name in row.value)];
  }

  addRow(node, name = "") {
    const row = model.newRow(name);
    this.edit(() => void node.rows.push(row), { focus: `${row.id}-name` });
  }

  row(node, row, pointer, inputs, at) {
    const drop = () => this.edit(() => void node.rows.splice(node.rows.indexOf(row), 1), { focus: at("add-row") });
    const tools = el("span", { class: "e-tools" }, iconButton("delete", "Remove this line", `${row.id}-drop`, drop));
    return el("div", { class: "e-line", "data-pointer": pointer }, el("div", { class: "e-inputs" }, inputs, this.twice(node, row)), tools);
  }

  rename(node, row, name) {
    this.edit(() => void (row.name = name), { typed: `${row.id}-name` });
    const again = model.twice(node.rows);
    for (const one of this.querySelectorAll(`[data-node="${node.id}"] [data-twice]`)) one.textContent = again && one.dataset.twice === again.id ? TWICE : "";
  }

  twice(node, row) {
    return el("span", { class: "c-error", "data-twice": row.id, role: "status" }, model.twice(node.rows) === row ? TWICE : "");
  }
}

const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

customElements.define("conductor-actions", ActionEditor);
