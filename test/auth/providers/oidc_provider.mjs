// oidc-provider with its own login and consent pages, one client and one API. Configuration: argv.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { Provider, errors } from "oidc-provider";
import { createMemoryAdapter } from "oidc-provider/lib/adapters/memory_adapter.js";

const given = JSON.parse(process.argv[2]);
const adapter = createMemoryAdapter();
let keys = [newKey()];
let handler = makeHandler();

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

function makeHandler() {
  return new Provider(given.issuer, configuration()).callback();
}

function configuration() {
  return {
    adapter,
    jwks: { keys },
    clients: [given.client],
    cookies: { keys: ["made-up-cookie-key-of-a-test"] },
    scopes: ["openid", "offline_access"],
    extraParams: ["audience"],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => ctx.oidc.params?.audience ?? given.audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== given.audience) throw new errors.InvalidTarget();
          return {
            audience: resource,
            scope: given.scopes.join(" "),
            accessTokenFormat: "jwt",
            accessTokenTTL: 600,
            jwt: { sign: { alg: "RS256" } },
          };
        },
      },
    },
  };
}

function rotate() {
  keys = [newKey(), ...keys].slice(0, 2);
  handler = makeHandler();
}

createServer((request, response) => {
  if (request.method !== "POST" || request.url !== given.rotatePath) {
    return handler(request, response);
  }
  rotate();
  return response.end();
}).listen(given.port, "127.0.0.1");
