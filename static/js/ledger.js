// The ledger's live tail: rows arrive as pieces of HTML that the server drew, and take the place that their key has in the order.
{
  const SHOWN = 50;
  const tail = document.querySelector("[data-tail]");
  const body = document.querySelector("table.deliveries tbody");
  if (tail && window.EventSource) {
    const state = tail.querySelector("[data-tail-state]");
    const stateWords = tail.querySelector("[data-tail-words]");
    const toggle = tail.querySelector("[data-tail-toggle]");
    const address = new URL(tail.dataset.tail, location.href);
    let stream = null;
    const tell = (words, kind) => {
      state.classList.toggle("off", kind === "off");
      state.classList.toggle("paused", kind === "paused");
      stateWords.textContent = words;
    };
    const said = (row) => [".d-state", ".d-answer .num"].map((cell) => row.querySelector(cell).textContent).join();
    const place = (row) => {
      const old = document.getElementById(row.id);
      if (old) {
        const box = old.querySelector("input[name=chosen]");
        const newBox = row.querySelector("input[name=chosen]");
        if (box && newBox) newBox.checked = box.checked;
        old.replaceWith(row);
      } else {
        const older = [...body.rows].find((other) => other.id < row.id);
        body.insertBefore(row, older ?? null);
        row.classList.add("new");
      }
      while (body.rows.length > SHOWN) body.lastElementChild.remove();
    };
    const show = (event) => {
      address.searchParams.set("since", event.lastEventId);
      // The page has no table yet: with its first row it becomes another page.
      if (!body) {
        stream.close();
        location.reload();
        return;
      }
      const template = document.createElement("template");
      template.innerHTML = event.data;
      const row = template.content.querySelector("tr");
      if (!row) return;
      tellTimes(row);
      const old = document.getElementById(row.id);
      // It may be sent again as it is; and one that is being read by keyboard is not taken away.
      if (old && (said(old) === said(row) || old.contains(document.activeElement))) return;
      place(row);
      document.getElementById("selection")?.dispatchEvent(new Event("change"));
      const name = row.querySelector(".row-link").textContent;
      document.querySelector("[data-tail-news]").textContent = `${name}: ${row.querySelector(".pill").textContent}`;
      document.querySelector("[data-tail-sentence]").textContent =
        "New deliveries, and what becomes of them, appear by themselves.";
    };
    const start = () => {
      tell("Connecting", "off");
      toggle.textContent = "Pause";
      stream = new EventSource(address);
      stream.addEventListener("open", () => tell("Live", "on"));
      stream.addEventListener("error", () => tell("Reconnecting", "off"));
      stream.addEventListener("row", show);
    };
    const stop = () => {
      stream.close();
      stream = null;
      toggle.textContent = "Resume";
      tell("Paused", "paused");
    };
    toggle.addEventListener("click", () => (stream ? stop() : start()));
    tail.hidden = false;
    start();
    addEventListener("pagehide", () => stream?.close());
    addEventListener("pageshow", (event) => event.persisted && stream && start());
  }
}
