/** Short ASCII texts: every length, from any place. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asciiText } from "../../lib/websocket/shorttext.ts";

const short = suite("asciiText");
short("is the text of its bytes, at every length", () => {
  const bytes = Buffer.from(Array.from({ length: 128 }, (_, at) => at));
  for (let length = 0; length <= 40; length++) {
    for (let start = 0; start + length <= bytes.length; start += 7) {
      const expected = bytes.toString("latin1", start, start + length);
      assert.is(asciiText(bytes, start, start + length), expected);
    }
  }
});
short.run();
