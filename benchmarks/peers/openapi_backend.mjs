// The four operations on openapi-backend: requests validated, state kept, answers validated if asked.
// Usage: node openapi_backend.mjs PACKAGES PORT CONTRACT ANSWERS [--validate-answers]
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const [packages, port, contract, answersFile, ...options] = process.argv.slice(2);
const { OpenAPIBackend } = createRequire(`${packages}/`)("openapi-backend");
const checked = options.includes("--validate-answers");
const answers = JSON.parse(readFileSync(answersFile, "utf8"));

const first = answers.get_session.data;
const sessions = new Map([[first.id, first]]);
const rooms = answers.list_rooms.data.rooms;
const { session: _, ...studio } = answers.start_session.data;

const now = () => Math.floor(Date.now() / 1000);
const answered = (status, data) => ({ status, body: { success: true, data, timestamp: now() } });
const refused = (status, error) => ({ status, body: { success: false, error, timestamp: now() } });

const api = new OpenAPIBackend({
  definition: contract,
  // Its check of documents takes links with a body for a mistake; without it, it starts faster.
  quick: true,
  apiRoot: "/v1/webinar",
  handlers: {
    get_session: (c) => {
      const session = sessions.get(c.request.params.id);
      return session ? answered(200, session) : refused(404, "no session has this id");
    },
    list_rooms: (c) => {
      const { page = 1, limit = 10 } = c.request.query;
      const begin = (Number(page) - 1) * Number(limit);
      const shown = rooms.slice(begin, begin + Number(limit));
      return answered(200, { ...answers.list_rooms.data, rooms: shown });
    },
    start_session: (c) => {
      const session = sessions.get(c.request.params.id);
      if (!session) return refused(404, "no session has this id");
      if (!["scheduled", "live"].includes(session.status)) return refused(409, "it has ended");
      const live = { ...session, status: "live" };
      sessions.set(live.id, live);
      return answered(200, { session: live, ...studio });
    },
    create_room: (c) => {
      const at = new Date().toISOString();
      const room = { ...answers.create_room.data.room, ...c.request.requestBody, id: randomUUID() };
      rooms.unshift({ ...room, created_at: at, updated_at: at });
      return answered(201, { room: rooms[0] });
    },
    validationFail: (c) => refused(400, c.validation.errors[0].message),
    notFound: () => refused(404, "no operation has this path"),
    notImplemented: () => refused(501, "not part of the comparison"),
    unauthorizedHandler: () => refused(401, "credentials are missing or unknown"),
    postResponseHandler: (c) => {
      if (!checked) return c.response;
      const found = c.api.validateResponse(c.response.body, c.operation, c.response.status);
      return found.errors?.length ? refused(500, JSON.stringify(found.errors[0])) : c.response;
    },
  },
  securityHandlers: {
    api_key: (c) => c.request.headers["x-api-key"] === "greenroom-host-key",
    bearer: () => false,
  },
});
await api.init();

async function bodyOf(request) {
  if (request.method === "GET") return undefined;
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length ? Buffer.concat(chunks).toString() : undefined;
}

createServer(async (request, response) => {
  const body = await bodyOf(request);
  const { method, url, headers } = request;
  const answer = await api.handleRequest({ method, path: url, body, headers });
  const content = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(content),
  });
  response.end(content);
}).listen(Number(port), "127.0.0.1");
