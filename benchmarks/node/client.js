// One contender under Node. Takes a number of calls per line on stdin, prints what they cost: as worker.py does.

import http from "node:http";
import readline from "node:readline";

const [name, origin, job, concurrency] = [process.argv[2], process.argv[3], JSON.parse(process.argv[4]), +process.argv[5]];
const url = origin + job.path;

const openers = {
  async undici() {
    const { Pool } = await import("undici");
    const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
    return async (body) => {
      const answer = await pool.request({ path: job.path, method: "POST", headers: job.headers, body });
      return read(answer.statusCode, await answer.body.text());
    };
  },
  async axios() {
    const { default: axios } = await import("axios");
    const client = axios.create({
      headers: job.headers,
      httpAgent: new http.Agent({ keepAlive: true, maxSockets: concurrency }),
      proxy: false,
    });
    return async (body) => {
      const answer = await client.post(url, body, { responseType: "text", transformResponse: (text) => text });
      return read(answer.status, answer.data);
    };
  },
  async fetch() {
    return async (body) => {
      const answer = await fetch(url, { method: "POST", headers: job.headers, body });
      return read(answer.status, await answer.text());
    };
  },
};

function read(status, text) {
  if (status !== 200) throw new Error(`the server answered ${status}`);
  const consent = JSON.parse(text);
  consent.expired_time = new Date(consent.expired_time);
  return consent;
}

async function measured(check, calls) {
  const phones = Array.from({ length: calls }, (_, number) => "849" + String(number).padStart(8, "0"));
  const seconds = [];
  let next = 0;
  let last;
  async function work() {
    while (next < phones.length) {
      const begun = concurrency === 1 ? performance.now() : 0;
      last = await check(JSON.stringify({ oa_id: job.oa_id, phone: phones[next++] }));
      if (concurrency === 1) seconds.push((performance.now() - begun) / 1000);
    }
  }
  const cpu = process.cpuUsage();
  const begun = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  const used = process.cpuUsage(cpu);
  const wall = (performance.now() - begun) / 1000;
  const time = last.expired_time.toISOString().replace(".000Z", "+00:00");
  return {
    calls: next,
    cpu: (used.user + used.system) / 1e6,
    wall,
    latency: seconds.length ? seconds.sort((a, b) => a - b)[seconds.length >> 1] : null,
    result: { ...last, expired_time: time },
  };
}

const check = await openers[name]();
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await measured(check, +line)));
}
process.exit(0);
