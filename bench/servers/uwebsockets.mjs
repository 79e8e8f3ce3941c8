// The benchmark's two routes on uWebSockets.js: `node bench/servers/uwebsockets.mjs PORT`.

import uWS from "uwebsockets";

const app = uWS.App();

app.get("/", (response) => {
  response.writeHeader("Content-Type", "text/plain").end("Hello, World!");
});

app.get("/user/:id", (response, request) => {
  // getHeader answers "" for a field that is not there.
  const body = JSON.stringify({
    id: request.getParameter(0),
    host: request.getHeader("host") || null,
    "user-agent": request.getHeader("user-agent") || null,
    accept: request.getHeader("accept") || null,
    cookie: request.getHeader("cookie") || null,
    "accept-language": request.getHeader("accept-language") || null,
  });
  response.writeHeader("Content-Type", "application/json; charset=UTF-8").end(body);
});

app.listen("127.0.0.1", Number(process.argv[2]), (socket) => {
  if (!socket) throw new Error(`cannot listen on port ${process.argv[2]}`);
  console.log("listening");
});
