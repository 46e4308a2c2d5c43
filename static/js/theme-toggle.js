// The theme: what the system says, until the reader says otherwise.
{
  const root = document.documentElement;
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
}
