// Words that were typed and not saved are not lost by a click too many.
"use strict";

let typed = false;
for (const form of document.querySelectorAll("form[enctype]")) {
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
}
addEventListener("beforeunload", (e) => { if (typed) e.preventDefault(); });
