// A program with one connection, which ends it in a way that it is told, and then has nothing to do:
//   node websocketclient.child.js <url> close | abort | loop
import { IOLoop, websocketConnect } from "../../lib/index.ts";

const [, , url = "", end = ""] = process.argv;
const connection = await websocketConnect(url);
void connection.writeMessage("hello");
console.log(await connection.readMessage());
if (end === "close") connection.close();
else if (end === "abort") connection.abort();
else IOLoop.current().close();
