// A chat as a user would write it: rooms, who is there, what was missed.
import * as assert from "uvu/assert";
import { Application, WebSocketHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { serverSuite, startApplication } from "../support/servers.ts";
import { connect, endConnections } from "../support/websocketclients.ts";

class Chat extends WebSocketHandler {
  name = "";
  override open(room: string) {
    this.name = this.getQueryArgument("name", "somebody");
    const since = this.getQueryArgument("since", "");
    const { isComplete, lastId } = this.subscribe(`room/${room}`, {
      since,
      presence: { name: this.name },
      presenceKey: this.name,
    });
    void this.writeMessage({
      hello: lastId,
      isComplete,
      here: this.application.presence(`room/${room}`),
    });
  }
  override onMessage(text: string) {
    const [topic = ""] = this.topics;
    this.application.publish(topic, (id) => ({ id, from: this.name, text }));
  }
}

const t = serverSuite("a chat");
t.after.each(endConnections);

t("goes on where a client was when it comes back", async () => {
  const app = new Application([["/chat/([a-z]+)", Chat]]);
  app.keepHistory("room/*", { messages: 100 });
  app.onPresence("room/*", ({ kind, topic, presence }) => {
    app.publish(topic, { kind, ...(presence as object) }, { retain: false });
  });
  const { port } = await startApplication(app);
  const enter = async (query: string) => {
    const got: Record<string, unknown>[] = [];
    const client = await connect(`ws://127.0.0.1:${port}/chat/tea?${query}`, {
      onMessage: (message) => {
        got.push(JSON.parse(String(message)) as Record<string, unknown>);
      },
    });
    await until(() => got.some((each) => "hello" in each), "hello");
    return { client, got };
  };
  const ann = await enter("name=Ann");
  const bob = await enter("name=Bob");
  void ann.client.writeMessage("one");
  await until(() => bob.got.some((each) => each.text === "one"), "one");
  const last = String(bob.got.at(-1)?.id);
  bob.client.abort();
  await until(() => ann.got.some((each) => each.kind === "leave"), "Bob's leave");
  void ann.client.writeMessage("two");
  void ann.client.writeMessage("three");
  await until(() => ann.got.some((each) => each.text === "three"), "three");
  const back = await enter(`name=Bob&since=${last}`);
  assert.equal(
    back.got.slice(0, 4).map(({ text, kind, isComplete }) => text ?? kind ?? isComplete),
    ["two", "three", "join", true],
  );
  assert.equal(
    ann.got.map(({ text, kind }) => text ?? kind).filter((each) => each !== undefined),
    ["join", "join", "one", "leave", "two", "three", "join"],
  );
});

t.run();
