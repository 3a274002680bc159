// @modelcontextprotocol/sdk (v1)
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { Login, about, headers, tell, token, url } from "./client.mjs";

const login = token ? undefined : new Login();
const options = login ? { authProvider: login } : { requestInit: { headers } };
let transport = new StreamableHTTPClientTransport(url, options);
let client = new Client(about);
try {
  await client.connect(transport);
} catch (refused) {
  if (!login || !(refused instanceof UnauthorizedError)) throw refused;
  await transport.finishAuth((await login.walked()).get("code"));
  transport = new StreamableHTTPClientTransport(url, options);
  client = new Client(about);
  await client.connect(transport);
}
await tell(client, transport.protocolVersion, login);
