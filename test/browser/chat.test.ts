/** The demo's chat in real browsers: two people, rooms, a wire that is cut. */
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { browserSuite } from "./browser.ts";
import { hears, isConnected, log, say, texts } from "./chatpage.ts";
import { Cutter } from "./cutter.ts";

browserSuite("two in the chat", (t, stage) => {
  t("hear each other, and know their own words from others'", async () => {
    const [{ page: ada }, { page: bob }] = [await stage.visit(), await stage.visit()];
    await isConnected(ada);
    await isConnected(bob);
    await say(ada, "Is anybody there?");
    await hears(bob, "Is anybody there?");
    await say(bob, "<b>I</b> am & so are you");
    await hears(ada, "<b>I</b> am & so are you");
    const own = (page: Page) => page.locator(`${log} .own .text`).allInnerTexts();
    assert.equal(await own(ada), ["Is anybody there?"]);
    assert.equal(await own(bob), ["<b>I</b> am & so are you"]);
    const name = await bob.innerText("#me");
    await ada.locator("#chat-members", { hasText: name }).waitFor();
    await bob.context().close();
    await ada.locator("#chat-members", { hasText: "Nobody else" }).waitFor();
  });

  t("do not hear each other in different rooms", async () => {
    const [{ page: ada }, { page: bob }] = [await stage.visit(), await stage.visit()];
    for (const page of [ada, bob]) await page.click("[data-room=storms]");
    await isConnected(ada);
    await isConnected(bob);
    await say(ada, "thunder");
    await hears(bob, "thunder");
    await bob.click("[data-room=coffee]");
    assert.is(await bob.getAttribute("[data-room=coffee]", "aria-pressed"), "true");
    assert.not((await texts(bob)).includes("thunder"));
    await bob.click("[data-room=storms]");
    await hears(bob, "thunder");
    assert.is((await texts(bob)).filter((text) => text === "thunder").length, 1);
  });

  t("miss nothing while one is cut off: what was said comes when the wire is mended", async () => {
    const cutter = await Cutter.to(stage.demo.port);
    const [ada, bob] = [await stage.visit(), await stage.visit("/", { baseURL: cutter.base })];
    await isConnected(ada.page);
    await isConnected(bob.page);
    await say(bob.page, "before");
    await hears(ada.page, "before");
    // A browser says in its console what it could not connect to, whatever the page makes of it.
    bob.mayComplain(/ERR_|WebSocket/);
    cutter.cut();
    await bob.page.locator("#chat-state[data-state=bad]").waitFor();
    assert.match(await bob.page.innerText("#chat-state"), /^(reconnecting in \d+ s|connecting)$/);
    await say(ada.page, "first missed");
    await say(ada.page, "second missed");
    await say(bob.page, "said in the dark");
    await bob.page.locator(`${log} .pending`, { hasText: "said in the dark" }).waitFor();
    cutter.mend();
    await isConnected(bob.page);
    await hears(bob.page, "second missed");
    await hears(bob.page, "said in the dark");
    await hears(ada.page, "said in the dark");
    const tail = ["before", "first missed", "second missed", "said in the dark"];
    assert.equal((await texts(bob.page)).slice(-4), tail);
    assert.equal((await texts(ada.page)).slice(-4), tail);
    cutter.close();
  });
});
