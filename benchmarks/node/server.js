// The loopback server with TLS and HTTP/2, or without: gives every POST the same answer, and tells over its stdin and
// stdout what it received, as server.py does. One port speaks HTTP/1.1 and HTTP/2, whichever the client asks for.

import http from "node:http";
import http2 from "node:http2";
import fs from "node:fs";
import readline from "node:readline";

const { pem, answer, headers } = JSON.parse(process.argv[2]);
const log = { connections: 0, requests: 0, method: "", path: "", headers: {}, body: "", version: "" };

function serve(request, response) {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    Object.assign(log, {
      requests: log.requests + 1,
      method: request.method,
      path: request.url,
      headers: request.headers,
      body,
      version: request.httpVersion,
    });
    response.writeHead(200, headers);
    response.end(answer);
  });
}

const server = pem
  ? http2.createSecureServer({ key: fs.readFileSync(pem), cert: fs.readFileSync(pem), allowHTTP1: true }, serve)
  : http.createServer(serve);
server.keepAliveTimeout = 600_000;
server.on(pem ? "secureConnection" : "connection", () => log.connections++);
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
for await (const _ of readline.createInterface({ input: process.stdin })) console.log(JSON.stringify(log));
process.exit(0);
