// Loaded before the conformance suite, which knows no tokens: every request carries BEARER_TOKEN.
// The requests stay byte for byte what the suite makes of them, which no proxy could promise.
import { subscribe } from "node:diagnostics_channel";

const bearer = `Bearer ${process.env.BEARER_TOKEN}`;

subscribe("undici:request:create", ({ request }) => request.addHeader("authorization", bearer));
subscribe("http.client.request.created", ({ request }) => request.setHeader("authorization", bearer));
