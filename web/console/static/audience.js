// The numbers beside the ticks follow each tick; the button does the same without
// this file.
"use strict";

for (const form of document.querySelectorAll("form[data-count]")) {
  const into = document.getElementById(form.dataset.into);
  let last = 0;
  form.addEventListener("change", async () => {
    const mine = ++last;
    const ticks = new URLSearchParams(new FormData(form));
    ticks.delete("form");
    const answer = await fetch(form.dataset.count + "?" + ticks, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok || mine !== last) return; // a later tick is already asked for
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    into.replaceChildren(...next.body.childNodes);
  });
}
