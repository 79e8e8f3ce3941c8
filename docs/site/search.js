// The search of the manual's site: looks through search-index.js, which is loaded when the field is first used. No server,
// works from file:// as well. "/" goes to the field, arrows and Enter choose, Escape leaves.

const field = document.getElementById("search");
const list = document.getElementById("found");
const { root } = document.currentScript.dataset;
const MOST_SHOWN = 20;
const SHOWN_CHARACTERS = 120;
/** Shown before what was found. */
const LEAD_CHARACTERS = 30;

/** Entries [address, page, heading, text], and the same in lower case; null = not loaded yet. */
let index = null;
let chosen = -1;

// On a wide screen the pages are a column; on a phone they are folded.
const pages = document.querySelector(".pages");
const wide = matchMedia("(min-width: 60rem)");
const unfold = () => {
  pages.open = wide.matches;
};
wide.addEventListener("change", unfold);
unfold();
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest" });

field.addEventListener("focus", load, { once: true });
field.addEventListener("input", show);
field.addEventListener("keydown", (event) => {
  const links = [...list.querySelectorAll("a")];
  if (event.key === "Escape") {
    field.value = "";
    show();
    field.blur();
  } else if (event.key === "Enter") {
    (links[chosen] ?? links[0])?.click();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(Math.max(-1, Math.min(links.length - 1, chosen + (event.key === "ArrowDown" ? 1 : -1))));
  }
});
document.addEventListener("keydown", (event) => {
  const isTyping = /^(?:INPUT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  field.focus();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("search")) hide();
});
list.addEventListener("click", hide);

function load() {
  const script = document.createElement("script");
  script.src = `${root}search-index.js`;
  script.onload = () => {
    index = globalThis.searchIndex.map((entry) => ({
      entry,
      page: entry[1].toLowerCase(),
      heading: entry[2].toLowerCase(),
      text: entry[3].toLowerCase(),
    }));
    show();
  };
  document.head.append(script);
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (index === null || words.length === 0) {
    hide();
    return;
  }
  const found = index
    .map((item) => ({ item, score: scoreOf(item, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_SHOWN);
  list.replaceChildren(...found.map(({ item }, at) => line(item, words[0], at)));
  if (found.length === 0) {
    const nothing = document.createElement("li");
    nothing.textContent = "Nothing was found.";
    list.append(nothing);
  }
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
  choose(-1);
}

/** Every word has to be there; it counts more in a heading, and most as the heading's beginning. */
function scoreOf({ page, heading, text }, words) {
  let score = 0;
  for (const word of words) {
    const name = heading === "" ? page : heading;
    let found = 0;
    if (name === word) found = 100;
    else if (name.endsWith(`.${word}`)) found = 60;
    else if (name.startsWith(word)) found = 40;
    else if (name.includes(word)) found = 20;
    else if (page.includes(word)) found = 5;
    if (text.includes(word)) found += 2;
    if (found === 0) return 0;
    score += found;
  }
  return score;
}

/** From the word before, so that none is cut at the beginning; what is too long the style sheet cuts. */
function excerptOf(text, at) {
  if (at <= LEAD_CHARACTERS) return text.slice(0, SHOWN_CHARACTERS);
  const from = text.indexOf(" ", at - LEAD_CHARACTERS) + 1;
  const start = from > 0 && from <= at ? from : at;
  return `… ${text.slice(start, start + SHOWN_CHARACTERS)}`;
}

function line({ entry: [address, page, heading, text], text: lower }, word, at) {
  const link = document.createElement("a");
  link.href = root + address;
  link.tabIndex = -1;
  const name = document.createElement("b");
  name.textContent = heading === "" ? page : heading;
  const where = heading === "" ? "" : ` · ${page}`;
  const excerpt = document.createElement("small");
  excerpt.textContent = excerptOf(text, lower.indexOf(word));
  link.append(name, where, excerpt);
  const item = document.createElement("li");
  item.role = "option";
  item.id = `found-${at}`;
  item.append(link);
  return item;
}

function choose(at) {
  chosen = at;
  for (const [i, item] of [...list.children].entries()) {
    item.setAttribute("aria-selected", String(i === at));
    if (i === at) item.scrollIntoView({ block: "nearest" });
  }
  if (at < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", `found-${at}`);
}

function hide() {
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
}
