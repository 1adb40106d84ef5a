// One card opened: everything on it, and what an agent does with it.

import { $, el, filled, icon, keyed } from "./dom.js";
import { leaves, placeOf } from "./board.js";
import { hue, initials, moment, size } from "./format.js";
import { fromMarkdown } from "./written.js";

const LARGEST = 10 * 1024 * 1024;

/** `act(method, path, body)` as the chosen agent. */
export function openCard({ act }) {
  const panel = $("card-panel");
  const state = { id: null, from: null, boards: [], picked: [] };

  function close() {
    const { id } = state;
    state.id = null;
    panel.hidden = true;
    (document.querySelector(`[data-card="${id}"]`) ?? state.from)?.focus?.();
  }

  function open(id, from) {
    Object.assign(state, { id, from, picked: [] });
    panel.replaceChildren(...skeleton(id));
    panel.hidden = false;
    show(state.boards);
    panel.querySelector(".close").focus();
    const history = panel.querySelector(".scroll");
    history.scrollTop = 0;
  }

  function skeleton(id) {
    const text = el("textarea", { rows: "2", placeholder: "Ответ клиенту", "aria-label": "Комментарий", onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
    } });
    const internal = el("input", { type: "checkbox", onchange: () => {
      form.classList.toggle("internal", internal.checked);
      text.placeholder = internal.checked ? "Заметка для коллег" : "Ответ клиенту";
    } });
    const chosen = el("span", { class: "chosen" });
    const files = el("input", { type: "file", multiple: true, hidden: true, onchange: () => {
      state.picked = [...files.files].filter((file) => file.size <= LARGEST);
      chosen.textContent = state.picked.map((file) => file.name).join(", ");
    } });
    const form = el("form", { class: "comment-form", onsubmit: async (event) => {
      event.preventDefault();
      const written = text.value.trim();
      if (!written && !state.picked.length) return;
      const body = { text: written || state.picked.map((file) => file.name).join(", "), internal: internal.checked, files: await Promise.all(state.picked.map(encoded)) };
      if (!(await act("POST", `/cards/${id}/comments`, body))) return;
      text.value = "";
      files.value = "";
      chosen.textContent = "";
      state.picked = [];
      text.focus();
    } },
    text,
    el("div", { class: "form-foot" },
      el("button", { type: "button", class: "icon", title: "Прикрепить файл", "aria-label": "Прикрепить файл", onclick: () => files.click() }, icon("clip")),
      chosen, files,
      el("label", { class: "check" }, internal, "Внутренний"),
      el("button", { type: "submit", class: "primary" }, "Отправить")));
    return [
      el("header", { class: "panel-head" },
        el("div", {}, el("p", { class: "number" }, `№ ${id}`), el("h2", { id: "card-title" })),
        el("button", { type: "button", class: "icon close", "aria-label": "Закрыть карточку", onclick: close }, icon("close"))),
      el("div", { class: "scroll" },
        el("div", { class: "places" }),
        el("div", { class: "timer" }),
        el("dl", { class: "facts" }),
        el("div", { class: "tags panel-tags" }),
        el("div", { class: "description" }),
        el("div", { class: "attachments own-files" }),
        el("h3", { class: "comments-head" }),
        el("ol", { class: "comments" })),
      form,
    ];
  }

  function show(boards) {
    state.boards = boards;
    if (state.id === null) return;
    const board = boards.find((each) => each.cards.some((card) => card.id === state.id));
    const card = board?.cards.find((each) => each.id === state.id);
    if (!card) { close(); return; }
    const part = (name) => panel.querySelector(name);
    const history = part(".scroll");
    const atEnd = history.scrollHeight - history.scrollTop - history.clientHeight < 60;
    part("#card-title").textContent = card.title;
    filled(part(".places"), [board.id, board.columns, board.lanes, placeOf(card), card.lane_id, boards.map((each) => [each.id, each.title])], () => places(board, card));
    const done = leaves(board).find((column) => column.id === placeOf(card))?.type === 3;
    filled(part(".timer"), [card.due_date, done], () => timer(card, done));
    filled(part(".facts"), [card.properties, card.members, card.owner, card.created], () => facts(card));
    filled(part(".panel-tags"), card.tags, (tags) => tags.map((tag) => el("span", { class: "tag" }, tag.name)));
    filled(part(".description"), card.description, (text) => (text ? fromMarkdown(text) : []));
    filled(part(".own-files"), card.files, (files) => files.map(attachment));
    part(".comments-head").textContent = card.comments.length ? "Переписка" : "Переписки пока нет";
    const before = part(".comments").childElementCount;
    const fresh = keyed(part(".comments"), card.comments, (comment) => comment.id, comment);
    if (before) {
      for (const node of fresh) node.classList.add("fresh");
      if (fresh.length && (atEnd || fresh.at(-1) === part(".comments").lastElementChild)) fresh.at(-1).scrollIntoView({ block: "nearest" });
    }
  }

  function places(board, card) {
    const move = (body) => act("POST", `/cards/${card.id}/move`, body);
    const here = placeOf(card);
    const lane = el("select", { "aria-label": "Дорожка", onchange: () => move({ lane: Number(lane.value) }) },
      ...board.lanes.map((each) => el("option", { value: each.id, selected: each.id === card.lane_id }, each.title)));
    const other = el("select", { "aria-label": "Доска", onchange: () => {
      const target = state.boards.find((each) => each.id === Number(other.value));
      const title = board.lanes.find((each) => each.id === card.lane_id)?.title;
      const matching = target.lanes.find((each) => each.title === title) ?? target.lanes[0];
      move({ board: target.id, column: leaves(target)[0].id, lane: matching?.id });
    } }, ...state.boards.map((each) => el("option", { value: each.id, selected: each.id === board.id }, each.title)));
    return [
      el("div", { class: "steps", role: "group", "aria-label": "Колонка" }, ...leaves(board).map((column) => el("button", {
        type: "button", class: `type-${column.type}`, "aria-pressed": String(column.id === here),
        onclick: () => { if (column.id !== here) move({ column: column.id }); },
      }, column.title))),
      el("div", { class: "pair" }, el("label", {}, "Дорожка", lane), el("label", {}, "Доска", other)),
    ];
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.id !== null && !event.target.closest?.(".side")) close();
  });
  return { open, show, isOpen: () => state.id !== null };
}

function timer(card, done) {
  if (done) return el("p", { class: "due finished large" }, icon("check"), "Готово");
  if (!card.due_date) return null;
  return el("p", { class: "deadline" },
    el("span", { class: "due large", "data-due": card.due_date }, icon("clock"), el("span", {})),
    el("small", {}, "срок ", el("time", { datetime: card.due_date }, moment(card.due_date))));
}

function facts(card) {
  const responsible = card.members.filter((member) => member.responsible).map((member) => member.full_name).join(", ");
  const others = card.members.filter((member) => !member.responsible).map((member) => member.full_name).join(", ");
  const rows = [
    ...Object.entries(card.properties).filter(([, value]) => value !== null && value !== ""),
    ["Ответственный", responsible], ["Участники", others], ["Создана", moment(card.created)],
  ];
  return rows.filter(([, value]) => value && value.length !== 0).map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, [value].flat().join(", "))));
}

function comment(each) {
  const bot = each.author.username === "telegram_bot";
  const name = each.author.full_name;
  const classes = [bot ? "from-chat" : "from-agent", each.internal && "internal"].filter(Boolean).join(" ");
  return el("li", { class: `comment ${classes}` },
    el("span", { class: `face ${bot ? "bot" : hue(name)}`, "aria-hidden": "true" }, initials(name)),
    el("div", {},
      el("header", {}, el("b", {}, name), each.internal && el("span", { class: "badge" }, icon("lock"), "внутренний"),
        el("time", { datetime: each.created }, moment(each.created)), each.edited && el("span", { class: "edited" }, "изменено")),
      el("div", { class: "said" }, ...fromMarkdown(each.text)),
      each.files.length ? el("div", { class: "attachments" }, ...each.files.map(attachment)) : null));
}

function attachment(file) {
  const url = `/kaiten/sandbox/files/${encodeURIComponent(file.id)}`;
  const mime = file.mime_type ?? "";
  if (mime.startsWith("image/")) return el("a", { href: url, target: "_blank", class: "picture" }, el("img", { src: url, alt: file.name, loading: "lazy" }));
  if (mime.startsWith("audio/")) return el("audio", { src: url, controls: true, preload: "metadata", "aria-label": file.name });
  if (mime.startsWith("video/")) return el("video", { src: url, controls: true, preload: "metadata", "aria-label": file.name });
  return el("a", { href: url, class: "file", download: file.name }, icon("file"), el("span", {}, el("b", {}, file.name), el("small", {}, size(file.size))));
}

function encoded(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, mime: file.type || "application/octet-stream", base64: reader.result.split(",")[1] ?? "" });
    reader.onerror = () => reject(new Error(`Файл ${file.name} не читается`));
    reader.readAsDataURL(file);
  });
}
