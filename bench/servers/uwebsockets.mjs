// The benchmark's two routes and its WebSockets on uWebSockets.js:
// `node bench/servers/uwebsockets.mjs PORT`.

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

const sockets = {
  maxPayloadLength: 1024 * 1024,
  maxBackpressure: 64 * 1024 * 1024,
  idleTimeout: 0,
};

function echo(isCompressed) {
  return {
    ...sockets,
    compression: isCompressed ? uWS.SHARED_COMPRESSOR : uWS.DISABLED,
    message(socket, message, isBinary) {
      socket.send(message, isBinary, isCompressed);
    },
  };
}

/** What one sends goes to all. */
function topic(name, isCompressed) {
  return {
    ...sockets,
    compression: isCompressed ? uWS.SHARED_COMPRESSOR : uWS.DISABLED,
    open(socket) {
      socket.subscribe(name);
    },
    message(_socket, message, isBinary) {
      app.publish(name, message, isBinary, isCompressed);
    },
  };
}

app.ws("/echo", echo(false));
// Its messages are lent, everywhere: an ArrayBuffer that is detached when the callback has returned.
app.ws("/lent", echo(false));
app.ws("/deflate", echo(true));
app.ws("/topic", topic("all", false));
app.ws("/topic-deflate", topic("all-deflate", true));

app.listen("127.0.0.1", Number(process.argv[2]), (socket) => {
  if (!socket) throw new Error(`cannot listen on port ${process.argv[2]}`);
  console.log("listening");
});
