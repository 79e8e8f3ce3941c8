/**
 * The long poll of the page: a request that waits, and when it is answered the next one. handlers/comet.ts answers.
 *
 * A window that nobody sees does not wait: a browser has six connections to a server, for all of its windows.
 */

const SHOWN_POSTS = 5;
const PAUSE_MS = 2_000;

const element = (id) => document.getElementById(id);
const state = element("comet-state");
const list = element("comet-posts");
const field = element("comet-text");

let lastId = null;
let waitingSinceMs = 0;
let waiting = null;

async function wait() {
  const controller = new AbortController();
  waiting?.abort();
  waiting = controller;
  waitingSinceMs = performance.now();
  while (waiting === controller) {
    try {
      const query = lastId === null ? "" : `?after=${lastId}`;
      const response = await fetch(`/comet${query}`, { signal: controller.signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
      // 204: it has waited long enough, and asks again.
      if (response.status === 200) take(await response.json());
    } catch {
      if (waiting !== controller) return;
      show("bad", "the server is away");
      waitingSinceMs = 0;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      waitingSinceMs = performance.now();
    }
  }
}

function take({ id, text }) {
  const seconds = (performance.now() - waitingSinceMs) / 1000;
  lastId = id;
  waitingSinceMs = performance.now();
  const item = document.createElement("li");
  const [words, waited] = [document.createElement("span"), document.createElement("small")];
  words.className = "words";
  words.textContent = text;
  waited.textContent = `waited ${seconds.toFixed(1)} s`;
  item.append(words, waited);
  list.prepend(item);
  while (list.children.length > SHOWN_POSTS) list.lastChild.remove();
}

function show(name, text) {
  state.dataset.state = name;
  state.textContent = text;
}

function tick() {
  if (waiting === null || waitingSinceMs === 0) return;
  const seconds = Math.floor((performance.now() - waitingSinceMs) / 1000);
  show("good", `waiting for ${seconds} s`);
}

element("comet-form").onsubmit = async (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (text === "") return;
  field.value = "";
  try {
    const body = new URLSearchParams({ text });
    const response = await fetch("/comet", { method: "POST", body });
    if (!response.ok) throw new Error(`status ${response.status}`);
  } catch {
    show("bad", "it was not taken");
    field.value = text;
  }
};

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    wait();
    return;
  }
  const gone = waiting;
  waiting = null;
  gone?.abort();
  show("waiting", "paused");
});

setInterval(tick, 500);
if (!document.hidden) wait();
