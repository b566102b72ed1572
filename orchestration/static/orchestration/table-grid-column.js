// The settings of one column: which fact, or what it gives; and moving, copying and deleting it.

import { el } from "./rule-editor-parts.js";
import { factOf } from "./table-grid-words.js";
import * as model from "./table-grid-model.js";

const KINDS = { result: "Set a derived fact", outcome: "Decide an outcome", escalation: "Escalate with a reason" };

export class ColumnDialog {
  constructor(owner) {
    this.owner = owner;
    this.title = el("h2");
    this.fields = el("div");
    this.problem = el("p", { class: "c-error", role: "alert" });
    this.more = el("div", { class: "c-row t-more", role: "group", "aria-label": "Move, copy or delete the column" });
    const apply = el("button", { type: "button", class: "c-button c-primary", onclick: () => this.apply() }, "Apply");
    const cancel = el("button", { type: "button", class: "c-button", onclick: () => this.element.close() }, "Cancel");
    this.element = el("dialog", { class: "c-panel t-dialog" }, this.title, this.fields, this.problem, el("div", { class: "c-row" }, apply, cancel), this.more);
    this.element.setAttribute("aria-labelledby", "table-column-title");
    this.title.id = "table-column-title";
    this.element.addEventListener("input", (event) => event.stopPropagation());
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.matches("button, textarea")) return;
      event.preventDefault();
      event.stopPropagation();
      this.apply();
    });
    this.element.addEventListener("close", () => this.after?.());
  }

  get isOpen() {
    return this.element.open;
  }

  open(side, place, fresh = false) {
    this.owner.grid.commit();
    this.side = side;
    this.place = place;
    this.fresh = fresh;
    const given = this.owner.table[side][place];
    const column = fresh ? (side === "inputs" ? { fact: "", title: "" } : { kind: "result", fact: "derived.", type: "string", queue: "", values: [] }) : given;
    this.title.textContent = `${fresh ? "New column" : `Column ${place + 1}`} of ${side === "inputs" ? "conditions" : "results"}`;
    this.problem.textContent = "";
    this.fields.replaceChildren(...(side === "inputs" ? this.condition(column) : this.result(column)));
    this.more.replaceChildren(...(fresh ? [] : this.tools()));
    this.after = () => this.owner.grid.head.querySelector(`[data-head="/${this.side}/${this.place}"] button`)?.focus();
    this.element.showModal();
    this.fields.querySelector("input, select").focus();
  }

  field(name, label, input, help = "") {
    input.id = `table-column-${name}`;
    const described = help ? `${input.id}-help` : null;
    if (described) input.setAttribute("aria-describedby", described);
    return el("div", { class: "c-field", "data-name": name }, el("label", { for: input.id }, label), input, help && el("div", { class: "c-help", id: described }, help));
  }

  condition(column) {
    const list = el("datalist", { id: "table-facts" }, this.owner.words.facts.map((one) => el("option", { value: one.path }, `${one.title ? `${one.title} · ` : ""}${one.type}`)));
    const about = el("div", { class: "c-help", "aria-live": "polite" });
    this.fact = el("input", { type: "text", list: "table-facts", value: column.fact, autocomplete: "off", spellcheck: "false", class: "c-mono", maxlength: 1000 });
    this.heading = el("input", { type: "text", value: column.title, maxlength: 300, autocomplete: "off" });
    const tell = () => {
      const fact = factOf(this.owner, this.fact.value.trim());
      about.textContent = fact ? `${fact.title || fact.path}: ${fact.type}${fact.values.length ? `, one of ${fact.values.slice(0, 8).join(", ")}` : ""}` : this.fact.value ? "No fact of this name is known." : "Type some letters to find a fact: case.…, agents.…, human.…, derived.…";
    };
    this.fact.addEventListener("input", tell);
    tell();
    const fact = this.field("fact", "Fact", this.fact);
    fact.append(list, about);
    return [fact, this.field("heading", "Heading", this.heading, "Shown above the column; without one, the fact's own title.")];
  }

  result(column) {
    const words = this.owner.words;
    const choice = (options, value) => {
      const known = options.some(([one]) => one === value) || !value ? options : [...options, [value, value]];
      return el("select", {}, known.map(([one, label]) => el("option", { value: one, selected: one === value }, label)));
    };
    this.kind = choice(Object.entries(KINDS), column.kind);
    this.fact = el("input", { type: "text", value: column.fact || "derived.", autocomplete: "off", spellcheck: "false", class: "c-mono", maxlength: 88 });
    this.type = choice(words.types.map((one) => [one, one]), column.type);
    this.queue = choice(words.queues.map((one) => [one.name, `${one.title} (${one.name})`]), column.queue || words.queues[0]?.name || "");
    this.values = el("input", { type: "text", value: model.valuesText(column.values, model.typeOf(column)), autocomplete: "off", class: "c-mono" });
    const parts = [
      this.field("kind", "What it gives", this.kind),
      this.field("fact", "Derived fact", this.fact, "A name of your own after “derived.”, such as derived.risk; rules and other tables can read it."),
      this.field("type", "Type", this.type),
      this.field("queue", "Queue", this.queue, "Where the case waits for a person; the cells hold the reasons."),
      this.field("values", "Values, in order of priority", this.values, "Separated by commas. The cells then hold one of these; the hit policies priority and output order need them."),
    ];
    const show = () => {
      const shown = { result: ["kind", "fact", "type", "values"], outcome: ["kind", "values"], escalation: ["kind", "queue", "values"] }[this.kind.value];
      for (const part of parts) part.hidden = !shown.includes(part.dataset.name);
    };
    this.kind.addEventListener("change", show);
    show();
    return parts;
  }

  tools() {
    const { side, place } = this;
    const columns = this.owner.table[side];
    const button = (label, act, disabled = false, more = "") => el("button", { type: "button", class: `c-button ${more}`, disabled, onclick: act }, label);
    const change = (act, to) => () => {
      this.owner.edit(act);
      this.place = to;
      this.element.close();
    };
    const shifted = (by) => change((table) => model.withColumns(table, side, (list) => model.moved(list, place, place + by)), place + by);
    const copy = change((table) => model.withColumns(table, side, (list) => model.inserted(list, place + 1, list[place])), place + 1);
    const remove = change((table) => model.withColumns(table, side, (list) => list.filter((_, number) => number !== place)), Math.max(0, place - 1));
    return [
      button("← Move left", shifted(-1), place === 0),
      button("Move right →", shifted(1), place === columns.length - 1),
      button("Copy", copy),
      button("Delete column", remove, columns.length === 1, "t-remove"),
    ];
  }

  apply() {
    const { side, place } = this;
    const column = side === "inputs" ? this.readCondition() : this.readResult();
    if (!column) return;
    this.owner.edit((table) => (this.fresh ? model.withNewColumn(table, side, place, column) : model.withColumn(table, side, place, column)));
    this.element.close();
  }

  readCondition() {
    const fact = this.fact.value.trim();
    if (!fact) return this.refuse("Choose a fact.", this.fact);
    return { fact, title: this.heading.value.trim() };
  }

  readResult() {
    const kind = this.kind.value;
    const fact = this.fact.value.trim();
    const type = kind === "result" ? this.type.value : "string";
    if (kind === "result" && !/^derived\.[A-Za-z][A-Za-z0-9_-]*$/.test(fact)) return this.refuse("The derived fact is “derived.” and one name, such as derived.risk.", this.fact);
    if (kind === "escalation" && !this.queue.value) return this.refuse("The workflow has no queue to escalate to.", this.queue);
    return { kind, fact: kind === "result" ? fact : "", type, queue: kind === "escalation" ? this.queue.value : "", values: model.valuesOf(this.values.value, type) };
  }

  refuse(text, field) {
    this.problem.textContent = text;
    field.focus();
    return null;
  }
}
