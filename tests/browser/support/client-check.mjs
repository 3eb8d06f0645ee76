// Run by the Node that comes with the network of Bluesky: reads what an installation says of itself as that network's
// servers would, with their own library. Arguments: the library's folder, a server, the installation's name and where it is.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, server, name, at] = process.argv.slice(2);
const { ClientManager } = await import(pathToFileURL(join(folder, "oauth-provider/dist/client/client-manager.js")));
const supported = await (await fetch(`${server}/.well-known/oauth-authorization-server`)).json();
const here = (request) => fetch((request.url ?? String(request)).replace(name, at));
const store = () => {
  const kept = new Map();
  return { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value), del: (key) => void kept.delete(key) };
};
const clients = new ClientManager(supported, { size: 0 }, {}, null, null, here, store(), store());
const client = await clients.getClient(`${name}/oauth/client-metadata.json`);
console.log(JSON.stringify({ metadata: client.metadata, keys: client.jwks.keys.length }));
process.exit();
