// The live numbers: an element with data-live is fetched anew every few seconds
// and put in its own place. All else on these pages works without this file.
"use strict";

const every = 2000; // ms between two looks
const patient = 15000; // ms, when the server does not answer or nobody looks

function watch(part) {
  let wait = every;
  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.live, { headers: { Accept: "text/html" }, credentials: "same-origin", redirect: "error" });
        if (answer.status === 204) return; // it has ended: what is shown stays
        if (!answer.ok) throw new Error(String(answer.status));
        put(part, await answer.text());
        wait = every;
        stale(part, false);
      } catch {
        wait = patient;
        stale(part, true);
      }
    }
    setTimeout(look, document.hidden ? patient : wait);
  }
  setTimeout(look, wait);
}

// put replaces what is inside, piece by piece where the pieces have names: what has
// not changed stays, so that no button goes away under a finger.
function put(part, html) {
  const next = new DOMParser().parseFromString(html, "text/html").body;
  const pieces = [...next.children], old = [...part.children];
  if (pieces.length !== old.length || pieces.some((p, i) => !p.id || p.id !== old[i].id)) return change(part, next.childNodes);
  pieces.forEach((p, i) => { if (!alike(old[i], p)) change(old[i], p.childNodes); });
}

// alike says whether a piece shows what another does; what a person has opened does not count.
function alike(shown, next) {
  const one = shown.cloneNode(true);
  for (const details of one.querySelectorAll("details[open]")) details.removeAttribute("open");
  return one.isEqualNode(next);
}

// change replaces what is inside, unless a person is in the middle of something there.
function change(part, nodes) {
  const at = document.activeElement;
  if (at && at !== document.body && part.contains(at) && at.matches("input, textarea, select")) return;
  const path = at && part.contains(at) && at.id ? at.id : "";
  const open = [...part.querySelectorAll("details[open][id]")].map((d) => d.id);
  part.replaceChildren(...nodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (path) document.getElementById(path)?.focus();
}

function stale(part, is) {
  part.classList.toggle("stale", is);
  const word = document.getElementById("stale");
  if (word) word.hidden = !is;
}

for (const part of document.querySelectorAll("[data-live]")) watch(part);

// A copy button beside a text that is to be pasted elsewhere.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const from = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(from.value ?? from.textContent);
    const was = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = was; }, every);
  });
}
