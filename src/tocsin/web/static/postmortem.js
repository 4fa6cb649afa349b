// A postmortem while it is written. Its saves go out one after another, each over the version that the one before has made,
// and what is put on record waits for the save under way: nobody is overtaken by their own words.

const form = document.getElementById("postmortem");
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
  isLeaving = !isSaving;
  if (isLeaving) return;
  event.preventDefault();
  pressed = event.submitter;
});

form.addEventListener("input", () => { isLeaving = false; });  // whoever still writes here has not left
