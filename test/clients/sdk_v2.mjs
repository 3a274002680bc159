// @modelcontextprotocol/client (v2)
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";

import { Login, about, headers, mode, tell, token, url } from "./client.mjs";

const login = token ? undefined : new Login();
const options = login ? { authProvider: login } : { requestInit: { headers } };
const negotiation = mode === "auto" ? { versionNegotiation: { mode } } : {};
let transport = new StreamableHTTPClientTransport(url, options);
let client = new Client(about, negotiation);
try {
  await client.connect(transport);
} catch (refused) {
  if (!login || !(refused instanceof UnauthorizedError)) throw refused;
  await transport.finishAuth(await login.walked());
  transport = new StreamableHTTPClientTransport(url, options);
  client = new Client(about, negotiation);
  await client.connect(transport);
}
await tell(client, transport.protocolVersion, login);
