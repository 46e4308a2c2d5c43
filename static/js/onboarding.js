// The first steps: parts that changed on the server take the place of those on the page.
{
  const EVERY = 2000;
  const FOR = 20 * 60 * 1000;
  const page = document.querySelector("[data-progress]");
  if (page) {
    const begun = Date.now();
    document.querySelector("[data-progress-fallback]").hidden = true;
    document.querySelector("[data-progress-live]").hidden = false;
    const done = (part) => (part.querySelectorAll(".pill.ok") ?? []).length;
    const look = async () => {
      if (document.hidden) return;
      const answer = await fetch(page.dataset.progress, { redirect: "error" });
      if (!answer.ok) return;
      const template = document.createElement("template");
      template.innerHTML = await answer.text();
      for (const part of [...template.content.children]) {
        const old = document.getElementById(part.id);
        if (!old) continue;
        tellTimes(part);
        tellTimes(old);
        if (old.textContent === part.textContent) continue;
        if (done(part) > done(old)) {
          document.querySelector("[data-progress-news]").textContent = part.querySelector("li:last-child")?.textContent ?? "";
        }
        showCopyButtons(part);
        old.replaceWith(part);
      }
    };
    const again = async () => {
      try { await look(); } catch { /* the next look may succeed */ }
      if (Date.now() - begun < FOR) {
        setTimeout(again, EVERY);
      } else {
        document.querySelector("[data-progress-live]").hidden = true;
        document.querySelector("[data-progress-fallback]").hidden = false;
      }
    };
    setTimeout(again, EVERY);
  }
}
