// Times, sizes and names as people say them.

const clock = new Intl.DateTimeFormat("ru", { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat("ru", { day: "numeric", month: "long" });
const both = new Intl.DateTimeFormat("ru", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const time = (iso) => clock.format(new Date(iso));
export const moment = (iso) => both.format(new Date(iso));

export function day(iso) {
  const at = new Date(iso);
  return at.toDateString() === new Date().toDateString() ? "Сегодня" : date.format(at);
}

/** What is left until `iso`: { text, state } with state calm, soon (an hour), or late. */
export function left(iso, now = Date.now()) {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const state = seconds < 0 ? "late" : seconds < 3600 ? "soon" : "calm";
  return { text: `${seconds < 0 ? "−" : ""}${span(Math.abs(seconds))}`, state };
}

function span(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days) return `${days} д ${hours} ч`;
  if (hours) return `${hours} ч ${two(minutes)} мин`;
  return `${minutes} мин ${two(seconds % 60)} с`;
}

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "";
  const units = ["Б", "КБ", "МБ", "ГБ"];
  let step = 0;
  let value = bytes;
  while (value >= 1024 && step < units.length - 1) { value /= 1024; step += 1; }
  return `${value >= 10 || step === 0 ? Math.round(value) : value.toFixed(1).replace(".", ",")} ${units[step]}`;
}

export const initials = (name) => name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]).join("");

/** One of eight colours of style sheets, the same for the same name. */
export function hue(name) {
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + sign.codePointAt(0)) % 997;
  return `hue-${sum % 8}`;
}

/** Words for a number: forms(2, "файл", "файла", "файлов"). */
export function forms(count, one, few, many) {
  const [tens, ones] = [count % 100, count % 10];
  const word = tens > 10 && tens < 20 ? many : ones === 1 ? one : ones > 1 && ones < 5 ? few : many;
  return `${count} ${word}`;
}
