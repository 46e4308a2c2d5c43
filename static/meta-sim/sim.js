// Tells the window that opened the dialog how it ended, as Meta's own dialog does, then goes back.
const leaving = document.getElementById("leaving");
if (leaving) {
  if (window.opener) window.opener.postMessage(leaving.dataset.message, "*");
  setTimeout(() => location.replace(leaving.href), 200);
}
