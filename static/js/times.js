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
