// Passkeys: a form with data-passkey asks the browser for one, puts the answer
// into itself and is sent as any other form. Where the browser has no passkeys
// the button stays hidden.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// question is what the server asks, as the browser wants it (WebAuthn, §5.1.8 and §5.1.9).
function question(form) {
  const { publicKey } = JSON.parse(form.dataset.options);
  publicKey.challenge = bytes(publicKey.challenge);
  for (const list of [publicKey.allowCredentials, publicKey.excludeCredentials]) {
    for (const credential of list ?? []) credential.id = bytes(credential.id);
  }
  if (publicKey.user) {
    publicKey.user.id = bytes(publicKey.user.id);
    const name = form.elements.email?.value || publicKey.user.name;
    publicKey.user.name = name;
    publicKey.user.displayName = form.elements.name?.value || name;
  }
  return { publicKey };
}

// answer is what the passkey says, as the server wants it (§5.1).
function answer(credential) {
  const said = credential.response;
  const response = { clientDataJSON: text(said.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (said[part]) response[part] = text(said[part]);
  }
  if (said.getTransports) response.transports = said.getTransports();
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults() });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button[data-ask]");
  if (!window.PublicKeyCredential || !button) continue;
  for (const part of form.querySelectorAll("[data-script]")) part.hidden = false;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const create = form.dataset.passkey === "create";
    for (const field of form.querySelectorAll("[data-named]")) if (!field.reportValidity()) return;
    try {
      const credential = await (create ? navigator.credentials.create(question(form)) : navigator.credentials.get(question(form)));
      form.elements.answer.value = answer(credential);
    } catch {
      const failed = form.querySelector("[data-failed]");
      failed.hidden = false;
      failed.focus();
      return;
    }
    form.submit(); // a password that is not filled in holds nobody up
  });
}
