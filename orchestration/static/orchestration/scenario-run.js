// <conductor-run data-url data-total data-chunk>: runs many scenarios piece by piece, with progress. Without it the page
// offers a link that runs them all in one request.
(function () {
  "use strict";

  class Run extends HTMLElement {
    connectedCallback() {
      const total = Number(this.dataset.total);
      this.innerHTML =
        '<div class="c-row"><button type="button" class="c-button c-primary"></button>' +
        '<button type="button" class="c-button" hidden>Stop</button></div>' +
        '<progress class="c-progress" hidden aria-label="Scenarios run"></progress>';
      [this.start, this.stop] = this.querySelectorAll("button");
      this.bar = this.querySelector("progress");
      this.start.textContent = this.dataset.words || `Run all ${total}`;
      if (this.dataset.words) this.start.classList.remove("c-primary");
      this.bar.max = total;
      this.start.addEventListener("click", () => this.run(total));
      this.stop.addEventListener("click", () => (this.stopped = true));
    }

    async run(total) {
      const rows = document.getElementById("scenario-rows");
      const counts = document.getElementById("scenario-counts");
      const chunk = Number(this.dataset.chunk);
      rows.closest("[role=region]").hidden = false;
      let failed = 0;
      this.stopped = false;
      this.start.disabled = true;
      this.stop.hidden = this.bar.hidden = false;
      try {
        for (let first = 0; first < total && !this.stopped; first += chunk) {
          const answer = await fetch(`${this.dataset.url}?first=${first}`, { credentials: "same-origin" });
          if (!answer.ok) throw new Error(String(answer.status));
          const body = document.createElement("tbody");
          body.innerHTML = await answer.text();
          const done = [...body.children];
          done.forEach((row, place) => {
            const old = rows.children[first + place];
            if (old) old.replaceWith(row);
            else rows.append(row);
          });
          failed += Number(answer.headers.get("X-Failed"));
          this.bar.value = first + done.length;
          counts.textContent = `${first + done.length} of ${total} run, ${failed ? `${failed} fail` : "all hold"}`;
        }
        const place = document.getElementById("scenario-coverage");
        if (place && !this.stopped) {
          const answer = await fetch(`${this.dataset.url}?coverage=1`, { credentials: "same-origin" });
          if (answer.ok) place.innerHTML = await answer.text();
        }
      } catch {
        counts.textContent = "The server gave no answer. Run them again.";
      } finally {
        this.start.disabled = false;
        this.stop.hidden = true;
      }
    }
  }

  customElements.define("conductor-run", Run);
})();
