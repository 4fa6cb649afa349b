// Before anything is shown: the reader's theme, and the one way in which scripts may write HTML (it came from this server,
// which escapes all that people wrote; scripts can't be made at all, and the one address of a script is the worker's).
if (window.trustedTypes) {
  trustedTypes.createPolicy("default", { createHTML: (html) => html, createScriptURL: (url) => (url === "/worker.js" ? url : null) });
}
const theme = localStorage.getItem("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
document.documentElement.classList.add("scripted");
