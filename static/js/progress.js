// Work that goes on: parts of the page that changed on the server take the place of those on the page.
{
  const EVERY = 2000;
  const FOR = 20 * 60 * 1000;
  const page = document.querySelector("[data-progress]");
  if (page) {
    const begun = Date.now();
    document.querySelector("[data-progress-fallback]").hidden = true;
    document.querySelector("[data-progress-live]").hidden = false;
    const done = (part) => (part.querySelectorAll(".pill.ok") ?? []).length;
    let over = false;
    const say = (words) => { document.querySelector("[data-progress-news]").textContent = words ?? ""; };
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
        over ||= part.hasAttribute("data-progress-over");
        if (old.textContent === part.textContent) continue;
        const news = part.querySelector("[data-news]");
        if (news) say(news.textContent);
        else if (done(part) > done(old)) say(part.querySelector("li:last-child")?.textContent);
        showCopyButtons(part);
        old.replaceWith(part);
      }
    };
    const again = async () => {
      try { await look(); } catch { /* the next look may succeed */ }
      if (!over && Date.now() - begun < FOR) {
        setTimeout(again, EVERY);
      } else {
        document.querySelector("[data-progress-live]").hidden = true;
        document.querySelector("[data-progress-fallback]").hidden = over;
      }
    };
    setTimeout(again, EVERY);
  }
}
