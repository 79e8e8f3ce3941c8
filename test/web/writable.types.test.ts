/**
 * Type tests of what write() and writeMessage() take: what must not compile stands under @ts-expect-error, which is itself
 * an error if the line below it compiles. The suite only runs the file; tsc is what tests it.
 */
import { suite } from "uvu";
import type { RequestHandler, WebSocketHandler } from "../../lib/index.ts";

interface Message {
  readonly id: number;
  readonly next?: Message;
}

class Account {
  name = "ada";
}

const t = suite("types of what is written");

t("take every object that JSON has a text for, and no other", () => {
  (handler: RequestHandler, socket: WebSocketHandler, message: Message, load: Promise<Message>) => {
    handler.write("text");
    handler.write(Buffer.of(1));
    handler.write({ any: 1, nested: { name: [1] } });
    handler.write(message);
    handler.write(new Account());
    handler.write({ messages: [message] });
    void handler.finish(message);
    void socket.writeMessage(message);
    // @ts-expect-error a list is no object
    handler.write([message]);
    // @ts-expect-error nor is a read-only one
    handler.write([message] as const);
    // @ts-expect-error it was not awaited
    handler.write(load);
    // @ts-expect-error JSON has nothing for it
    handler.write(new Map([[1, 2]]));
    // @ts-expect-error nor for this
    handler.write(new Set([1]));
    // @ts-expect-error a number is text only if it is made one
    handler.write(1);
    // @ts-expect-error there is nothing to write
    handler.write(null);
    // @ts-expect-error nor here
    handler.write(undefined);
    // @ts-expect-error a list is no message
    void socket.writeMessage([message]);
  };
});

t.run();
