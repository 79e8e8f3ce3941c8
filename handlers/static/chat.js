/**
 * The chat of the page. handlers/chat.ts is its other end, and says what goes over the connection.
 *
 * It keeps the id of the last message of each room. A connection that is lost is made again, after a pause that grows; the
 * room is entered with that id, and what was missed comes first. What was said meanwhile stands there dashed, and is sent
 * then: a message is known again by its key, so that none is said twice.
 */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

const element = (id) => document.getElementById(id);
const me = element("me").dataset.id;
const log = element("chat-log");
const hint = element("chat-hint");
const field = element("chat-text");
const buttons = [...document.querySelectorAll(".room")];
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });

/** What is known of each room: its list, the id of its last message, what is not confirmed yet. */
const rooms = new Map(
  buttons.map(({ dataset: { room } }) => [
    room,
    { list: document.createElement("ol"), lastId: null, lastBy: null, pending: new Map() },
  ]),
);

let current = rememberedRoom();
let socket = null;
let isEntered = false;
let failures = 0;
let retry = 0;
let retryAtMs = 0;

// The connection.

function connect() {
  clearInterval(retry);
  socket?.close();
  show("waiting", "connecting");
  const address = new URL("/chat", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const mine = new WebSocket(address);
  socket = mine;
  mine.onopen = enter;
  mine.onmessage = ({ data }) => {
    if (socket === mine) take(JSON.parse(data));
  };
  mine.onclose = () => {
    if (socket === mine) lost();
  };
}

function lost() {
  socket = null;
  isEntered = false;
  // Half of the pause is random: a thousand clients of a server that comes back do not come at once.
  const pauseMs =
    Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (1 - Math.random() / 2);
  failures++;
  retryAtMs = Date.now() + pauseMs;
  clearInterval(retry);
  retry = setInterval(tick, 250);
  tick();
}

function tick() {
  const leftMs = retryAtMs - Date.now();
  if (leftMs <= 0) connect();
  else show("bad", `reconnecting in ${Math.ceil(leftMs / 1000)} s`);
}

function hurry() {
  if (socket === null) connect();
}

function send(command) {
  socket?.send(JSON.stringify(command));
}

function show(state, text) {
  const status = element("chat-state");
  status.dataset.state = state;
  // A screen reader is not to count the seconds.
  if (status.textContent !== text) status.textContent = text;
}

// What comes.

function take(message) {
  if (message.kind === "message") said(message);
  else if (message.kind === "entered") entered(message);
  else if (message.kind === "members") showMembers(message.members);
  else if (message.kind === "refused") refused(message);
}

function entered({ room, members, isComplete }) {
  if (room !== current) return;
  failures = 0;
  isEntered = true;
  const { list, pending, lastId } = rooms.get(room);
  if (!isComplete && lastId !== null)
    list.append(note("gap", "Some messages may be missing here."));
  if (list.children.length === 0) list.append(note("empty", "Nobody has said anything yet."));
  for (const [key, { text }] of pending) send({ kind: "say", text, key });
  show("good", "connected");
  showMembers(members);
  toEnd();
}

function said({ id, room, from, text, atMs, key }) {
  const state = rooms.get(room);
  const isOwn = from.id === me;
  state.lastId = id;
  if (isOwn && state.pending.has(key)) {
    state.pending.get(key).item.remove();
    state.pending.delete(key);
  }
  state.list.querySelector(".empty")?.remove();
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const item = bubble({ text, isOwn, by: `${isOwn ? "You" : from.name}, ${clock.format(atMs)}` });
  if (state.lastBy !== from.id) item.classList.add("first");
  state.lastBy = from.id;
  // Behind what is confirmed, before what is not.
  const firstPending = state.pending.values().next().value?.item ?? null;
  state.list.insertBefore(item, firstPending);
  if (isAtEnd || isOwn) toEnd();
}

function refused({ key, reason }) {
  const { pending } = rooms.get(current);
  hint.textContent = `Not sent: ${reason}.`;
  const known = pending.get(key);
  if (known === undefined) return;
  known.item.remove();
  pending.delete(key);
  if (field.value === "") field.value = known.text;
}

function showMembers(members) {
  const names = members.filter(({ id }) => id !== me).map(({ name }) => name);
  const others = names.length === 0 ? "Nobody else is here" : names.join(", ");
  element("chat-members").textContent = names.length === 0 ? others : `Here with you: ${others}`;
}

// What is done.

function enter() {
  isEntered = false;
  send({ kind: "enter", room: current, since: rooms.get(current).lastId });
}

function choose(room) {
  current = room;
  sessionStorage.setItem("room", room);
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.room === room));
  }
  field.placeholder = `Say something in ${room}`;
  log.replaceChildren(rooms.get(room).list);
  hint.textContent = "";
  if (socket?.readyState === WebSocket.OPEN) enter();
}

function say(text) {
  const { list, pending } = rooms.get(current);
  const key = Math.random().toString(36).slice(2);
  const item = bubble({ text, isOwn: true, by: "You" });
  item.classList.add("pending");
  list.querySelector(".empty")?.remove();
  list.append(item);
  pending.set(key, { text, item });
  if (isEntered) send({ kind: "say", text, key });
  toEnd();
}

// The list.

function bubble({ text, isOwn, by }) {
  const item = document.createElement("li");
  item.className = isOwn ? "own" : "";
  const [name, words] = [document.createElement("span"), document.createElement("span")];
  name.className = "by";
  name.textContent = by;
  words.className = "text";
  words.textContent = text;
  item.append(name, words);
  return item;
}

function note(className, text) {
  const item = document.createElement("li");
  item.className = className;
  item.textContent = text;
  return item;
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function rememberedRoom() {
  const room = sessionStorage.getItem("room");
  return rooms.has(room) ? room : buttons[0].dataset.room;
}

for (const button of buttons) button.onclick = () => choose(button.dataset.room);

element("chat-form").onsubmit = (event) => {
  event.preventDefault();
  hint.textContent = "";
  const text = field.value.trim();
  field.value = "";
  if (text !== "") say(text);
};

addEventListener("online", hurry);
addEventListener("offline", () => socket?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) hurry();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) hurry();
});

choose(current);
connect();
