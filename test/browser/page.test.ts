/** The demo's page in a real browser: comet, upload, video, sign-in, as people use them. */
import * as assert from "uvu/assert";
import { browserSuite } from "./browser.ts";
import { isConnected, log, say } from "./chatpage.ts";

browserSuite("the page", (t, stage) => {
  t("wakes a request that waits", async () => {
    const [{ page: ada }, { page: bob }] = [await stage.visit(), await stage.visit()];
    for (const page of [ada, bob]) {
      await page.locator("#comet-state", { hasText: "waiting for" }).waitFor();
    }
    await ada.fill("#comet-text", "good morning");
    await ada.press("#comet-text", "Enter");
    for (const page of [ada, bob]) {
      const post = page.locator("#comet-posts li", { hasText: "good morning" });
      assert.match(await post.innerText(), /waited \d+\.\d s/);
    }
  });

  t("shows how far an upload is, and then lists it", async () => {
    const { page } = await stage.visit();
    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    // So slow that there is something to see: 4 MiB in a second or two.
    const rate = { downloadThroughput: -1, uploadThroughput: 3 * 1024 * 1024, latency: 0 };
    await network.send("Network.emulateNetworkConditions", { offline: false, ...rate });
    const buffer = Buffer.alloc(4 * 1024 * 1024, "landspout ");
    await page.setInputFiles("#upload-file", { name: "notes.txt", mimeType: "text/plain", buffer });
    const seen = page.evaluate(watchProgress);
    await page.click("#upload-send");
    await page.locator("#upload-files a", { hasText: "notes.txt" }).waitFor();
    const values = await seen;
    assert.ok(
      values.some((value) => value > 0 && value < 100),
      `the bar has shown ${values.join(", ")} %`,
    );
    assert.equal(values, values.toSorted?.((a, b) => a - b) ?? values, "it never went back");
    assert.match(await page.innerText("#upload-files li"), /4\.0 MiB, 10 min left/);
    assert.is(await page.isVisible("#upload-progress"), false);
    const saved = page.waitForEvent("download");
    await page.click("#upload-files a");
    assert.is((await saved).suggestedFilename(), "notes.txt");
  });

  t("seeks in the video, of which it has asked for a part", async () => {
    const { page } = await stage.visit();
    const ranges: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url().includes("landspout.mp4")) ranges.push(request.headers().range);
    });
    await page.reload();
    const at = await page.evaluate(seekTo, 15);
    assert.ok(Math.abs(at.time - 15) < 0.1, `it is at ${at.time} s`);
    assert.ok(Math.abs(at.duration - 20) < 0.5, `it lasts ${at.duration} s`);
    assert.match(ranges[0] ?? "", /^bytes=0-/);
  });

  t("is signed in to by any name, which the chat then shows", async () => {
    const [{ page: ada }, { page: bob }] = [await stage.visit(), await stage.visit()];
    await ada.click("text=Sign in");
    await ada.locator("#name:focus").waitFor();
    await ada.fill("#name", "Ada");
    await ada.press("#name", "Enter");
    await ada.waitForURL("/");
    assert.is(await ada.innerText("#me"), "Ada");
    await isConnected(ada);
    await isConnected(bob);
    await say(ada, "signed words");
    await bob.locator(`${log} li`, { hasText: "signed words" }).locator("text=/^Ada, /").waitFor();
    await ada.click("text=Sign out");
    await ada.locator("#me", { hasText: "Guest" }).waitFor();
  });

  t("draws the loop, a second after the other", async () => {
    const { page } = await stage.visit();
    await page.locator("#loop-state[data-state=good]").waitFor();
    await page.locator("#loop-requests", { hasText: /[1-9]/ }).waitFor();
    assert.is(await page.locator("#loop-workers tr").count(), 1);
    assert.ok((await page.locator("#loop-bars rect").count()) > 10);
    assert.match((await page.getAttribute("#loop-line .curve", "d")) ?? "", /^M\d/);
  });

  t("shows an error as a page", async () => {
    const visit = await stage.visit();
    visit.mayComplain(/404/);
    await visit.page.goto("/no/such/page");
    assert.is(await visit.page.innerText("h1"), "Nothing grows at this address.");
    await visit.page.click("text=Back to the page");
    await isConnected(visit.page);
  });

  t("gives a page of another origin no chat, and takes no post of it", async () => {
    const post = (text: string) =>
      fetch(`${stage.demo.base}/comet`, { method: "POST", body: new URLSearchParams({ text }) });
    const { id: first } = (await (await post("first")).json()) as { id: string };
    const foreign = stage.demo.base.replace("127.0.0.1", "localhost");
    const visit = await stage.visit("/healthz", { baseURL: foreign });
    visit.mayComplain(/WebSocket|403/);
    const outcome = await visit.page.evaluate(attack, stage.demo.base);
    assert.equal(outcome, { chat: "refused", comet: "opaque" });
    // Whoever waits is woken by ours, and has not been by theirs.
    const waiting = fetch(`${stage.demo.base}/comet?after=${first}`);
    await post("second");
    assert.is(((await (await waiting).json()) as { text: string }).text, "second");
  });
});

// These run in the page.

interface Media {
  readonly duration: number;
  currentTime: number;
  readonly seeking: boolean;
  addEventListener(name: string, listener: () => void, options: { once: true }): void;
}

interface PageGlobals {
  readonly document: { getElementById(id: string): unknown };
  readonly WebSocket: new (url: string) => { onopen: () => void; onerror: () => void };
  requestAnimationFrame(callback: () => void): void;
}

/** The values of the bar while an upload is under way. */
function watchProgress(): Promise<number[]> {
  const { document, requestAnimationFrame } = globalThis as unknown as PageGlobals;
  const bar = document.getElementById("upload-bar") as { value: number };
  const box = document.getElementById("upload-progress") as { hidden: boolean };
  return new Promise((resolve) => {
    const values: number[] = [];
    let wasShown = false;
    const look = () => {
      if (!box.hidden && bar.value !== values.at(-1)) values.push(bar.value);
      wasShown ||= !box.hidden;
      if (wasShown && box.hidden) resolve(values);
      else requestAnimationFrame(look);
    };
    look();
  });
}

async function seekTo(seconds: number): Promise<{ time: number; duration: number }> {
  const { document } = globalThis as unknown as PageGlobals;
  const video = document.getElementById("video") as Media & { readonly readyState: number };
  const happens = (name: string) =>
    new Promise<void>((resolve) => video.addEventListener(name, resolve, { once: true }));
  if (video.readyState === 0) await happens("loadedmetadata");
  const sought = happens("seeked");
  video.currentTime = seconds;
  await sought;
  return { time: video.currentTime, duration: video.duration };
}

async function attack(base: string): Promise<{ chat: string; comet: string }> {
  const { WebSocket } = globalThis as unknown as PageGlobals;
  const chat = await new Promise<string>((resolve) => {
    const socket = new WebSocket(`${base.replace("http", "ws")}/chat`);
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  });
  const body = new URLSearchParams({ text: "theirs" });
  const response = await fetch(`${base}/comet`, { method: "POST", mode: "no-cors", body });
  return { chat, comet: response.type };
}
