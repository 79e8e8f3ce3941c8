/**
 * The upload of the page: the form is sent with a bar that shows how far it is, and the list of uploads is kept fresh.
 * handlers/uploads.ts takes it. XMLHttpRequest and not fetch(): it alone tells how much has been sent.
 */

const REFRESH_MS = 20_000;

const element = (id) => document.getElementById(id);
const form = element("upload-form");
const field = element("upload-file");
const button = element("upload-send");
const bar = element("upload-bar");
const hint = element("upload-hint");
const list = element("upload-files");

let request = null;

function send() {
  const sending = new XMLHttpRequest();
  request = sending;
  const startMs = performance.now();
  sending.upload.onprogress = ({ loaded, total }) => {
    const percent = total === 0 ? 0 : Math.floor((loaded / total) * 100);
    const rate = loaded / ((performance.now() - startMs) / 1000);
    bar.value = percent;
    element("upload-percent").textContent = `${percent} %, ${sizeOf(rate)}/s`;
  };
  sending.onload = () => {
    if (sending.status === 201) {
      field.value = "";
      show(JSON.parse(sending.responseText).files);
      end("");
    } else {
      end(sending.status === 413 ? "That file is too large: at most 64 MiB." : sending.statusText);
    }
  };
  // The server says why before it closes, but a browser that is still sending may not hear it.
  sending.onerror = () => end("The upload was broken off.");
  sending.onabort = () => end("Cancelled.");
  bar.value = 0;
  element("upload-percent").textContent = "0 %";
  element("upload-progress").hidden = false;
  button.disabled = true;
  hint.textContent = "";
  sending.open("POST", form.action);
  sending.setRequestHeader("Accept", "application/json");
  sending.send(new FormData(form));
}

function end(problem) {
  request = null;
  element("upload-progress").hidden = true;
  button.disabled = false;
  hint.textContent = problem;
}

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch("/uploads");
    show((await response.json()).files);
  } catch {
    // The next time, perhaps.
  }
}

function show(files) {
  list.replaceChildren(
    ...files.map(({ id, name, bytes, leftMs }) => {
      const item = document.createElement("li");
      const [link, about] = [document.createElement("a"), document.createElement("small")];
      link.href = `/uploads/${id}`;
      link.textContent = name;
      link.download = name;
      about.textContent = `${sizeOf(bytes)}, ${Math.ceil(leftMs / 60_000)} min left`;
      item.append(link, about);
      return item;
    }),
  );
}

function sizeOf(bytes) {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(0)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

form.onsubmit = (event) => {
  event.preventDefault();
  if (request === null) send();
};
element("upload-cancel").onclick = () => {
  request?.abort();
  field.focus();
};

const card = element("upload");
card.ondragover = (event) => {
  event.preventDefault();
  form.classList.add("dropping");
};
card.ondragleave = () => form.classList.remove("dropping");
card.ondrop = (event) => {
  event.preventDefault();
  form.classList.remove("dropping");
  if (event.dataTransfer.files.length > 0) field.files = event.dataTransfer.files;
};

document.addEventListener("visibilitychange", refresh);
setInterval(refresh, REFRESH_MS);
refresh();
