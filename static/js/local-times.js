// Times that are entered in UTC, told in the reader's own zone beside the field.
{
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
}
