// The client's side: the chat with the bot, and everything a person can do in it.

import { $, el, filled, icon, keyed, toast } from "./dom.js";
import { openComposer } from "./composer.js";
import { hue, initials } from "./format.js";
import { call, follow, oneAtATime } from "./live.js";
import { messageNode } from "./message.js";

const BASE = "/telegram/sandbox";
const PEOPLE = [
  ["Пётр", "Ильин"], ["Ольга", "Ким"], ["Тимур", "Сафин"], ["Елена", "Дроздова"], ["Артём", "Волков"],
  ["Дарья", "Белова"], ["Руслан", "Ахметов"], ["Вера", "Зимина"],
];
const FIRST_ID = 700100;
const NEAR_END = 80;

const state = { chat: Number(sessionStorage.getItem("chat")) || null, seen: new Map(), shown: null, composer: null, atEnd: true };

const path = (rest = "") => `${BASE}/chats/${state.chat}${rest}`;
const fullName = (chat) => [chat.first_name, chat.last_name].filter(Boolean).join(" ");

export function openPhone(standing) {
  state.composer = openComposer({ path, act, blocked: () => Boolean(state.shown?.blocked) });
  $("begin").addEventListener("click", () => say("/start"));
  $("block").addEventListener("click", () => act(() => call("POST", path(state.shown?.blocked ? "/unblock" : "/block"))));
  const log = $("messages");
  let top = 0;
  log.addEventListener("scroll", () => {
    const nearEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
    if (nearEnd || log.scrollTop < top) state.atEnd = nearEnd; // only going up is leaving: messages also grow
    top = log.scrollTop;
  });
  log.addEventListener("load", toEnd, true); // a picture that has come makes its message taller
  new ResizeObserver(toEnd).observe(log);
  const refresh = oneAtATime(load);
  state.refresh = refresh;
  let due = 0;
  follow(`${BASE}/stream`, (change) => {
    if (change?.change === "call") return;
    if (change?.change === "tap_answered" && change.chat_id === state.chat && change.text) toast(change.text);
    clearTimeout(due);
    due = setTimeout(refresh, change ? 30 : 0);
  }, standing);
}

/** Does what a person does; what the stand-in refuses is told. */
async function act(work) {
  try { await work(); } catch (trouble) { toast(trouble.message); }
  state.refresh();
}

const say = (text) => act(() => call("POST", path("/messages"), { text }));

/** The newest message stays in sight, unless the person has scrolled away from it. */
function toEnd() {
  if (state.atEnd) $("messages").scrollTop = $("messages").scrollHeight;
}

async function load() {
  let chats;
  try { chats = (await call("GET", `${BASE}/chats`)).filter((each) => each.chat.type === "private"); } catch { return; }
  if (!chats.length) { await newClient(); return; }
  if (!chats.some((each) => each.chat.id === state.chat)) choose(chats[0].chat.id);
  const asked = state.chat;
  const shown = await call("GET", path()).catch(() => null);
  if (!shown || asked !== state.chat) return;
  state.shown = shown;
  showClients(chats);
  showChat(shown);
}

function choose(id) {
  if (state.chat === id) return;
  state.chat = id;
  sessionStorage.setItem("chat", id);
  state.composer.reset();
  $("messages").replaceChildren();
}

async function newClient() {
  const chats = await call("GET", `${BASE}/chats`);
  const id = Math.max(FIRST_ID, ...chats.map((each) => each.chat.id)) + 1;
  const taken = new Set(chats.map((each) => fullName(each.chat)));
  const [first_name, last_name] = PEOPLE.find((name) => !taken.has(name.join(" "))) ?? ["Клиент", String(id % 1000)];
  await act(() => call("POST", `${BASE}/users`, { id, first_name, last_name, language_code: "ru" }));
  choose(id);
}

function showClients(chats) {
  const rows = chats.map((each) => {
    if (each.chat.id === state.chat) state.seen.set(each.chat.id, each.last?.message_id ?? 0);
    return {
      id: each.chat.id, name: fullName(each.chat), current: each.chat.id === state.chat,
      unread: (each.last?.message_id ?? 0) > (state.seen.get(each.chat.id) ?? 0),
    };
  });
  keyed($("clients"), [...rows, { id: "new", many: rows.length > 1 }], (row) => row.id, (row) => {
    if (row.id === "new") {
      return el("button", {
        type: "button", class: "client add", title: "Новый клиент", "aria-label": "Новый клиент",
        onclick: () => newClient().then(() => $("text").focus()),
      }, icon("plus"), row.many ? null : "Новый клиент");
    }
    const label = row.unread ? `${row.name}, есть новое` : row.name;
    return el("button", {
      type: "button", class: "client", "aria-pressed": String(row.current), "aria-label": label,
      onclick: () => { choose(row.id); state.refresh(); },
    }, el("span", { class: `face ${hue(row.name)}`, "aria-hidden": "true" }, initials(row.name)), row.name, row.unread && el("i", { class: "dot" }));
  });
  const chosen = $("clients").querySelector("[aria-pressed=true]");
  if (chosen && chosen.dataset.key !== state.chip) {
    state.chip = chosen.dataset.key;
    chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function showChat(shown) {
  const log = $("messages");
  const before = log.childElementCount;
  $("start").hidden = shown.messages.length > 0;
  $("bot-status").textContent = shown.blocked ? "бот заблокирован" : shown.action ? "печатает…" : "бот";
  const label = shown.blocked ? "Разблокировать бота" : "Заблокировать бота";
  $("block").title = label;
  $("block").setAttribute("aria-label", label);
  $("block").setAttribute("aria-pressed", String(shown.blocked));
  $("block").hidden = !shown.opened;
  state.composer.allow(!shown.blocked);

  const byId = new Map(shown.messages.map((message) => [message.message_id, message]));
  const items = [];
  let today = "";
  for (const message of shown.messages) {
    const { raw, sender, ...item } = message;
    const day = new Date(item.date).toDateString();
    if (day !== today) { items.push({ day: item.date }); today = day; }
    const answered = byId.get(item.reply_to);
    const previous = items.at(-1);
    item.joined = previous?.from === item.from;
    item.answers = answered ? { own: answered.from === "user", text: item.quote ?? answered.text ?? "вложение" } : null;
    items.push(item);
  }
  const fresh = keyed(log, items, (item) => (item.day ? `day ${item.day}` : item.message_id), (item) => messageNode(item, {
    tap: (button, id) => act(() => call("POST", path("/taps"), { message_id: id, label: button.text, data: button.action === "callback_data" ? button.value : undefined })),
    reply: (message) => state.composer.reply(message),
    edit: (message) => state.composer.edit(message),
    react: (message, emoji) => act(() => call("POST", path(`/messages/${message.message_id}/reactions`), { emoji })),
    remove: (message) => act(() => call("DELETE", path(`/messages/${message.message_id}`))),
    command: say,
  }));
  if (!before) state.atEnd = true;
  toEnd();
  if (before) for (const node of fresh) node.classList.add("fresh");

  const rows = shown.reply_keyboard?.keyboard ?? [];
  $("keyboard").hidden = !rows.length || shown.blocked;
  filled($("keyboard"), rows, (all) => all.map((row) => el("div", { class: "keys" }, ...row.map((key) =>
    el("button", {
      type: "button", title: key.request_contact ? "Отправит ваш номер телефона" : undefined,
      onclick: () => act(() => call("POST", path("/presses"), { label: key.text })),
    }, key.text)))));
  state.composer.hint(shown.reply_keyboard?.input_field_placeholder);
}
