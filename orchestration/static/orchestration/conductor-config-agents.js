// The choice of an installed agent: what is chosen stands at the top, the others below a search.

import { el } from "./rule-editor-parts.js";

// onChoose(name). Set `chosen` on the element to show another without asking.
export function agentChooser(agents, onChoose) {
  const summary = el("summary", {});
  const search = el("input", { type: "text", id: "agent-search", autocomplete: "off", spellcheck: "false", placeholder: "Name, title or what it does", class: "c-input" });
  const found = el("p", { class: "c-hint", "aria-live": "polite" });
  const options = agents.map((agent) => {
    const radio = el("input", { type: "radio", value: agent.name, "aria-describedby": null });
    radio.addEventListener("change", () => {
      details.chosen = agent.name;
      onChoose(agent.name);
    });
    const label = el(
      "label", {}, radio,
      el("span", {}, el("strong", {}, agent.title), " ", el("span", { class: "c-mono c-hint" }, agent.name), " ", el("span", { class: "c-label" }, agent.version), agent.inline ? [" ", el("span", { class: "c-label c-info" }, "at once")] : null, agent.description ? el("span", { class: "k-agent-text c-hint" }, agent.description) : null, el("span", { class: "k-agent-text c-hint" }, agent.package)),
    );
    return { agent, radio, label, words: [agent.name, agent.title, agent.description, agent.package].join(" ").toLowerCase() };
  });
  const list = el("fieldset", { class: "c-choices k-agents" }, el("legend", { class: "c-visually-hidden" }, "Agent"), options.map((one) => one.label));
  const details = el("details", { class: "k-chooser" }, summary, el("div", { class: "c-field" }, el("label", { for: "agent-search" }, "Search the installed agents"), search), found, list);
  search.addEventListener("input", (event) => {
    event.stopPropagation(); // a search is no change
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const one of options) {
      one.label.hidden = !asked.every((word) => one.words.includes(word));
      if (!one.label.hidden) left += 1;
    }
    found.textContent = asked.length ? `${left} of ${options.length} agents` : "";
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey) event.preventDefault();
    const first = options.find((one) => !one.label.hidden);
    if ((event.key === "ArrowDown" || event.key === "Enter") && first) first.radio.focus();
  });
  list.addEventListener("input", (event) => event.stopPropagation());
  Object.defineProperty(details, "chosen", {
    set(name) {
      const one = options.find((option) => option.agent.name === name);
      for (const option of options) option.radio.checked = option === one;
      const named = one ? [el("strong", {}, one.agent.title), " ", el("span", { class: "c-mono" }, name), " ", el("span", { class: "c-label" }, one.agent.version), " "] : name ? [el("strong", { class: "c-mono" }, name), " ", el("span", { class: "c-label c-bad" }, "not installed"), " "] : [];
      summary.replaceChildren(...named, el("span", { class: "c-hint" }, name ? "choose another…" : "Choose an agent…"));
      details.open = !name;
    },
  });
  return details;
}
