// Leads from a notification back to the page that it came from.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const shown = clients.matchAll({ type: "window" }).then((all) => all[0]?.focus() ?? clients.openWindow(event.notification.data));
  event.waitUntil(shown);
});
