// Keeping up with a stand-in: its event stream, or a look every second where that does not come through.

const EVERY = 1000;

/** Calls of the returned function run one at a time; those that come meanwhile are one more at the end. */
export function oneAtATime(work) {
  let running = false;
  let again = false;
  return async function run() {
    if (running) { again = true; return; }
    running = true;
    try {
      do { again = false; await work(); } while (again);
    } finally { running = false; }
  };
}

/** Calls `changed(change)` for each change of the stream at `url` and once (with null) whenever it begins anew. */
export function follow(url, changed, standing) {
  let source = null;
  let timer = 0;
  const look = (on) => {
    clearInterval(timer);
    timer = on ? setInterval(() => changed(null), EVERY) : 0;
  };
  const open = () => {
    source = new EventSource(url);
    source.onopen = () => { look(false); standing(true); changed(null); };
    source.onmessage = (message) => changed(JSON.parse(message.data));
    source.onerror = () => {
      standing(false);
      if (!timer) look(true);
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (!document.hidden) { source.close(); open(); } }, 2000);
    };
  };
  // A browser opens six connections to one address: pages nobody looks at give theirs back.
  document.addEventListener("visibilitychange", () => {
    source.close();
    look(false);
    if (!document.hidden) open();
  });
  open();
}

/** JSON in, JSON out. Throws an Error with what the other side said. */
export async function call(method, path, body) {
  const form = body instanceof FormData;
  const answer = await fetch(path, {
    method,
    headers: body && !form ? { "content-type": "application/json" } : {},
    body: form ? body : body && JSON.stringify(body),
  });
  const text = await answer.text();
  let told = null;
  try { told = JSON.parse(text); } catch { told = text; }
  if (!answer.ok) throw new Error(told?.error ?? told?.message ?? (typeof told === "string" && told ? told : `Ответ ${answer.status}`));
  return told;
}
