// Shows what is pushed while no page is open, and leads from a notification to its page.

const UNREADABLE = {
  title: "Tocsin pages you",
  body: "What it is about could not be read here: open your inbox.",
  navigate: "/inbox",
  tag: "unreadable",
  renotify: true,  // another one is another page
  requireInteraction: true,
};

function read(data) {
  try {
    const { notification } = data.json();
    return typeof notification.title === "string" ? notification : UNREADABLE;
  } catch {
    return UNREADABLE;  // a page that can't be read is a page all the same
  }
}

function show({ title, navigate, actions = [], ...rest }) {
  const leads = Object.fromEntries(actions.map((it) => [it.action, it.navigate]));
  const named = actions.map(({ action, title }) => ({ action, title }));
  return registration.showNotification(title, { ...rest, actions: named, icon: "/icon.svg", data: { navigate, leads } });
}

async function open(address) {
  const all = await clients.matchAll({ type: "window" });
  const shown = all.find((it) => it.url === new URL(address, location).href);
  return shown ? shown.focus() : clients.openWindow(address);
}

// A push service that gives the browser another address: nobody need be signed in for the server to learn of it.
async function renew(event) {
  const key = event.oldSubscription?.options.applicationServerKey;
  const fresh = event.newSubscription ?? (key && (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })));
  if (!fresh) return;
  const { endpoint, keys } = fresh.toJSON();
  await fetch("/browsers/renew", { method: "POST", body: new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth }) });
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
self.addEventListener("notificationclick", (event) => {
  const { navigate, leads = {} } = event.notification.data ?? {};
  event.notification.close();
  event.waitUntil(open(leads[event.action] ?? navigate ?? "/inbox"));
});
