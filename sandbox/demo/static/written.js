// Marked-up text as nodes: Telegram's entities and the Markdown of a board, never through HTML.

import { el } from "./dom.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

/** A link, if its address is one that only opens a page or a letter; else the words alone. */
export function link(address, ...words) {
  const safe = /^(https?:|mailto:|tel:)/i.test(address.trim());
  return safe ? el("a", { href: address.trim(), target: "_blank", rel: "noopener noreferrer" }, ...words) : el("span", {}, ...words);
}

/** `entities` as the Bot API gives them: offsets in UTF-16 units, as JavaScript counts. */
export function fromEntities(text, entities, oncommand) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const build = (start, end, inside) => {
    const nodes = [];
    let at = start;
    while (inside.length) {
      const [entity, ...rest] = inside;
      const stop = Math.min(entity.offset + entity.length, end);
      if (entity.offset < at) { inside = rest; continue; }
      nodes.push(text.slice(at, entity.offset));
      const within = rest.filter((other) => other.offset < stop);
      nodes.push(dress(entity, build(entity.offset, stop, within), text.slice(entity.offset, stop)));
      inside = rest.filter((other) => other.offset >= stop);
      at = stop;
    }
    nodes.push(text.slice(at, end));
    return nodes.filter((node) => node !== "");
  };
  const dress = (entity, nodes, plain) => {
    switch (entity.type) {
      case "text_link": return link(entity.url, ...nodes);
      case "url": return link(/^\w+:/.test(plain) ? plain : `https://${plain}`, ...nodes);
      case "email": return link(`mailto:${plain}`, ...nodes);
      case "phone_number": return link(`tel:${plain}`, ...nodes);
      case "bot_command": return el("button", { type: "button", class: "command", onclick: () => oncommand(plain) }, ...nodes);
      case "spoiler": return el("span", { class: "spoiler" }, ...nodes);
      default: return el(TAGS[entity.type] ?? "span", {}, ...nodes);
    }
  };
  return build(0, text.length, sorted);
}

const INLINE = /`([^`\n]+)`|\*\*([^*]+?)\*\*|\[([^\]\n]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>()]+)|\*([^*\s][^*\n]*?)\*/g;

function inline(line) {
  const nodes = [];
  let at = 0;
  for (const found of line.matchAll(INLINE)) {
    const [whole, code, bold, words, address, bare, italic] = found;
    nodes.push(line.slice(at, found.index));
    if (code !== undefined) nodes.push(el("code", {}, code));
    else if (bold !== undefined) nodes.push(el("strong", {}, ...inline(bold)));
    else if (words !== undefined) nodes.push(link(address, words));
    else if (bare !== undefined) nodes.push(link(bare, bare));
    else nodes.push(el("em", {}, ...inline(italic)));
    at = found.index + whole.length;
  }
  nodes.push(line.slice(at));
  return nodes.filter((node) => node !== "");
}

/** As much Markdown as agents and the connector write: bold, italic, code, links, quotes, rules, fenced blocks. */
export function fromMarkdown(text) {
  const blocks = [];
  for (const [number, piece] of text.split(/^```[^\n]*\n?/m).entries()) {
    if (number % 2) { blocks.push(el("pre", {}, piece.replace(/\n$/, ""))); continue; }
    for (const paragraph of piece.split(/\n{2,}/)) {
      const lines = paragraph.split("\n").filter((line, index, all) => line.trim() || (index && index < all.length - 1));
      if (!lines.some((line) => line.trim())) continue;
      if (lines.length === 1 && /^\s*(-{3,}|\*{3,})\s*$/.test(lines[0])) { blocks.push(el("hr")); continue; }
      const quote = lines.every((line) => line.startsWith(">"));
      const shown = quote ? lines.map((line) => line.replace(/^>\s?/, "")) : lines;
      const nodes = shown.flatMap((line, index) => (index ? [el("br"), ...inline(line)] : inline(line)));
      blocks.push(el(quote ? "blockquote" : "p", {}, ...nodes));
    }
  }
  return blocks;
}
