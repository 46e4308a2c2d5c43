// Work that goes on: parts of the page that changed on the server take the place of those on the page.
{
  const EVERY = 2000;
  const FOR = 20 * 60 * 1000;
  const hide = (name, hidden) => {
    for (const it of document.querySelectorAll(`[${name}]`)) it.hidden = hidden;
  };
  const say = (words) => {
    const news = document.querySelector("[data-progress-news]");
    if (news) news.textContent = words ?? "";
  };
  const done = (part) => part.querySelectorAll(".pill.ok").length;
  const follow = (address) => {
    const begun = Date.now();
    let over = false;
    hide("data-progress-fallback", true);
    hide("data-progress-live", false);
    const take = (part) => {
      const old = document.getElementById(part.id);
      if (!old) return;
      tellTimes(part);
      tellTimes(old);
      over ||= part.hasAttribute("data-progress-over");
      if (old.textContent === part.textContent) return;
      const news = part.querySelector("[data-news]");
      if (news) say(news.textContent);
      else if (done(part) > done(old)) say(part.querySelector("li:last-child")?.textContent);
      showCopyButtons(part);
      // What is told to screen readers as it changes has to stay the same element.
      if (old.getAttribute("role") === "status") old.textContent = part.textContent;
      else old.replaceWith(part);
    };
    const look = async () => {
      if (document.hidden) return;
      const answer = await fetch(address, { redirect: "error" });
      if (!answer.ok) return;
      const template = document.createElement("template");
      template.innerHTML = await answer.text();
      [...template.content.children].forEach(take);
    };
    const again = async () => {
      try { await look(); } catch { /* the next look may succeed */ }
      if (!over && Date.now() - begun < FOR) {
        setTimeout(again, EVERY);
      } else {
        hide("data-progress-live", true);
        hide("data-progress-fallback", over);
      }
    };
    setTimeout(again, EVERY);
  };
  const page = document.querySelector("[data-progress]");
  if (page) follow(page.dataset.progress);
  for (const link of document.querySelectorAll("a[data-export]")) {
    link.addEventListener("click", () => follow("/exports/progress"));
  }
}
