// <conductor-try data-url data-section data-key data-value>: tries what somebody is writing, beside the editor, with
// what is not saved yet. data-value is the selector of the editor, whose `value` is the part under edit (an object or
// its JSON), or of a field that holds it as JSON or YAML. The element stands within the editor's form and stays apart
// from it: its controls belong to no form, and what is typed in it does not count as a change.
(function () {
  "use strict";

  const APART = "conductor-try-apart"; // no form has this id

  class Try extends HTMLElement {
    connectedCallback() {
      if (this.started) return;
      this.started = true;
      this.token = (this.closest("form") || document).querySelector("[name=csrfmiddlewaretoken]");
      for (const name of ["input", "change"]) this.addEventListener(name, (event) => event.stopPropagation());
      this.addEventListener("click", (event) => this.clicked(event));
      this.addEventListener("keydown", (event) => this.pressed(event));
      const fold = this.closest("details");
      if (fold && !fold.open) fold.addEventListener("toggle", () => this.load(""), { once: true });
      else this.load("");
    }

    // The forms of the fragment become plain boxes: a form cannot stand within a form.
    async load(query) {
      const text = await this.ask(`${this.dataset.url}?${query}`, {});
      if (text === null) return;
      const page = new DOMParser().parseFromString(text, "text/html");
      for (const form of page.querySelectorAll("form")) {
        const box = page.createElement("div");
        box.className = form.className;
        box.dataset.method = form.method;
        box.append(...form.childNodes);
        form.replaceWith(box);
      }
      for (const token of page.querySelectorAll("[name=csrfmiddlewaretoken]")) token.remove();
      for (const one of page.querySelectorAll("input, select, textarea, button")) {
        one.setAttribute("form", APART);
        if (one.matches("button")) one.type = "button";
        delete one.dataset.shortcut;
      }
      const place = document.createElement("div");
      place.className = "c-try-result";
      place.setAttribute("aria-live", "polite");
      this.replaceChildren(...page.body.childNodes, place);
    }

    clicked(event) {
      const link = event.target.closest("[data-take]");
      const button = event.target.closest("button");
      if (link) {
        event.preventDefault();
        this.load(link.dataset.take);
      } else if (button && button.closest("[data-method]")) {
        event.preventDefault();
        this.go(button.closest("[data-method]"));
      }
    }

    pressed(event) {
      const box = event.target.closest("[data-method]");
      const enters = event.key === "Enter" && (event.target.matches("input") || event.ctrlKey || event.metaKey);
      if (!box || !enters) return;
      event.preventDefault();
      event.stopPropagation();
      this.go(box);
    }

    go(box) {
      const body = new FormData();
      for (const one of box.querySelectorAll("[name]")) if (one.type !== "button") body.set(one.name, one.value);
      if (box.dataset.method === "get") this.load(new URLSearchParams(body).toString());
      else this.run(body);
    }

    async run(body) {
      const value = this.part();
      if (value !== null) {
        body.set("section", this.dataset.section);
        body.set("key", this.dataset.key || "");
        body.set("value", value);
      }
      const place = this.querySelector(".c-try-result");
      const headers = { "X-CSRFToken": this.token ? this.token.value : "" };
      const text = await this.ask(this.dataset.url, { method: "POST", body, headers }, place);
      if (text === null) return;
      place.innerHTML = text;
      place.scrollIntoView({ block: "nearest" });
    }

    // What is under edit, as text; null where the stored version itself is tried.
    part() {
      const editor = this.dataset.section && this.dataset.value ? document.querySelector(this.dataset.value) : null;
      if (!editor) return null;
      const source = editor.querySelector("[data-source]");
      if (source && !source.hidden) return source.querySelector("textarea").value;
      return typeof editor.value === "string" ? editor.value : JSON.stringify(editor.value);
    }

    async ask(url, options, place = this) {
      place.setAttribute("aria-busy", "true");
      try {
        const headers = { ...options.headers, "X-Fragment": "try" };
        const answer = await fetch(url, { ...options, headers, credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        return await answer.text();
      } catch {
        place.textContent = "The server gave no answer. Try again, or reload the page.";
        return null;
      } finally {
        place.removeAttribute("aria-busy");
      }
    }
  }

  customElements.define("conductor-try", Try);
})();
