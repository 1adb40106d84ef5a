// Where the client writes: text, files, an answer to a message, a change of an own one.

import { $, toast } from "./dom.js";
import { call } from "./live.js";

/** `path(rest)` is the address of the chat, `act(work)` does something as the client. */
export function openComposer({ path, act, blocked }) {
  const text = $("text");
  const context = { kind: null, message: null };

  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 140)}px`;
  };
  const drop = () => {
    if (context.kind === "edit") text.value = "";
    Object.assign(context, { kind: null, message: null });
    $("context").hidden = true;
    grow();
  };
  const set = (kind, message, label) => {
    drop();
    Object.assign(context, { kind, message });
    $("context-text").textContent = `${label}: ${message.text ?? "вложение"}`;
    $("context").hidden = false;
    text.focus();
  };
  const replyTo = () => (context.kind === "reply" ? context.message.message_id : undefined);

  async function send() {
    const written = text.value.trim();
    if (!written || blocked()) return;
    const { kind, message } = context;
    const body = { text: written, reply_to: replyTo() };
    text.value = "";
    drop();
    await act(async () => {
      try {
        if (kind === "edit") {
          const part = message.kind === "text" ? "text" : "caption";
          await call("PUT", path(`/messages/${message.message_id}`), { [part]: written });
        } else await call("POST", path("/messages"), body);
      } catch (trouble) {
        if (!text.value) text.value = written; // what could not be sent is not lost
        grow();
        throw trouble;
      }
    });
  }

  async function sendFile(file, kind, extra = {}) {
    const form = new FormData();
    form.set("kind", kind);
    for (const [name, value] of Object.entries(extra)) form.set(name, value);
    if (text.value.trim() && kind !== "voice") form.set("caption", text.value.trim());
    if (replyTo()) form.set("reply_to", replyTo());
    form.set("file", file, file.name);
    if (kind !== "voice") text.value = "";
    drop();
    await act(() => call("POST", path("/messages"), form));
    text.focus();
  }

  async function sendSample(name, kind, type, extra) {
    menu(false);
    const answer = await fetch(`samples/${name}`);
    if (!answer.ok) { toast("Примера нет"); return; }
    await sendFile(new File([await answer.blob()], name, { type }), kind, extra);
  }

  const menu = (open) => {
    $("attach-menu").hidden = !open;
    $("attach").setAttribute("aria-expanded", String(open));
    if (open) $("send-photo").focus();
  };

  $("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
    if (event.key === "Escape") drop();
  });
  text.addEventListener("input", grow);
  text.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) { event.preventDefault(); sendFile(file, kindOf(file)); }
  });
  $("context-drop").addEventListener("click", drop);
  $("attach").addEventListener("click", () => menu($("attach-menu").hidden));
  $("attach-menu").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { menu(false); $("attach").focus(); }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".attach")) menu(false);
  });
  $("send-photo").addEventListener("click", () => sendSample("till.jpg", "photo", "image/jpeg"));
  $("send-voice").addEventListener("click", () => sendSample("voice.oga", "voice", "audio/ogg", { duration: "3" }));
  $("pick-file").addEventListener("click", () => { menu(false); $("file").click(); });
  $("file").addEventListener("change", async () => {
    const [file] = $("file").files;
    if (file) await sendFile(file, kindOf(file));
    $("file").value = "";
  });

  return {
    reply: (message) => set("reply", message, "Ответ"),
    edit: (message) => { set("edit", message, "Изменение"); text.value = message.text ?? ""; grow(); },
    reset: () => { drop(); text.value = ""; grow(); },
    allow: (allowed) => { text.disabled = !allowed; $("attach").disabled = !allowed; },
    hint: (placeholder) => { text.placeholder = placeholder || "Сообщение"; },
  };
}

function kindOf(file) {
  if (/^image\/(jpeg|png)$/.test(file.type)) return "photo";
  if (/^audio\/(mpeg|mp4)$/.test(file.type)) return "audio";
  if (file.type === "video/mp4") return "video";
  return "document";
}
