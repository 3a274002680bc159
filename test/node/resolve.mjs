// Lets a script that lies elsewhere import the installed packages by name. Node looks for packages
// beside the script only; here they are beside the program, which is one of them.
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const packages = pathToFileURL(resolve(process.execPath, "../../../beside.mjs")).href;
const repository = new URL("../", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const bare = !/^(\.|\/|node:|file:)/.test(specifier);
    const ours = context.parentURL?.startsWith(repository);
    return next(specifier, bare && ours ? { ...context, parentURL: packages } : context);
  },
});
