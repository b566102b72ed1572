// Asks the server what is wrong or doubtful, and shows it at its cell, its row, and in a list that leads there.

import { el } from "./rule-editor-parts.js";
import { ask } from "./server.js";

const PAUSE = 350; // ms after the last change

// What the server says of a table, without the words that its place on the page says already.
export const within = (detail) => detail.replace(/^Table “[^”]*”, (.)/, (_, first) => first.toUpperCase());
export const ofCell = (detail) => detail.replace(/^Table “[^”]*”, (row “[^”]*”|“otherwise”)(, column “[^”]*”|, “[^”]*”|, the outcome|, the escalation)?: (.)/, (...found) => found[3].toUpperCase());

export class Checks {
  constructor(owner) {
    this.owner = owner;
    this.problems = [];
    this.asked = 0;
    this.count = el("small", { "aria-live": "polite" });
    this.list = el("div", {}, el("p", { class: "c-muted" }, "Gaps, overlaps and mistakes are shown here as you type."));
    this.element = el("section", { class: "c-panel t-checks", "aria-label": "Checks of the table" }, el("h2", {}, "Checks ", this.count), this.list);
  }

  ask() {
    clearTimeout(this.timer);
    this.asked += 1;
    const number = this.asked;
    this.element.setAttribute("aria-busy", "true");
    this.timer = setTimeout(() => this.fetch(number), PAUSE);
  }

  async fetch(number) {
    const unheard = ({ message }) => ({ problems: [{ severity: "warning", pointer: "", rows: [], detail: message }] });
    const { problems } = await ask(this.owner.dataset.check, { key: this.owner.storedKey, table: this.owner.value }).catch(unheard);
    if (number === this.asked) this.show(problems);
  }

  show(problems) {
    this.problems = problems;
    this.element.removeAttribute("aria-busy");
    const errors = problems.filter((one) => one.severity === "error").length;
    const said = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
    this.count.textContent = problems.length ? `${said(errors, "error")}, ${said(problems.length - errors, "warning")}` : "";
    this.element.classList.toggle("c-danger", errors > 0);
    this.element.classList.toggle("c-attention", !errors && problems.length > 0);
    this.element.classList.toggle("c-success", !problems.length);
    const shown = problems.slice(0, 100).map((one) => this.item(one));
    if (problems.length > 100) shown.push(el("p", { class: "c-hint" }, `and ${problems.length - 100} more`));
    this.list.replaceChildren(...(shown.length ? shown : [el("p", { class: "c-tick" }, "Nothing is wrong or doubtful: every case is covered as the hit policy promises.")]));
    this.mark();
    this.owner.grid.tell();
  }

  item(problem) {
    const place = this.placeOf(problem.pointer);
    const label = el("span", { class: `c-label ${problem.severity === "error" ? "c-bad" : "c-warning"}` }, problem.severity);
    const show = place && el("button", { type: "button", class: "t-show", onclick: () => this.go(problem) }, "Show");
    return el("div", { class: "t-item" }, label, el("span", {}, within(problem.detail)), show);
  }

  // The cell, row or heading that a pointer is about.
  placeOf(pointer) {
    const [, part, number, side, place] = pointer.split("/");
    const inputs = this.owner.table.inputs.length;
    if (part === "rows" && number !== undefined) {
      const column = side === "when" ? 1 + Number(place || 0) : side === "then" ? 1 + inputs + Number(place || 0) : 0;
      return { row: Number(number), column, whole: side === undefined || (side !== "key" && place === undefined) };
    }
    if (part === "otherwise") return { row: this.owner.table.rows.length, column: 1 + inputs + Number(number || 0), whole: number === undefined };
    if ((part === "inputs" || part === "outputs") && number !== undefined) return { head: `/${part}/${number}` };
    if (part in (this.owner.fields || {})) return { field: part };
    return null;
  }

  go(problem) {
    const place = this.placeOf(problem.pointer);
    const { grid, fields } = this.owner;
    if (place.field) return fields[place.field].focus();
    const head = place.head && grid.head.querySelector(`[data-head="${place.head}"] button`);
    if (head) return head.focus();
    grid.choose(place);
    grid.cell(grid.at)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  at({ row, column }) {
    const here = (one) => {
      const place = this.placeOf(one.pointer);
      return place && place.row === row && (place.whole || place.column === column);
    };
    return this.problems.filter((one) => here(one) || one.rows.includes(row));
  }

  mark() {
    const { grid, fields } = this.owner;
    if (!grid || grid.input) return;
    for (const one of grid.grid.querySelectorAll(".t-bad, .t-doubt, [aria-invalid]")) {
      one.classList.remove("t-bad", "t-doubt");
      one.removeAttribute("aria-invalid");
      one.removeAttribute("title");
    }
    for (const one of this.owner.querySelectorAll("[data-fault]")) one.textContent = "";
    for (const input of Object.values(fields)) input.removeAttribute("aria-invalid");
    for (const problem of this.problems) this.markOne(problem);
  }

  markOne(problem) {
    const { grid, fields } = this.owner;
    const bad = problem.severity === "error";
    const place = this.placeOf(problem.pointer);
    const dress = (element) => {
      if (!element) return;
      element.classList.add(bad ? "t-bad" : "t-doubt");
      if (bad && element.dataset.column) element.setAttribute("aria-invalid", "true");
      element.title = [element.title, ofCell(problem.detail)].filter(Boolean).join("\n");
    };
    const dressRow = (row) => dress(grid.cell({ row, column: 0 })?.parentElement.cells[0]);
    problem.rows.forEach(dressRow);
    if (!place) return;
    if (place.field) {
      fields[place.field].setAttribute("aria-invalid", "true");
      this.owner.querySelector(`[data-pointer="/${place.field}"] [data-fault]`)?.append(ofCell(problem.detail));
    } else if (place.head) dress(grid.head.querySelector(`[data-head="${place.head}"]`));
    else if (place.whole) dressRow(place.row);
    else dress(grid.cell(place));
  }
}
