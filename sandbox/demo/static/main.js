// The page: a client's phone on the left, the company's boards on the right, and whether both are connected.

import { $, toast } from "./dom.js";
import { openBoards } from "./board.js";
import { openPhone } from "./phone.js";

const standing = { telegram: null, kaiten: null };

function told(side, connected) {
  standing[side] = connected;
  const all = Object.values(standing);
  const state = all.includes(false) ? "lost" : all.includes(null) ? "waiting" : "fine";
  const box = $("standing");
  if (box.dataset.state === state) return;
  box.dataset.state = state;
  box.textContent = { fine: "На связи", waiting: "Соединяюсь…", lost: "Нет связи" }[state];
}

window.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  toast(event.reason instanceof TypeError ? "Демонстрация не отвечает: она ещё запущена?" : event.reason.message);
});

openPhone((connected) => told("telegram", connected));
openBoards((connected) => told("kaiten", connected));
