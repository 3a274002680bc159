// What both SDK scripts share. Arguments: the MCP endpoint, and `auto` for the newest protocol.
// With TOKEN the client shows that token; without, it signs in: it prints the address for the
// browser as a line, and reads the address that the browser was sent back to as a line.
import { once } from "node:events";
import { createInterface } from "node:readline";

export const [url, mode] = [new URL(process.argv[2]), process.argv[3]];
export const token = process.env.TOKEN;
export const headers = { Authorization: `Bearer ${token}` };
export const about = { name: "a test", version: "0" };

export class Login {
  redirectUrl = "http://localhost:33418/callback";
  clientMetadata = {
    client_name: "a test",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.granted;
  saveTokens = (granted) => void (this.granted = granted);
  discoveryState = () => this.discovered;
  saveDiscoveryState = (discovered) => void (this.discovered = discovered);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  redirectToAuthorization = (address) => void (this.address = address);
  state = () => (this.expected ??= crypto.randomUUID());

  async walked() {
    const lines = createInterface({ input: process.stdin });
    console.log(this.address.href);
    const [line] = await once(lines, "line");
    lines.close();
    const found = new URL(line).searchParams;
    if (found.get("state") !== this.expected) throw new Error("a state that is not mine");
    return found;
  }
}

export async function tell(client, protocol, login) {
  const { tools } = await client.listTools();
  const answer = await client.callTool({ name: "list_postgres_clusters", arguments: {} });
  const names = tools.map((tool) => tool.name);
  const refreshable = Boolean(login?.granted.refresh_token);
  console.log(JSON.stringify({ protocol, tools: names, answer, refreshable }));
  await client.close();
}
