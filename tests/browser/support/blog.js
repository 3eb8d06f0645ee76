// A small site of somebody else's with a feed.
import { createServer } from "node:http";

const POSTS = [
  ["leak", "My Brambleton kettle leaks", "After two weeks the kettle drips at the handle. Who can repair it?"],
  ["praise", "The best kettle so far", "I love my Brambleton, it is quiet and quick."],
  ["other", "A walk by the sea", "Nothing about kitchens today."],
];

const feed = (address) => `<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Kitchen talk</title><link>${address}</link><description>Talk</description>
${POSTS.map(([id, title, text], index) => `<item><guid isPermaLink="false">${id}</guid><title>${title}</title><link>${address}${id}</link><description>${text}</description><pubDate>${new Date(Date.now() - (index + 1) * 3600e3).toUTCString()}</pubDate></item>`).join("\n")}
</channel></rss>`;

/** Starts it on a free port of this machine; `address` is its front page, which names the feed. */
export async function blog() {
  const server = createServer((request, answer) => {
    if (request.url === "/feed.xml") answer.writeHead(200, { "content-type": "application/rss+xml" }).end(feed(address));
    else if (request.url === "/") answer.writeHead(200, { "content-type": "text/html" }).end('<!doctype html><title>Kitchen talk</title><link rel="alternate" type="application/rss+xml" title="Kitchen talk" href="/feed.xml"><p>Hello');
    else answer.writeHead(404).end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const address = `http://127.0.0.1:${server.address().port}/`;
  return { address, close: () => server.close() };
}
