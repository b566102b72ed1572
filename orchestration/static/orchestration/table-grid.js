// <conductor-table>: a decision table as a grid. `value` is the table's JSON; the form gets it in its hidden input.
// Without this file the form holds the table as YAML.

import { el } from "./rule-editor-parts.js";
import { Checks } from "./table-grid-checks.js";
import { ColumnDialog } from "./table-grid-column.js";
import { Grid } from "./table-grid-cells.js";
import * as model from "./table-grid-model.js";

const REMEMBERED = 300; // steps of undo

class ConductorTable extends HTMLElement {
  connectedCallback() {
    if (this.grid) return;
    this.form = this.closest("form");
    this.field = this.form.querySelector("[data-handed]");
    const given = JSON.parse(document.getElementById("table-document").textContent);
    this.words = JSON.parse(document.getElementById("table-words").textContent);
    if (!given.table || typeof given.table !== "object" || Array.isArray(given.table)) return; // the YAML cannot be read: it stays
    this.storedKey = given.key;
    this.table = model.read(given.table);
    this.past = [];
    this.future = [];
    this.build();
    this.draw();
    if (given.problems) this.checks.show(given.problems);
    if (given.unsaved) this.told();
    this.form.addEventListener("submit", () => this.commit(), true);
    window.addEventListener("pagehide", () => this.commit());
    this.form.addEventListener("formdata", (event) => event.formData.set("table", JSON.stringify(this.value)));
  }

  // What is typed; where the YAML is the editor, it is in a field of the form.
  get unsaved() {
    return this.grid ? this.value : null;
  }

  takeBack(json) {
    this.edit(() => model.read(json));
  }

  // What the server's page says is wrong; the grid stays as it is.
  refused(page) {
    const { problems } = JSON.parse(page.getElementById("table-document").textContent);
    if (this.grid && problems) this.checks.show(problems);
  }

  get value() {
    return model.write(this.table);
  }

  set value(json) {
    this.table = model.read(json);
    this.past = [];
    this.future = [];
    this.draw();
    this.checks.ask();
  }

  // Change the table: `change` gives the new one, or the same for no change.
  edit(change, { quiet = false } = {}) {
    const after = change(this.table);
    if (after === this.table) return;
    if (!quiet) this.past = [...this.past.slice(-REMEMBERED), this.table];
    this.future = [];
    this.table = after;
    this.draw();
    this.told();
    this.checks.ask();
  }

  undo() {
    this.step("past", "future");
  }

  redo() {
    this.step("future", "past");
  }

  step(from, to) {
    if (!this[from].length) return;
    this[to] = [...this[to], this.table];
    this.table = this[from].at(-1);
    this[from] = this[from].slice(0, -1);
    this.draw();
    this.told();
    this.checks.ask();
  }

  told() {
    this.field.value = JSON.stringify(this.value);
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  build() {
    const place = this.querySelector("[data-builder]");
    this.querySelector("[data-source]").remove();
    place.hidden = false;
    this.columns = new ColumnDialog(this);
    this.grid = new Grid(this);
    this.checks = new Checks(this);
    place.append(
      el("section", { class: "c-panel", "aria-label": "About the table" }, this.about()),
      el("section", { class: "c-panel t-panel", "aria-label": "Grid" }, this.tools(), this.grid.element, this.grid.line),
      this.checks.element,
      this.columns.element,
    );
    this.addEventListener("keydown", (event) => this.pressed(event));
  }

  about() {
    const field = (name, label, input, help = "", wide = false) => {
      input.id = `table-${name}`;
      input.dataset.field = name;
      const helpId = help ? `table-${name}-help` : null;
      if (helpId) input.setAttribute("aria-describedby", helpId);
      return el("div", { class: wide ? "c-field t-wide" : "c-field", "data-pointer": `/${name}` }, el("label", { for: input.id }, label), input, help && el("div", { class: "c-help", id: helpId }, help), el("div", { class: "c-error", "data-fault": "" }));
    };
    const text = (more) => el("input", { type: "text", autocomplete: "off", ...more });
    this.fields = {
      title: text({ maxlength: 300 }),
      key: text({ maxlength: 80, class: "c-mono", spellcheck: "false" }),
      priority: el("input", { type: "number", step: 1, class: "t-short" }),
      hit_policy: el("select", {}, this.words.policies.map((one) => el("option", { value: one.name }, one.name.replaceAll("_", " ")))),
      enabled: el("input", { type: "checkbox" }),
    };
    for (const [name, input] of Object.entries(this.fields)) input.addEventListener("change", () => this.take(name));
    this.policyWords = el("div", { class: "c-help t-policy", "aria-live": "polite" });
    const policy = field("hit_policy", "Hit policy: which rows count", this.fields.hit_policy, "", true);
    policy.append(this.policyWords);
    return el(
      "div",
      { class: "t-about" },
      field("title", "Title", this.fields.title, "In plain words: what does the table answer?", true),
      field("key", "Key", this.fields.key, "Its name in reports; stays the same when the table changes."),
      field("priority", "Priority", this.fields.priority, "Higher ones come first."),
      policy,
      el("label", { class: "t-check" }, this.fields.enabled, "Switched on"),
    );
  }

  // What stands in a field about the table becomes part of it.
  take(name) {
    const { value: text, checked } = this.fields[name];
    const number = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : text;
    const value = name === "enabled" ? checked : name === "priority" ? number : text.trim();
    this.edit((table) => (table[name] === value ? table : { ...table, [name]: value }));
  }

  // Also what is still being typed, since Ctrl+Enter saves without leaving the field.
  commit() {
    this.grid.commit();
    const active = document.activeElement?.dataset.field;
    if (active && this.fields[active] === document.activeElement) this.take(active);
  }

  tools() {
    const button = (label, title, act, more = {}) => el("button", { type: "button", class: "c-button t-tool", title, onclick: act, ...more }, label);
    const grid = this.grid;
    this.buttons = {
      undo: button("Undo", "Undo (Ctrl+Z)", () => this.undo()),
      redo: button("Redo", "Redo (Ctrl+Y)", () => this.redo()),
    };
    const groups = [
      ["Rows", button("Add row", "A new row below this one (Insert)", () => grid.addRow()), button("Copy row", "Copy the chosen rows below them", () => grid.copyRows()), button("Up", "Move the chosen rows up (Alt+↑)", () => grid.moveRows(-1), { "aria-label": "Move row up" }), button("Down", "Move the chosen rows down (Alt+↓)", () => grid.moveRows(1), { "aria-label": "Move row down" }), button("Delete row", "Delete the chosen rows (Ctrl+Delete)", () => grid.deleteRows())],
      ["Columns", button("Add condition", "A new column of conditions", () => this.columns.open("inputs", this.table.inputs.length, true)), button("Add result", "A new column of results", () => this.columns.open("outputs", this.table.outputs.length, true))],
      ["Undo and redo", this.buttons.undo, this.buttons.redo],
    ];
    this.otherwise = el("input", { type: "checkbox", onchange: (event) => this.edit((table) => model.withOtherwise(table, event.target.checked)) });
    return el("div", { class: "t-tools", role: "toolbar", "aria-label": "Table" }, groups.map(([label, ...buttons]) => el("span", { class: "t-group", role: "group", "aria-label": label }, buttons)), el("label", { class: "t-check", title: "What holds where no row applies" }, this.otherwise, "“Otherwise” row"));
  }

  draw() {
    const table = this.table;
    for (const [name, input] of Object.entries(this.fields)) {
      if (name === "enabled") input.checked = table.enabled === true;
      else if (input.value !== String(table[name])) input.value = String(table[name]);
    }
    this.policyWords.textContent = (this.words.policies.find((one) => one.name === table.hit_policy)?.words || "").replace(/^./, (sign) => sign.toUpperCase());
    this.otherwise.checked = Boolean(table.otherwise);
    this.buttons.undo.disabled = !this.past.length;
    this.buttons.redo.disabled = !this.future.length;
    this.grid.draw();
    this.field.value = JSON.stringify(this.value);
  }

  pressed(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    if (event.target.closest("dialog") || (key !== "z" && key !== "y")) return;
    if (event.target.matches("input[type=text], input[type=number], textarea")) return; // the field's own undo
    event.preventDefault();
    if (key === "y" || event.shiftKey) this.redo();
    else this.undo();
  }
}

customElements.define("conductor-table", ConductorTable);
