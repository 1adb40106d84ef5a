// The company's side: boards with their columns, lanes and cards.

import { $, el, filled, icon, keyed, toast } from "./dom.js";
import { openCard } from "./card.js";
import { forms, hue, initials, left } from "./format.js";
import { call, follow, oneAtATime } from "./live.js";

const BASE = "/kaiten/sandbox";
const BOT = "bot"; // the user of the board whom the connector acts as

const state = { boards: [], users: [], board: null, agent: sessionStorage.getItem("agent"), known: null, news: new Set(), card: null };

export function openBoards(standing) {
  const refresh = oneAtATime(load);
  state.refresh = refresh;
  state.card = openCard({ act, agent: () => state.agent });
  $("agent").addEventListener("change", () => {
    state.agent = $("agent").value;
    sessionStorage.setItem("agent", state.agent);
  });
  let due = 0;
  follow(`${BASE}/stream`, (change) => {
    clearTimeout(due);
    due = setTimeout(refresh, change ? 30 : 0);
  }, standing);
  setInterval(tick, 1000);
}

/** Does what a person at the board does, in the name of the chosen agent; gives whether it was done. */
async function act(method, path, body) {
  try {
    await call(method, `${BASE}${path}`, { user: state.agent, ...body });
    return true;
  } catch (trouble) {
    toast(trouble.message);
    return false;
  } finally { state.refresh(); }
}

async function load() {
  let seen;
  try { seen = await call("GET", `${BASE}/board`); } catch { return; }
  state.boards = seen.spaces.flatMap((space) => space.boards);
  state.users = seen.users.filter((user) => user.name !== BOT);
  if (!state.users.some((user) => user.name === state.agent)) state.agent = state.users[0]?.name;
  filled($("agent"), state.users.map((user) => [user.name, user.full_name]), (rows) =>
    rows.map(([name, full]) => el("option", { value: name, selected: name === state.agent }, full)));
  noticeNews();
  if (!state.boards.some((board) => board.id === state.board)) state.board = (busiest() ?? state.boards[0])?.id;
  showTabs();
  showBoard();
  state.card.show(state.boards);
  tick();
}

const busiest = () => [...state.boards].sort((a, b) => b.cards.length - a.cards.length)[0];

/** A new card brings its board to the front; other changes elsewhere only mark their tab. */
function noticeNews() {
  const now = new Map();
  for (const board of state.boards) for (const card of board.cards) now.set(card.id, { board: board.id, mark: JSON.stringify(card) });
  if (state.known) {
    for (const [id, card] of now) {
      const before = state.known.get(id);
      if (!before && !state.card.isOpen()) { state.board = card.board; state.news.delete(card.board); }
      else if (before?.mark !== card.mark && card.board !== state.board) state.news.add(card.board);
    }
  }
  state.known = now;
}

function showTabs() {
  const tabs = state.boards.map((board) => ({
    id: board.id, title: board.title, count: board.cards.length, current: board.id === state.board, news: state.news.has(board.id),
  }));
  keyed($("tabs"), tabs, (tab) => tab.id, (tab) => el("button", {
    type: "button", role: "tab", id: `tab-${tab.id}`, "aria-selected": String(tab.current), "aria-controls": "board",
    tabindex: tab.current ? "0" : "-1", onclick: () => choose(tab.id), onkeydown: arrows,
  }, tab.title, el("span", { class: "count", "aria-label": forms(tab.count, "карточка", "карточки", "карточек") }, String(tab.count)), tab.news && el("i", { class: "dot" })));
  $("board").setAttribute("aria-labelledby", `tab-${state.board}`);
}

function choose(id) {
  state.board = id;
  state.news.delete(id);
  showTabs();
  showBoard();
  tick();
}

function arrows(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const at = state.boards.findIndex((board) => board.id === state.board);
  choose(state.boards[(at + step + state.boards.length) % state.boards.length].id);
  $(`tab-${state.board}`).focus();
}

/** Columns side by side; one that has subcolumns gives way to them. */
export const leaves = (board) => board.columns.flatMap((column) =>
  column.subcolumns.length ? column.subcolumns.map((inner) => ({ ...inner, outer: column.title })) : [column]);

export const placeOf = (card) => card.subcolumn_id ?? card.column_id;

function showBoard() {
  const board = state.boards.find((each) => each.id === state.board);
  if (!board) return;
  const columns = leaves(board);
  const room = $("board");
  filled(room, { id: board.id, columns, lanes: board.lanes }, () => {
    const grid = el("div", { class: "grid" },
      el("div", { class: "heads" }, ...columns.map((column) => el("h3", { class: `head type-${column.type}` }, column.outer ? el("small", {}, column.outer) : null, el("span", {}, column.title)))),
      ...board.lanes.map((lane, number) => el("section", { class: `lane lane-${number % 3}`, "aria-label": lane.title },
        el("h4", {}, lane.title),
        el("div", { class: "row" }, ...columns.map((column) => cell(column, lane))))));
    grid.style.setProperty("--columns", columns.length);
    return grid;
  });
  for (const list of room.querySelectorAll(".cell")) {
    const [column, lane] = [Number(list.dataset.column), Number(list.dataset.lane)];
    const cards = board.cards.filter((card) => placeOf(card) === column && card.lane_id === lane);
    const type = columns.find((each) => each.id === column).type;
    const fresh = keyed(list, cards.map((card) => shown(card, type)), (card) => card.id, tile);
    if (state.drawn === board.id) for (const node of fresh) node.classList.add("fresh");
  }
  state.drawn = board.id;
}

function cell(column, lane) {
  const list = el("ul", { class: "cell", "data-column": column.id, "data-lane": lane.id, "aria-label": `${column.title}, ${lane.title}` });
  list.addEventListener("dragover", (event) => { event.preventDefault(); list.classList.add("over"); });
  list.addEventListener("dragleave", () => list.classList.remove("over"));
  list.addEventListener("drop", (event) => {
    event.preventDefault();
    list.classList.remove("over");
    const id = event.dataTransfer.getData("text/plain");
    if (/^\d+$/.test(id)) act("POST", `/cards/${id}/move`, { board: state.board, column: column.id, lane: lane.id });
  });
  return list;
}

/** Of a card what its tile shows. */
function shown(card, type) {
  const responsible = card.members.find((member) => member.responsible) ?? card.members[0];
  return {
    id: card.id, title: card.title, due: card.due_date, done: type === 3, tags: card.tags, client: card.properties["Клиент"] ?? null,
    comments: card.comments.length, files: card.files.length + card.comments.reduce((sum, comment) => sum + comment.files.length, 0),
    who: responsible?.full_name ?? null, version: card.version,
  };
}

function tile(card) {
  const open = (event) => state.card.open(card.id, event.currentTarget);
  const node = el("div", {
    class: `tile ${card.done ? "done" : ""}`, role: "button", tabindex: "0", draggable: "true", "data-card": card.id, onclick: open,
    onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(event); } },
    ondragstart: (event) => { event.dataTransfer.setData("text/plain", String(card.id)); event.dataTransfer.effectAllowed = "move"; },
  },
  el("strong", {}, card.title),
  card.client || card.who ? el("span", { class: "of" }, card.client ?? "",
    card.who && el("span", { class: `face ${card.who === "Telegram" ? "bot" : hue(card.who)}`, title: `Ответственный: ${card.who}`, role: "img", "aria-label": `Ответственный: ${card.who}` }, initials(card.who))) : null,
  card.tags.length ? el("span", { class: "tags" }, ...card.tags.map((tag) => el("span", { class: "tag" }, tag.name))) : null,
  el("span", { class: "foot" },
    card.done ? el("span", { class: "due finished" }, icon("check"), "готово") : card.due ? el("span", { class: "due", "data-due": card.due }, icon("clock"), el("span", {})) : null,
    el("span", { class: "counts" },
      card.files ? el("span", { "aria-label": forms(card.files, "файл", "файла", "файлов") }, icon("clip"), String(card.files)) : null,
      card.comments ? el("span", { "aria-label": forms(card.comments, "комментарий", "комментария", "комментариев") }, icon("talk"), String(card.comments)) : null)));
  return el("li", {}, node);
}

function tick() {
  for (const node of document.querySelectorAll("[data-due]")) {
    const { text, state: how } = left(node.dataset.due);
    node.lastElementChild.textContent = text;
    if (node.dataset.state !== how) node.dataset.state = how;
  }
}
