// A postmortem while it is written. Its saves go out one after another, each over the version that the one before has made,
// and what is put on record waits for the save under way: nobody is overtaken by their own words.

const form = document.getElementById("postmortem");
const PATIENCE_MS = 10_000;
let isSaving = false, isLeaving = false, pressed;

form.addEventListener("htmx:before:request", (event) => {
  if (isLeaving) return event.preventDefault();
  isSaving = true;
  event.detail.ctx.request.body = new URLSearchParams(new FormData(form));  // as it is now: it may have waited for another
});

form.addEventListener("htmx:finally:request", (event) => {
  const button = pressed;
  isSaving = false;
  pressed = undefined;
  if (button && event.detail.ctx.response) form.requestSubmit(button);  // with no answer the page stays, and its words
});

form.addEventListener("submit", (event) => {
  if (!isLeaving && !isSaving) {
    isLeaving = true;
    setTimeout(stay, PATIENCE_MS);
    return;
  }
  event.preventDefault();
  if (isSaving) pressed = event.submitter;  // otherwise it was pressed twice, and is on its way
});

// Whoever still writes here has not left, nor has who comes back to the page, or waits for it in vain.
function stay() { isLeaving = false; }
form.addEventListener("input", stay);
addEventListener("pageshow", stay);
