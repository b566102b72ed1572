// <conductor-step>: the page of one agent step, with the form of the chosen agent.

import "./conductor-config.js";
import "./conductor-config-input.js";
import { agentChooser } from "./conductor-config-agents.js";
import { isObject } from "./conductor-config-schema.js";
import { PartEditor } from "./part-editor.js";
import { numberFrom } from "./rule-editor-parts.js";
import { ask } from "./server.js";

const LIMITS = { timeout: "20s", attempts: 3, on_failure: "escalate" };

class StepEditor extends PartEditor {
  kind = "step";

  setUp(words) {
    this.words = words;
    this.former = new Map(); // configurations of agents that were chosen before
    this.config = this.querySelector("conductor-config");
    this.inputs = this.querySelector("conductor-inputs");
    this.parts = { "/config": this.config, "/input": this.inputs };
    this.first = this.form.elements.name;
    this.first.addEventListener("input", () => this.ask());
    this.chooser = agentChooser(words.agents, (agent) => this.choose(agent));
    this.querySelector("[data-agents]").append(this.chooser);
    for (const button of this.querySelectorAll("[data-check] button")) button.addEventListener("click", () => this.check(button));
  }

  begin() {
    (this.querySelector("#agent-search") || this.first).focus();
  }

  get besides() {
    return { name: this.first.value.trim() };
  }

  get value() {
    const step = { use: this.use };
    if (Object.keys(this.config.value).length) step.config = this.config.value;
    if (Object.keys(this.inputs.value).length) step.input = this.inputs.value;
    const attempts = numberFrom(this.fields.attempts.value) ?? this.fields.attempts.value;
    const limits = { timeout: this.fields.timeout.value.trim(), attempts, on_failure: this.fields.on_failure.value };
    for (const [name, value] of Object.entries(limits)) if (value !== LIMITS[name] && value !== "") step[name] = value;
    return step;
  }

  fill(step) {
    if (!isObject(step) || ["config", "input"].some((one) => step[one] !== undefined && !isObject(step[one]))) throw new Error("not a step");
    this.use = String(step.use || "");
    this.config.value = step.config || {};
    this.inputs.value = step.input || {};
    this.fields.timeout.value = step.timeout ?? LIMITS.timeout;
    this.fields.attempts.value = String(step.attempts ?? LIMITS.attempts);
    this.fields.on_failure.value = step.on_failure ?? LIMITS.on_failure;
    this.drawAgent();
  }

  drawAgent() {
    this.chooser.chosen = this.use;
    const agent = this.words.agents.find((one) => one.name === this.use);
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
    const agent = this.words.agents.find((one) => one.name === name);
    const only = (values, schema) => Object.fromEntries(Object.entries(values).filter(([one]) => one in (schema.properties || {})));
    this.config.value = only(kept.config, agent.config);
    this.inputs.value = only(kept.input, agent.input);
    this.drawAgent();
    if (!this.first.value) this.first.value = name.split("@")[0].split(".").pop();
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  unset(place, control) {
    return place === "/use" ? !this.use : super.unset(place, control);
  }

  // Whether the agent can work with what is written: asked of the agent itself, which may take a while.
  async check(button) {
    const said = this.querySelector("[data-check-answer]");
    const say = (text, look) => ((said.textContent = text), (said.className = look));
    button.disabled = true;
    say("Asking the agent…", "c-hint");
    try {
      const { ok, message } = await ask(this.dataset.check, { key: this.key, ...this.besides, step: this.value });
      say(message, ok ? "c-tick" : "c-error");
    } catch (unheard) {
      say(unheard.message, "c-error");
    }
    button.disabled = false;
  }

  async makeSecret(name, value, note) {
    try {
      const answer = await ask(this.dataset.secret, { name, value, note });
      if (answer.problem) return answer.problem;
      this.words.secrets.splice(0, Infinity, ...answer.secrets);
      return "";
    } catch (unheard) {
      return `The secret was not set. ${unheard.message}`;
    }
  }
}

customElements.define("conductor-step", StepEditor);
