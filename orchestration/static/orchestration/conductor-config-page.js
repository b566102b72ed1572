// <conductor-step>: the page of one agent step. Draws the form of the chosen agent, asks the server what is wrong while
// one writes, turns the step into YAML and back, and hands it to the form. Without this file the YAML is the editor.

import "./conductor-config.js";
import "./conductor-config-input.js";
import { agentChooser } from "./conductor-config-agents.js";
import { debounced, el, numberFrom } from "./rule-editor-parts.js";

const parsed = (id) => JSON.parse(document.getElementById(id).textContent);
const LIMITS = { timeout: "20s", attempts: 3, on_failure: "escalate" };

class StepEditor extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.closest("form");
    const { key, step, problems, unsaved } = parsed("step-document");
    this.words = parsed("step-vocabulary");
    this.key = key;
    this.asked = 0;
    this.former = new Map(); // configurations of agents that were chosen before
    this.views = this.form.querySelector("[data-views]");
    this.config = this.querySelector("conductor-config");
    this.inputs = this.querySelector("conductor-inputs");
    this.source = this.querySelector("#step-source");
    this.name = this.form.elements.name;
    this.limits = Object.fromEntries([...this.querySelectorAll("[data-field]")].map((one) => [one.dataset.field, one]));
    this.config.strict = this.inputs.strict = unsaved;
    this.chooser = agentChooser(this.words.agents, (agent) => this.choose(agent));
    this.querySelector("[data-agents]").append(this.chooser);
    this.ask = debounced(300, () => this.say());
    this.addEventListener("input", () => this.ask());
    this.name.addEventListener("input", () => this.ask());
    this.views.addEventListener("click", (event) => event.target.closest("[data-view]") && this.turn(event.target.closest("[data-view]").dataset.view));
    this.form.addEventListener("submit", () => this.hand());
    for (const button of this.querySelectorAll("[data-check] button")) button.addEventListener("click", () => this.check(button));
    this.views.hidden = false;
    this.base = step && typeof step === "object" ? step : {};
    if (this.readable(step)) {
      this.show("builder");
      this.showProblems(problems);
    } else {
      this.show("source");
      this.showSourceProblems(problems);
    }
    if (unsaved) this.dispatchEvent(new Event("input", { bubbles: true }));
    else if (!key) (this.querySelector("#agent-search") || this.name).focus();
  }

  // Can the form show it? What the server could not read as a step stays text.
  readable(step) {
    try {
      this.fill(step);
      return true;
    } catch {
      return false;
    }
  }

  get value() {
    const step = { use: this.use };
    if (Object.keys(this.config.value).length) step.config = this.config.value;
    if (Object.keys(this.inputs.value).length) step.input = this.inputs.value;
    const attempts = numberFrom(this.limits.attempts.value) ?? this.limits.attempts.value;
    const limits = { timeout: this.limits.timeout.value.trim(), attempts, on_failure: this.limits.on_failure.value };
    for (const [name, value] of Object.entries(limits)) if (value !== LIMITS[name] && value !== "") step[name] = value;
    return step;
  }

  fill(step) {
    if (!step || typeof step !== "object" || Array.isArray(step) || ["config", "input"].some((one) => step[one] !== undefined && (typeof step[one] !== "object" || step[one] === null || Array.isArray(step[one])))) throw new Error("not a step");
    this.use = String(step.use || "");
    this.config.value = step.config || {};
    this.inputs.value = step.input || {};
    this.limits.timeout.value = step.timeout ?? LIMITS.timeout;
    this.limits.attempts.value = String(step.attempts ?? LIMITS.attempts);
    this.limits.on_failure.value = step.on_failure ?? LIMITS.on_failure;
    this.drawAgent();
  }

  get agent() {
    return this.words.agents.find((one) => one.name === this.use);
  }

  drawAgent() {
    this.chooser.chosen = this.use;
    const { agent } = this;
    const makeSecret = (...given) => this.makeSecret(...given);
    const { secrets, may_set_secrets, facts } = this.words;
    this.config.vocabulary = { schema: agent ? agent.config : {}, secrets, may_set_secrets, makeSecret };
    this.inputs.vocabulary = { schema: agent ? agent.input : {}, facts };
    for (const part of this.querySelectorAll("[data-of-agent]")) part.hidden = !agent && !Object.keys(this.config.value).length && !Object.keys(this.inputs.value).length;
  }

  // Another agent: what both have a setting or an input for stays; what the former had is kept while the page is open.
  choose(name) {
    this.former.set(this.use, { config: this.config.value, input: this.inputs.value });
    const kept = this.former.get(name) || this.former.get(this.use);
    this.use = name;
    const { agent } = this;
    const only = (values, schema) => Object.fromEntries(Object.entries(values).filter(([one]) => one in (schema.properties || {})));
    this.config.value = only(kept.config, agent.config);
    this.inputs.value = only(kept.input, agent.input);
    this.drawAgent();
    if (!this.name.value) this.name.value = name.split("@")[0].split(".").pop();
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async turn(view) {
    if (view === this.view) return;
    const answer = await this.say();
    if (!answer) return;
    if (view === "source") {
      if (typeof answer.source === "string") this.source.value = answer.source;
      this.show("source");
      this.showSourceProblems(answer.problems);
      this.source.focus();
    } else if (answer.step && this.readable(answer.step)) {
      this.show("builder");
      this.showProblems(answer.problems);
      this.name.focus();
    } // else it stays text, with what is wrong beside it
  }

  show(view) {
    this.view = view;
    this.querySelector("[data-builder]").hidden = view !== "builder";
    this.querySelector("[data-source]").hidden = view !== "source";
    const list = this.form.querySelector("[data-refused-list]"); // in the form each stands beside its field
    if (list) list.hidden = view === "builder";
    for (const button of this.views.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  async post(url, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.form.elements.csrfmiddlewaretoken.value };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
    return response.json();
  }

  // {step, source, problems}; null when the server cannot be asked.
  async say() {
    const number = ++this.asked;
    const written = this.view === "source" ? { source: this.source.value } : { step: this.value };
    let answer;
    try {
      answer = await this.post(this.dataset.say, { key: this.key, name: this.name.value.trim(), ...written });
    } catch {
      this.others([el("p", { class: "c-error" }, "The server does not answer just now, so nothing is checked. What you wrote is still here.")]);
      return null;
    }
    if (number !== this.asked) return answer; // somebody typed on meanwhile
    if (this.view === "source") this.showSourceProblems(answer.problems);
    else this.showProblems(answer.problems);
    return answer;
  }

  // Whether the agent can work with what is written: asked of the agent itself, which may take a while.
  async check(button) {
    const answer = this.querySelector("[data-check-answer]");
    button.disabled = true;
    answer.className = "c-hint";
    answer.textContent = "Asking the agent…";
    try {
      const { ok, message } = await this.post(this.dataset.check, { key: this.key, name: this.name.value.trim(), step: this.value });
      answer.className = ok ? "c-tick" : "c-error";
      answer.textContent = message;
    } catch {
      answer.className = "c-error";
      answer.textContent = "The server does not answer just now.";
    }
    button.disabled = false;
  }

  async makeSecret(name, value, note) {
    try {
      const answer = await this.post(this.dataset.secret, { name, value, note });
      if (answer.problem) return answer.problem;
      this.words.secrets.splice(0, Infinity, ...answer.secrets);
      return "";
    } catch {
      return "The server does not answer just now. The secret was not kept.";
    }
  }

  showProblems(problems) {
    const below = (start) => problems.filter((one) => one.pointer === start || one.pointer.startsWith(`${start}/`)).map((one) => ({ ...one, pointer: one.pointer.slice(start.length) }));
    const lost = [...this.config.showProblems(below("/config")), ...this.inputs.showProblems(below("/input"))];
    const rest = problems.filter((one) => !/^\/(config|input)(\/|$)/.test(one.pointer));
    const holders = [...this.form.querySelectorAll("[data-place]")];
    for (const holder of holders) {
      for (const old of holder.querySelectorAll("[data-problem]")) old.remove();
      const own = rest.filter((one) => one.pointer === holder.dataset.place);
      const control = holder.querySelector("input, select, summary");
      const empty = holder.dataset.place === "/name" && !control.value && !this.config.strict;
      if (control && control.matches("input, select")) invalid(control, !empty && own.some((one) => one.severity === "error"));
      if (!empty && (this.use || holder.dataset.place !== "/use" || this.config.strict)) holder.append(...own.map((one) => line(one)));
    }
    this.others([...lost, ...rest.filter((one) => !holders.some((holder) => holder.dataset.place === one.pointer))].map((one) => line(one)));
  }

  others(lines) {
    this.querySelector("[data-other-problems]").replaceChildren(...lines);
  }

  showSourceProblems(problems) {
    const place = (one) => one.pointer.split("/").slice(1).map((part) => (/^\d+$/.test(part) ? `number ${Number(part) + 1}` : part)).join(" › ");
    this.querySelector("[data-source-errors]").replaceChildren(...problems.map((one) => line(one, place(one))));
    invalid(this.source, problems.some((one) => one.severity === "error"));
  }

  // Give the form the step: as JSON from the form's fields, or as YAML when the source is open.
  hand() {
    this.form.elements.step.value = this.view === "builder" ? JSON.stringify(this.value) : "";
  }
}

const invalid = (control, so) => (so ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid"));

const line = (one, place = "") => el("p", { class: one.severity === "error" ? "c-error" : "c-help", "data-problem": true }, one.severity === "error" ? "" : "Warning: ", place && el("span", { class: "c-mono" }, `${place}: `), one.detail);

customElements.define("conductor-step", StepEditor);
