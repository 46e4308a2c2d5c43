// Connecting a WhatsApp number: Meta's sign-up in a window of its own, which tells how it ended. Without this the sign-up takes this page's place.
const ways = document.querySelector("[data-login-origins]");
const logins = typeof BroadcastChannel === "function" ? new BroadcastChannel("socialhook-login") : null;
if (ways && logins) {
  const origins = ways.dataset.loginOrigins.split(" ");
  let signup = null;
  ways.addEventListener("click", (event) => {
    const link = event.target.closest("[data-signup]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    signup = window.open(link.href, "socialhook-login", "popup,width=620,height=760");
    if (!signup) return;
    event.preventDefault();
    document.querySelector("[data-signup-state]").hidden = false;
  });
  window.addEventListener("message", (event) => {
    if (!signup || !origins.includes(event.origin) || typeof event.data !== "string") return;
    let told;
    try { told = JSON.parse(event.data); } catch { return; }
    if (told?.type !== "WA_EMBEDDED_SIGNUP") return;
    fetch("/connect/message", { method: "POST", body: new URLSearchParams({ message: event.data }) });
  });
  logins.addEventListener("message", (event) => {
    if (signup && String(event.data).startsWith("/connect/")) location.assign(event.data);
  });
}
if (logins && document.querySelector("[data-login-result]") && window.name === "socialhook-login") {
  logins.postMessage(location.pathname);
  window.close();
}
