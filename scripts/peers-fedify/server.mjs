// A server of the fediverse made of Fedify: one person, `node server.mjs PORT NAME`. What was delivered to them (and
// believed) is at /_got, with how each was signed and answered; `POST /_send {kind, actor, text, id, re}` has them say, change, take back, follow.
import http from 'node:http'
import { createFederation, generateCryptoKeyPair, InProcessMessageQueue, MemoryKvStore } from '@fedify/fedify'
import { Accept, Create, Delete, Endpoints, Follow, Mention, Note, Person, PUBLIC_COLLECTION, Tombstone, Undo, Update } from '@fedify/fedify/vocab'

const [port, name] = [Number(process.argv[2]), process.argv[3]]
const base = `http://localhost:${port}`
const got = []
const notes = {}
const follows = {}
let next = 1

const federation = createFederation({ kv: new MemoryKvStore(), queue: new InProcessMessageQueue(), allowPrivateAddress: true, origin: base })
const keys = [await generateCryptoKeyPair('RSASSA-PKCS1-v1_5'), await generateCryptoKeyPair('Ed25519')]
federation
  .setActorDispatcher('/users/{identifier}', async (ctx, identifier) => {
    if (identifier !== name) return null
    const pairs = await ctx.getActorKeyPairs(identifier)
    return new Person({
      id: ctx.getActorUri(identifier),
      preferredUsername: identifier,
      name: identifier,
      inbox: ctx.getInboxUri(identifier),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    })
  })
  .setKeyPairsDispatcher((_, identifier) => (identifier === name ? keys : []))
federation.setObjectDispatcher(Note, '/notes/{id}', (_, values) => notes[values.id] ?? null)
federation
  .setInboxListeners('/users/{identifier}/inbox', '/inbox')
  .on(Create, async (ctx, activity) => {
    const note = await activity.getObject(ctx)
    got.push({ kind: 'Create', id: activity.id.href, note: note.id.href, text: String(note.content), re: note.replyTargetId?.href ?? null })
  })
  .on(Update, async (ctx, activity) => {
    const note = await activity.getObject(ctx)
    got.push({ kind: 'Update', id: activity.id.href, note: note.id.href, text: String(note.content), updated: String(note.updated) })
  })
  .on(Delete, (_, activity) => void got.push({ kind: 'Delete', id: activity.id.href, note: activity.objectId.href }))
  .on(Accept, (_, activity) => void got.push({ kind: 'Accept', id: activity.id.href, actor: activity.actorId.href }))

async function send(ctx, { kind, actor, text, id, re }) {
  const to = await ctx.lookupObject(actor)
  if (!to) throw new Error(`${actor} is not found`)
  const me = ctx.getActorUri(name)
  const number = String(next++)
  const address = new URL(`${base}/activities/${number}`)
  const about = { actor: me, to: PUBLIC_COLLECTION, cc: to.id }
  const note = (key) =>
    (notes[key] = new Note({
      id: ctx.getObjectUri(Note, { id: key }),
      attribution: me,
      content: text,
      to: PUBLIC_COLLECTION,
      cc: to.id,
      tags: [new Mention({ href: to.id, name: 'us' })],
      replyTarget: re ? new URL(re) : null,
    }))
  const key = id?.split('/').at(-1) ?? number
  let activity
  if (kind === 'Follow') activity = follows[to.id.href] = new Follow({ id: address, actor: me, object: to.id })
  else if (kind === 'Undo') activity = new Undo({ id: address, actor: me, object: follows[to.id.href] })
  else if (kind === 'Create') activity = new Create({ id: address, object: note(key), ...about })
  else if (kind === 'Update') activity = new Update({ id: address, object: note(key), ...about })
  else activity = new Delete({ id: address, object: new Tombstone({ id: new URL(id) }), ...about })
  await ctx.sendActivity({ identifier: name }, to, activity)
  return { id: ctx.getObjectUri(Note, { id: key }).href }
}

http
  .createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const body = chunks.length ? Buffer.concat(chunks) : undefined
    const url = new URL(request.url, base)
    let answer
    try {
      if (url.pathname === '/_got') answer = Response.json(got)
      else if (url.pathname === '/_send') answer = Response.json(await send(federation.createContext(new URL(base), undefined), JSON.parse(body)))
      else answer = await federation.fetch(new Request(url, { method: request.method, headers: request.headers, body }), { contextData: undefined })
      if (request.method === 'POST' && url.pathname.endsWith('/inbox')) got.push({ kind: 'signed', way: request.headers['signature-input'] ? 'RFC 9421' : 'cavage', status: answer.status })
    } catch (error) {
      console.error(error)
      answer = new Response(String(error), { status: 500 })
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  .listen(port, '127.0.0.1')
