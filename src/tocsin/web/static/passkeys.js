// Passkeys: the browser asks the authenticator, and its answer leaves in the page's own form, as a password does.

const AGAIN_MS = 4 * 60 * 1000; // a challenge is good for five minutes
const SAID = {
  NotAllowedError: "Nothing was chosen, or it took too long. Try again, or take another way.",
  InvalidStateError: "This device holds a passkey of yours for this server already.",
  ConstraintError: "This device can't check that it is you: it takes a fingerprint, a face or a PIN.",
  NotSupportedError: "This device can't make a passkey that this server takes.",
  UnknownError: "The device could not do it. Try again, or take another device.",
};
const form = document.querySelector("form[data-passkey]");
const said = form?.querySelector(".said");
const button = form?.querySelector("button");
let waiting, timer; // what the browser offers in the field of the address, until the button is pressed

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (it) => it.charCodeAt(0));

function text(buffer) {
  const raw = Array.from(new Uint8Array(buffer), (it) => String.fromCharCode(it)).join("");
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// By hand: not every browser that has passkeys has parseCreationOptionsFromJSON and toJSON.
function read(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const it of options.excludeCredentials ?? []) it.id = bytes(it.id);
  return options;
}

function written(credential) {
  const it = credential.response, response = { clientDataJSON: text(it.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (it[name]) response[name] = text(it[name]);
  }
  return JSON.stringify({ id: credential.id, type: credential.type, response });
}

async function asked() {
  const isNew = form.dataset.passkey === "create";
  const answer = await fetch(isNew ? "/account/passkeys/options" : "/signin/passkey", {
    method: isNew ? "POST" : "GET",
    headers: { Accept: "application/json" },
    body: isNew ? new URLSearchParams(new FormData(form)) : undefined,
    redirect: "error",
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  return read(told);
}

function send(credential) {
  form.elements.credential.value = written(credential);
  form.elements.present?.removeAttribute("name"); // it was asked for already
  form.submit();
}

function say(error) {
  const isAway = error instanceof TypeError || error instanceof SyntaxError;
  const words = isAway ? "The server can't be reached. Try again." : (SAID[error.name] ?? `${error.message}.`);
  said.textContent = words.charAt(0).toUpperCase() + words.slice(1);
  button.disabled = false;
  button.focus();
}

async function press(event) {
  event.preventDefault();
  said.textContent = "";
  button.disabled = true;
  stop();
  try {
    const publicKey = await asked();
    send(await (form.dataset.passkey === "create" ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey })));
  } catch (error) {
    say(error);
    offer();
  }
}

function stop() {
  clearTimeout(timer);
  waiting?.abort();
  waiting = undefined;
}

// Among what the browser offers for the field of the address; nothing is said of it unless somebody chooses one.
async function offer() {
  if (form.dataset.passkey !== "get" || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  stop();
  const mine = (waiting = new AbortController());
  timer = setTimeout(offer, AGAIN_MS);
  try {
    send(await navigator.credentials.get({ publicKey: await asked(), mediation: "conditional", signal: mine.signal }));
  } catch {
    // Aborted, or the server is away: the button is still there.
  }
}

function begin() {
  if (!form || !window.PublicKeyCredential) return;
  form.hidden = false;
  if (location.origin !== form.dataset.origin) {
    button.disabled = true;
    said.textContent = `Passkeys of this server work at ${form.dataset.origin} alone: open it there.`;
    return;
  }
  form.addEventListener("submit", press);
  offer();
}

begin();
