// What pages do beside htmx: local times, countdowns, live news, and small manners of forms.

const clock = document.querySelector('meta[name="now"]');
const speed = Number(clock.dataset.speed);
let known = { at: Date.parse(clock.content), seen: performance.now() };
// The server's time, which is what countdowns count to; the clock of this machine may be wrong.
const now = () => known.at + (performance.now() - known.seen) * speed;

// Times

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const shortFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const wholeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

function span(seconds, units = 2) {
  let rest = Math.abs(Math.trunc(seconds));
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    const count = Math.trunc(rest / size);
    rest %= size;
    if (count || parts.length || unit === "s") parts.push([count, unit]);
  }
  return parts.slice(0, units).filter(([count], index) => count || index === 0).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

function spoken(form, at) {
  const left = (at - now()) / 1000;
  const day = new Date(at).toDateString() === new Date(now()).toDateString() ? "" : `${dayFormat.format(at)} `;
  if (form === "elapsed") return span(left);
  if (form === "count") return left >= 0 ? `in ${span(left)}` : `${span(left)} late`;
  if (form === "ago") return left > 0 ? `in ${span(left, 1)}` : `${span(left, 1)} ago`;
  if (form === "day") return dayFormat.format(at);
  if (form === "full") return `${day}${shortFormat.format(at)}`;
  return `${day}${clockFormat.format(at)}`;
}

function tell(time) {
  const at = Date.parse(time.dateTime);
  const words = spoken(time.dataset.form, at);
  if (time.textContent !== words) time.textContent = words;
  if (time.dataset.form === "count") time.classList.toggle("late", at < now());
}

function tellAll(root = document) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    if (!time.dataset.form) continue;
    tell(time);
    const title = `${wholeFormat.format(Date.parse(time.dateTime))} (${time.dateTime.slice(0, 19).replace("T", " ")} UTC)`;
    if (time.title !== title) time.title = title;
  }
}

function tick() {
  for (const time of document.querySelectorAll('time:is([data-form="count"], [data-form="elapsed"], [data-form="ago"])')) tell(time);
}

tellAll();
setInterval(tick, 1000);

// Live news. A page names its stream in `data-live`; whoever wants to know listens for `changed` on the body.
// A browser keeps six connections to a server for all its tabs, so a hidden page gives its own up.

const offline = document.getElementById("offline");
let stream, retry, watchdog, pause = 1000, shownAt = now(), isLost = false, isOut = false;

function connect() {
  const path = document.body.dataset.live;
  if (!path || stream || isOut) return;
  clearTimeout(retry);
  const seen = document.querySelector("[data-seq]")?.dataset.seq;
  stream = new EventSource(seen ? `${path}?seen=${seen}` : path);
  stream.addEventListener("beat", heard);
  stream.addEventListener("changed", () => { heard(); htmx.trigger(document.body, "changed"); });
  stream.addEventListener("ended", signedOut);
  stream.onerror = lost;
  listen();
}

function listen() {
  clearTimeout(watchdog);
  watchdog = setTimeout(lost, 40_000);
}

function heard() {
  listen();
  document.body.dataset.heard = "yes";
  pause = 1000;
  if (isLost) {
    isLost = false;
    offline.hidden = true;
    htmx.trigger(document.body, "changed");
  }
}

function leave() {
  delete document.body.dataset.heard;
  stream?.close();
  stream = undefined;
  clearTimeout(watchdog);
}

function lost() {
  leave();
  if (isOut) return;
  if (!isLost) {
    isLost = true;
    offline.textContent = `Connection lost. This is the state of ${clockFormat.format(shownAt)}; trying again…`;
    offline.hidden = false;
  }
  clearTimeout(retry);
  retry = setTimeout(connect, pause);
  pause = Math.min(pause * 1.5, 10_000);
}

document.addEventListener("visibilitychange", () => {
  if (document.body.dataset.liveAlways !== undefined) return;
  if (document.hidden) {
    clearTimeout(retry);
    leave();
  } else if (!isOut) {
    connect();
    htmx.trigger(document.body, "changed");
  }
});
addEventListener("online", () => { if (isLost) { leave(); connect(); } });
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
connect();

// Signed out. A page on which nothing was written goes to where one signs in. What was written waits until somebody has
// signed in again, in another tab: what is sent then is of the new session. So it is where a page that nobody looked at
// missed all of that.

const csrf = document.querySelector('meta[name="csrf"]');

function signedOut() {
  leave();
  clearTimeout(retry);
  if (!isWrittenOn()) {
    location.reload();
    return;
  }
  if (isOut) return;
  isOut = true;
  isLost = false;
  const link = document.createElement("a");
  link.href = "/signin";
  link.target = "_blank";
  link.textContent = "sign in again";
  offline.replaceChildren("You are signed out, and this page stands still. What you have written is kept: ", link, " in another tab, then go on here.");
  offline.hidden = false;
}

function isWrittenOn() {
  const fields = document.querySelectorAll("main form :is(input:not([type=hidden]), textarea, select)");
  return [...fields].some((field) => {
    if (field instanceof HTMLSelectElement) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((it) => it.defaultSelected));
    return field.matches("[type=radio], [type=checkbox]") ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  });
}

async function comeBack() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" }).catch(() => undefined);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector('meta[name="csrf"]')?.content;
  if (!token || (!isOut && token === csrf.content)) return;
  csrf.content = token;
  for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = token;
  document.querySelector(".bar").replaceWith(page.querySelector(".bar"));  // it may be somebody else
  if (!isOut) return;
  isOut = false;
  offline.hidden = true;
  connect();
  htmx.trigger(document.body, "changed");
}

document.addEventListener("htmx:after:request", (event) => {
  const token = event.detail.ctx?.response?.headers?.get("Tocsin-Token");
  if (!token || token === csrf.content || isOut) return;
  if (isWrittenOn()) comeBack();
  else location.reload();
});

for (const event of ["focus", "visibilitychange"]) addEventListener(event, () => { if (isOut && !document.hidden) comeBack(); }, true);

document.addEventListener("htmx:before:response", (event) => {
  if (event.detail.ctx.response.status !== 401 || !isWrittenOn()) return;
  event.preventDefault();
  signedOut();
});

// Requests

const writtenOn = new WeakSet();  // forms that somebody wrote on since they were last sent
document.addEventListener("input", ({ target }) => { if (target.form) writtenOn.add(target.form); });

document.addEventListener("htmx:config:request", (event) => {
  hold();
  writtenOn.delete(event.detail.ctx.sourceElement);
  if (csrf.content) event.detail.ctx.request.headers["X-CSRF-Token"] = csrf.content;
});

// An answer that was overtaken by a newer one is not shown.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const shown = document.querySelector("[data-seq]");
  const seq = ctx?.response?.headers?.get("Tocsin-Event");
  if (shown && seq && Number(seq) < Number(shown.dataset.seq)) event.preventDefault();
  hold();
});

document.addEventListener("htmx:after:swap", () => {
  tellAll();
  giveBack();
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const served = ctx?.response?.headers?.get("Tocsin-Now");
  if (served) {
    known = { at: Date.parse(served), seen: performance.now() };
    shownAt = known.at;
  }
  const form = ctx?.sourceElement;
  if (!(form instanceof HTMLFormElement)) return;
  if (ctx.response?.status < 500) renew(form);
  if (isDone(ctx) && !writtenOn.has(form)) {
    form.reset();
    form.closest("details")?.removeAttribute("open");
  }
});

// What is kept as it is typed stays; so does what was sent until the page is there that it leads to.
function isDone({ response, sourceEvent }) {
  return response?.status < 400 && sourceEvent?.type === "submit" && !response.headers.has("HX-Redirect");
}

// A button that waited for its answer, or for none, can be pressed again then.
document.addEventListener("htmx:finally:request", () => setTimeout(giveBack));

// Focus. Whoever works by keyboard, or hears the page, is not thrown back to its beginning by what changes: where the
// place where they were is gone, they go on with the form's name, or with what is to be done next. Whoever goes away by
// themselves is left alone.

let held;

function hold() {
  const place = document.activeElement;
  if (!place || place === document.body) return;
  held = { place, details: place.closest("details")?.id, isSeen: place.matches(":focus-visible") };
}

addEventListener("pointerdown", () => { held = undefined; }, true);
addEventListener("keydown", (event) => { if (event.key === "Tab") held = undefined; }, true);

function giveBack() {
  const now = document.activeElement;
  if (!held || (now && now !== document.body && now.checkVisibility())) return;
  const name = held.details && document.getElementById(held.details)?.querySelector("summary");
  const next = document.querySelector("#next .go :is(a, button)");
  const open = [held.place, name, next, document.getElementById("main")].find((it) => it?.isConnected && !it.disabled && it.checkVisibility());
  open?.focus({ preventScroll: !held.isSeen });
}

// A form keeps its key until it has an answer: sent again before that, it is done once; after that, it is another one.
function renew(form) {
  const key = form.elements.namedItem("once");
  if (key) key.value = [...crypto.getRandomValues(new Uint8Array(12))].map((it) => it.toString(16).padStart(2, "0")).join("");
}

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx?.sourceElement?.closest("form")) {
    document.getElementById("notice").replaceChildren(document.getElementById("unanswered").content.cloneNode(true));
  }
});

// Small manners

// On a phone the bar is wider than the screen: where we are stands in its middle.
const places = document.querySelector(".places");
const here = places?.querySelector("[aria-current]");
if (here) places.scrollLeft = here.offsetLeft - places.offsetLeft - (places.clientWidth - here.clientWidth) / 2;

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-dismiss]")) document.getElementById("notice").replaceChildren();
  if (target?.closest("[data-theme-toggle]")) toggleTheme();
  const opener = target?.closest('a[href^="#"]');
  if (opener && open(opener.hash)) event.preventDefault();  // to follow the link would take the focus away again
  for (const menu of document.querySelectorAll("details.me[open]")) if (!menu.contains(target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The browser scrolls to what has the focus within a frame, but not to a frame that has nothing in it yet.
addEventListener("blur", () => {
  const frame = document.activeElement;
  if (frame?.tagName !== "IFRAME") return;
  const { top, bottom } = frame.getBoundingClientRect();
  if (bottom <= 0 || top >= innerHeight) frame.scrollIntoView({ behavior: "instant" });
});

function toggleTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const theme = shown === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

// What is printed as a whole is opened for it, and closed again.
addEventListener("beforeprint", () => setPrinted(true));
addEventListener("afterprint", () => setPrinted(false));
function setPrinted(isOpen) {
  for (const details of document.querySelectorAll("details[data-printed]")) {
    if (isOpen) details.wasOpen = details.open;
    details.open = isOpen || details.wasOpen;
  }
}

// A link to a closed form opens it, and puts the cursor where writing begins.
function open(hash) {
  const place = hash.length > 1 && document.getElementById(hash.slice(1));
  const details = place && place.closest("details");
  if (!details) return false;
  details.open = true;
  const first = details.querySelector("input:not([type=hidden]), select, textarea, button");
  (first?.type === "radio" ? details.querySelector(`[name="${first.name}"]:checked`) ?? first : first)?.focus();
  return true;
}
// Once the browser has gone there itself, which takes the focus away.
if (location.hash) addEventListener("load", () => setTimeout(() => open(location.hash)));
