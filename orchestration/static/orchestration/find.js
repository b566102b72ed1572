// <conductor-find data-in data-words>: a field that leaves, of the items of a long list, those that hold all its words.
// Without it the list is whole, and the browser's own search finds in it.
(function () {
  "use strict";

  class Find extends HTMLElement {
    connectedCallback() {
      this.items = [...document.getElementById(this.dataset.in).children];
      this.innerHTML = '<div class="c-field"><label for="find"></label><input type="search" id="find" class="c-input" data-shortcut="f" autocomplete="off"><div class="c-help" role="status"></div></div>';
      this.querySelector("label").textContent = this.dataset.words;
      this.querySelector("input").addEventListener("input", (event) => this.find(event.target.value));
    }

    find(text) {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      for (const item of this.items) item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
      const left = this.items.filter((item) => !item.hidden).length;
      this.querySelector("[role=status]").textContent = words.length ? `${left} of ${this.items.length}` : "";
    }
  }

  customElements.define("conductor-find", Find);
})();
