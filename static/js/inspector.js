// The inspector: each new request arrives as a piece of HTML that the server drew.
{
  const SHOWN = 50;
  const list = document.querySelector("[data-stream]");
  if (list && window.EventSource) {
    const state = document.querySelector("[data-live-state]");
    const stateWords = document.querySelector("[data-live-words]");
    const tell = (live) => {
      state.classList.toggle("off", !live);
      stateWords.textContent = live ? "Live" : "Reconnecting";
    };
    document.querySelector("[data-live-fallback]").hidden = true;
    state.hidden = false;
    tell(false);
    const stream = new EventSource(`${list.dataset.stream}?after=${encodeURIComponent(list.dataset.after)}`);
    stream.addEventListener("open", () => tell(true));
    stream.addEventListener("error", () => tell(false));
    stream.addEventListener("inspection", (event) => {
      if (document.getElementById(event.lastEventId)) return;
      const template = document.createElement("template");
      template.innerHTML = event.data;
      const item = template.content.firstElementChild;
      if (!item) return;
      showCopyButtons(item);
      tellTimes(item);
      item.classList.add("new");
      list.prepend(item);
      while (list.children.length > SHOWN) list.lastElementChild.remove();
      document.querySelector("[data-live-empty]").hidden = true;
      document.querySelector("[data-live-sentence]").textContent =
        "The newest request came in just now. New ones appear by themselves.";
      document.querySelector("[data-live-news]").textContent = `New request: ${item.querySelector("h2").textContent}`;
    });
    addEventListener("pagehide", () => stream.close());
  }
}
