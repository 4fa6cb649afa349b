// The built-in pager: rings, changes the title, and notifies while a page to this person waits for an answer.

const ring = document.getElementById("ring");
const title = document.title;
let sound, told = new Set(), turns;

function waiting() {
  return (document.getElementById("ringing")?.dataset.ringing ?? "").split(" ").filter(Boolean);
}

function beep() {
  if (sound?.state !== "running") return;
  for (const [at, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
    const tone = sound.createOscillator(), volume = sound.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.3, sound.currentTime + at);
    volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + at + 0.22);
    tone.connect(volume).connect(sound.destination);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.25);
  }
}

async function notify(text) {
  if (window.Notification?.permission !== "granted") return;
  const worker = await navigator.serviceWorker?.ready;
  await worker?.showNotification("Tocsin pages you", { body: text, tag: "page", requireInteraction: true, data: { navigate: location.href } });
}

function look() {
  const now = waiting();
  const isNew = now.some((key) => !told.has(key));
  told = new Set([...told, ...now]);
  clearInterval(turns);
  document.title = now.length ? `● Paged · ${title}` : title;
  if (!now.length) return;
  turns = setInterval(() => {
    document.title = document.title.startsWith("●") ? `PAGED (${now.length})` : `● Paged · ${title}`;
    beep();
  }, 3000);
  if (isNew) {
    beep();
    notify(document.querySelector("#ringing p")?.textContent ?? "");
  }
}

ring.hidden = false;
ring.addEventListener("click", async () => {
  sound ??= new AudioContext();
  await sound.resume();
  beep();
  if (window.Notification?.permission === "default") await Notification.requestPermission();
  document.getElementById("ring-hint").textContent = "It rings here now, as long as this page is open in some tab.";
  ring.hidden = true;
});

navigator.serviceWorker?.register("/worker.js").catch(() => undefined);
new MutationObserver(look).observe(document.querySelector("main"), { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ringing"] });
look();
