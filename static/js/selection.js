// Ticking rows: all at once, and how many the button is about. Rows may come and go.
{
  const selection = document.getElementById("selection");
  if (selection) {
    const boxes = () => [...selection.elements].filter((field) => field.name === "chosen");
    const label = selection.querySelector("[data-select-all]");
    const all = label.querySelector("input");
    const button = selection.querySelector("button");
    const tell = () => {
      const ticked = boxes().filter((box) => box.checked).length;
      label.hidden = boxes().length === 0;
      all.checked = ticked > 0 && ticked === boxes().length;
      all.indeterminate = ticked > 0 && ticked < boxes().length;
      button.disabled = ticked === 0;
      button.textContent = ticked > 0 ? `${button.dataset.label} (${ticked})` : button.dataset.label;
    };
    all.addEventListener("change", () => {
      for (const box of boxes()) box.checked = all.checked;
      tell();
    });
    selection.addEventListener("change", tell);
    document.addEventListener("change", (event) => event.target.name === "chosen" && tell());
    addEventListener("pageshow", tell);
    tell();
  }
}
