/** Reads one connection to its end as fast as it can, for filefairness.test.ts: `node … PORT`. Prints how many bytes came. */
import net from "node:net";

const buffer = Buffer.alloc(1024 * 1024);
let bytes = 0;
net
  .connect({
    port: Number(process.argv[2]),
    host: "127.0.0.1",
    onread: {
      buffer,
      callback: (count: number) => {
        bytes += count;
        return true;
      },
    },
  })
  .once("close", () => console.log(bytes));
