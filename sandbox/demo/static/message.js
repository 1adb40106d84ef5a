// One message of the chat.

import { el, icon } from "./dom.js";
import { day, size, time } from "./format.js";
import { fromEntities } from "./written.js";

const KINDS = { voice: "Голосовое сообщение", audio: "Аудио", video: "Видео", video_note: "Видеосообщение", sticker: "Стикер" };

/** `does`: tap, reply, edit, react, remove, command, each called when the person does that. */
export function messageNode(message, does) {
  if (message.day) return el("p", { class: "day" }, el("span", {}, day(message.day)));
  const own = message.from === "user";
  const classes = ["message", own ? "own" : "bots", message.joined && "joined", message.deleted && "deleted"];
  const reactions = [...message.reactions.bot, ...message.reactions.user];
  const bubble = el("div", { class: `bubble ${message.file && message.kind === "photo" ? "pictured" : ""}` },
    message.answers && el("div", { class: "quoted" }, el("b", {}, message.answers.own ? "Вы" : "Поддержка"), el("span", {}, message.answers.text)),
    message.forward_origin && el("div", { class: "forwarded" }, "Переслано"),
    message.deleted ? el("p", { class: "gone" }, "Сообщение удалено") : content(message, does),
    el("footer", {},
      reactions.length ? el("span", { class: "reactions", "aria-label": `Реакции: ${reactions.join(" ")}` }, ...reactions.map((emoji) => el("span", {}, emoji))) : null,
      el("span", { class: "when" }, message.edited && !message.deleted ? "изменено " : "", el("time", { datetime: message.date }, time(message.date)))),
  );
  const rows = message.deleted ? [] : message.buttons;
  return el("article", { class: classes.filter(Boolean).join(" "), "aria-label": own ? "Вы" : "Поддержка" },
    el("div", { class: "line" }, bubble, message.deleted ? null : tools(message, own, does)),
    rows.length ? el("div", { class: "inline" }, ...rows.map((row) => el("div", { class: "keys" }, ...row.map((button) => key(button, message, does))))) : null,
  );
}

function key(button, message, does) {
  if (button.action === "url" && /^https?:/i.test(button.value)) {
    return el("a", { href: button.value, target: "_blank", rel: "noopener noreferrer" }, button.text);
  }
  return el("button", { type: "button", onclick: () => does.tap(button, message.message_id) }, button.text);
}

function tools(message, own, does) {
  const liked = message.reactions.user.includes("👍");
  const tool = (name, label, work) => el("button", { type: "button", class: "icon", title: label, "aria-label": label, onclick: work }, typeof name === "string" && name.length > 2 ? icon(name) : name);
  return el("div", { class: "tools" },
    tool("reply", "Ответить", () => does.reply(message)),
    own && (message.kind === "text" || message.text) ? tool("edit", "Изменить", () => does.edit(message)) : null,
    own ? null : tool("👍", liked ? "Убрать реакцию" : "Поставить 👍", () => does.react(message, liked ? null : "👍")),
  );
}

function content(message, does) {
  const nodes = [];
  const file = message.file;
  if (file) nodes.push(attachment(message.kind, `/telegram${file.url}`, file));
  if (message.kind === "location" || message.kind === "venue") nodes.push(el("p", {}, "📍 Местоположение"));
  if (message.kind === "contact") nodes.push(el("p", {}, `👤 ${message.content.first_name ?? ""} ${message.content.phone_number}`));
  if (message.kind === "dice") nodes.push(el("p", { class: "large" }, `${message.content.emoji} ${message.content.value}`));
  if (message.text) nodes.push(el("p", { class: "text" }, ...fromEntities(message.text, message.entities, does.command)));
  return nodes;
}

function attachment(kind, url, file) {
  const label = `${KINDS[kind] ?? file.name}${file.size ? `, ${size(file.size)}` : ""}`;
  if (kind === "photo" || file.mime === "image/webp" || file.mime === "image/gif") {
    const ratio = file.width && file.height ? { width: file.width, height: file.height } : {};
    return el("a", { href: url, target: "_blank", class: "picture" }, el("img", { src: url, alt: "Фото", ...ratio }));
  }
  if (kind === "voice" || kind === "audio") return el("audio", { src: url, controls: true, preload: "metadata", "aria-label": label });
  if (kind === "video" || kind === "animation" || kind === "video_note") return el("video", { src: url, controls: true, preload: "metadata", "aria-label": label });
  return el("a", { href: url, class: "file", download: file.name }, icon("file"), el("span", {}, el("b", {}, file.name), el("small", {}, size(file.size))));
}
