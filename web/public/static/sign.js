// What is better with a script on the pages of the petition: the work that shows that no
// machine signs, buttons that copy and print, a code in the fragment of the address. All
// else works without this file.
"use strict";

const form = document.getElementById("form");
if (form && window.Worker && !form.elements.work.value) {
  const worker = new Worker("/sign/work.js");
  let waits = null;
  worker.onmessage = ({ data }) => {
    form.elements.work.value = data;
    if (waits) form.requestSubmit(waits.by);
  };
  worker.onerror = () => { // the server then asks for an address instead
    form.elements.work.value = "-";
    if (waits) form.requestSubmit(waits.by);
  };
  worker.postMessage({ token: form.dataset.form, bits: Number(form.dataset.bits) });
  form.addEventListener("submit", (e) => {
    if (form.elements.work.value) return;
    e.preventDefault();
    waits = { by: e.submitter };
    document.getElementById("wait").textContent = form.dataset.wait;
  });
}
document.getElementById("wrong")?.focus();

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

const asks = document.getElementById("code-form");
if (asks && location.hash.length > 1) {
  asks.elements.code.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search); // no code stays in the history
}
