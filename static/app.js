// Small comforts on top of pages that work without them: copying, local times, the theme, and the live inspector.
(() => {
  "use strict";

  const root = document.documentElement;

  // Times: exact in the reader's own zone on hover, and the words kept true while the page stays open.
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const words = (seconds) => {
    const distance = Math.abs(seconds);
    if (distance < 2) return "just now";
    const [length, unit] =
      distance < 60 ? [1, "s"] : distance < 3600 ? [60, "min"] : distance < 86400 ? [3600, "h"] : [86400, "d"];
    if (distance >= 2592000) return null;
    const text = `${Math.floor(distance / length)} ${unit}`;
    return seconds < 0 ? `in ${text}` : `${text} ago`;
  };
  const tellTimes = (within) => {
    for (const time of within.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.title = exact.format(at);
      const text = words(Math.round((Date.now() - at.getTime()) / 1000));
      if (text && text !== time.textContent) time.textContent = text;
    }
  };

  // Copying: the text of the element that the button names.
  const showCopyButtons = (within) => {
    if (!navigator.clipboard) return;
    for (const button of within.querySelectorAll("[data-copy]")) button.hidden = false;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    const label = button.dataset.label ?? (button.dataset.label = button.textContent);
    try {
      await navigator.clipboard.writeText(source.textContent.trimEnd());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });

  // The theme: what the system says, until the reader says otherwise.
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  for (const toggle of document.querySelectorAll("[data-theme-toggle]")) {
    const tell = () => { toggle.textContent = isDark() ? "Light theme" : "Dark theme"; };
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* then it lasts for this page */ }
      tell();
    });
    tell();
  }

  // Ticking rows: all at once, and how many the button is about.
  const selection = document.getElementById("selection");
  if (selection) {
    const boxes = [...selection.elements].filter((field) => field.name === "chosen");
    const label = selection.querySelector("[data-select-all]");
    const all = label.querySelector("input");
    const button = selection.querySelector("button");
    const tell = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
      button.disabled = ticked === 0;
      button.textContent = ticked > 0 ? `${button.dataset.label} (${ticked})` : button.dataset.label;
    };
    label.hidden = boxes.length === 0;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      tell();
    });
    for (const box of boxes) box.addEventListener("change", tell);
    addEventListener("pageshow", tell);
    tell();
  }

  // Times that are entered in UTC, told in the reader's own zone beside the field.
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const field of document.querySelectorAll("[data-utc]")) {
    const place = document.querySelector(`[data-local="${field.id}"]`);
    const tell = () => {
      const at = new Date(`${field.value}Z`);
      place.textContent = Number.isNaN(at.getTime()) ? "" : ` In your zone: ${minute.format(at)}.`;
    };
    field.addEventListener("input", tell);
    tell();
  }

  // The inspector: each new request arrives as a piece of HTML that the server drew.
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

  showCopyButtons(document);
  tellTimes(document);
  setInterval(() => tellTimes(document), 5000);
})();
