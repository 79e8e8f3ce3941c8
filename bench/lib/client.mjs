// A small HTTP client on bare sockets: enough to ask the benchmark's servers, and no more. It reads
// responses with Content-Length only. Used by run.mjs, idle.mjs and trickle.mjs.

import net from "node:net";

/** A connection that counts the responses it reads and keeps the last one. */
export class Client {
  #socket;
  #pending = "";
  #waiting = [];
  #closed = null;

  static async open(port) {
    const client = new Client();
    await client.#connect(port);
    return client;
  }

  /** The socket itself, for who writes bytes in a way of their own. */
  get socket() {
    return this.#socket;
  }

  get closed() {
    return this.#closed !== null;
  }

  /** Sends a text as it is and waits for one response. @returns { status, headers, body } */
  ask(text) {
    this.#socket.write(text, "latin1");
    return this.response();
  }

  /** Waits for the next response. */
  response() {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close() {
    this.#socket.destroy();
  }

  #connect(port) {
    return new Promise((resolve, reject) => {
      this.#socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
      this.#socket.setEncoding("latin1");
      this.#socket.once("connect", resolve);
      this.#socket.on("data", (text) => this.#take(text));
      this.#socket.on("error", (error) => {
        this.#closed ??= error;
        reject(error);
      });
      this.#socket.on("close", () => {
        this.#closed ??= new Error("the server closed the connection");
        for (const { reject: refuse } of this.#waiting.splice(0)) refuse(this.#closed);
      });
    });
  }

  #take(text) {
    this.#pending += text;
    for (;;) {
      const headEnd = this.#pending.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const [statusLine, ...fields] = this.#pending.slice(0, headEnd).split("\r\n");
      const headers = new Map(
        fields.map((field) => {
          const colon = field.indexOf(":");
          return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
        }),
      );
      const end = headEnd + 4 + Number(headers.get("content-length") ?? 0);
      if (this.#pending.length < end) return;
      const body = this.#pending.slice(headEnd + 4, end);
      this.#pending = this.#pending.slice(end);
      this.#waiting.shift()?.resolve({ status: Number(statusLine.split(" ")[1]), headers, body });
    }
  }
}
