// Building elements. Text only ever enters as text nodes, so nothing a person writes can become markup.

const SVG = "http://www.w3.org/2000/svg";
const marks = new WeakMap();

export const $ = (id) => document.getElementById(id);

/** An element with attributes (`on…` listens, `class`, `data-…`) and children; null children are left out. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** One of the symbols that stand in index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Shows `items` as the children of `parent`; only what changed is built anew. Gives the new nodes. */
export function keyed(parent, items, key, build) {
  const standing = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const fresh = [];
  let before = null;
  for (const item of items) {
    const name = String(key(item));
    const mark = JSON.stringify(item);
    let node = standing.get(name);
    standing.delete(name);
    if (!node || marks.get(node) !== mark) {
      const built = build(item, node);
      built.dataset.key = name;
      marks.set(built, mark);
      if (node) {
        const focused = node.contains(document.activeElement);
        node.replaceWith(built);
        if (focused) (built.matches("[tabindex]") ? built : built.querySelector("button,[tabindex]"))?.focus();
      }
      node = built;
      fresh.push(node);
    }
    const place = before ? before.nextElementSibling : parent.firstElementChild;
    if (place !== node) parent.insertBefore(node, place);
    before = node;
  }
  for (const node of standing.values()) node.remove();
  return fresh;
}

/** Fills `parent` with what `build` gives, when `value` is not what it was filled with last. */
export function filled(parent, value, build) {
  const mark = JSON.stringify(value);
  if (marks.get(parent) === mark) return;
  marks.set(parent, mark);
  const reachable = () => [...parent.querySelectorAll("button, select, a[href], [tabindex]")];
  const focused = reachable().indexOf(document.activeElement);
  parent.replaceChildren(...[build(value)].flat().filter(Boolean));
  if (focused >= 0) reachable()[focused]?.focus(); // whoever works by keyboard stays where they were
}

export function toast(text) {
  const box = $("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { box.hidden = true; }, 6000);
}
