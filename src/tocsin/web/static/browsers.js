// Has this browser ring even when it is closed: subscribes it at its push service, and tells the server where that is.

const begin = document.getElementById("push-begin"), end = document.getElementById("push-end");
const hint = document.getElementById("push-hint"), csrf = document.querySelector('meta[name="csrf"]');
const isApple = /iPhone|iPad/.test(navigator.userAgent);

async function tell(path, fields = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "x-csrf-token": csrf.content, accept: "application/json" },
    body: new URLSearchParams(fields),
    redirect: "manual",
  });
  if (answer.ok) return answer.text();
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `Tocsin answered ${answer.status || "by leading elsewhere: sign in again"}`);
}

function whyNot() {
  if (!window.isSecureContext) return "Browsers are rung by https only: set TOCSIN_PUBLIC_URL to this server's https address.";
  if (navigator.serviceWorker && window.PushManager && window.Notification) return "";
  return isApple
    ? "On an iPhone or iPad put this page on the home screen first (Share, then Add to Home Screen), and open it from there."
    : "This browser can't be rung while it is closed: it has no Web Push.";
}

function bytesOf(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (it) => it.charCodeAt(0));
}

async function subscribed() {
  const worker = await navigator.serviceWorker.ready;
  await (await worker.pushManager.getSubscription())?.unsubscribe();  // of another key, or one that the server has forgotten
  const key = bytesOf(await tell("/browsers/key"));
  return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function ring() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("this browser doesn't allow notifications here: allow them in its settings of this site");
  const { endpoint, keys } = (await subscribed()).toJSON();
  await tell("/browsers", { endpoint, p256dh: keys.p256dh, auth: keys.auth });
}

begin?.addEventListener("click", async () => {
  begin.disabled = true;
  hint.textContent = "";
  try {
    await ring();
    location.reload();
  } catch (error) {
    hint.textContent = `It didn't work: ${error.message}`;
    begin.disabled = false;
  }
});

// The server forgets it by the form; the browser should as well, and is not waited for long.
end?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const registration = await navigator.serviceWorker?.getRegistration();
  const forgotten = registration?.pushManager?.getSubscription().then((it) => it?.unsubscribe()).catch(() => undefined);
  await Promise.race([forgotten, new Promise((done) => setTimeout(done, 1000))]);
  end.submit();
});

if (begin) {
  hint.textContent = whyNot();
  begin.hidden = Boolean(hint.textContent);
}
