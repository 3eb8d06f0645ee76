// A server of the fediverse made of Fedify: one person, `node server.mjs PORT NAME`. What was delivered to them (and
// believed) is at /_got, with how each was signed and answered; `POST /_send {kind, actor, text, id, re}` has them say, change, take back, follow.
// Without `actor` it is for all who follow them. NAME-anew is who they are once they have moved; `as` says who of both acts. `{kind: 'answers', with}`
// says what whoever asks to follow them is answered: Accept, Reject or nothing.
import http from 'node:http'
import { createFederation, generateCryptoKeyPair, InProcessMessageQueue, MemoryKvStore } from '@fedify/fedify'
import { Accept, Announce, Create, Delete, Endpoints, Follow, Mention, Move, Note, Person, PUBLIC_COLLECTION, Reject, Tombstone, Undo, Update } from '@fedify/fedify/vocab'

const [port, name] = [Number(process.argv[2]), process.argv[3]]
const base = `http://localhost:${port}`
const got = []
const notes = {}
const follows = {}
const anew = `${name}-anew`
const followers = { [name]: {}, [anew]: {} }
let answers = 'Accept'
let next = 1

const federation = createFederation({ kv: new MemoryKvStore(), queue: new InProcessMessageQueue(), allowPrivateAddress: true, origin: base })
const keys = [await generateCryptoKeyPair('RSASSA-PKCS1-v1_5'), await generateCryptoKeyPair('Ed25519')]
federation
  .setActorDispatcher('/users/{identifier}', async (ctx, identifier) => {
    if (!followers[identifier]) return null
    const pairs = await ctx.getActorKeyPairs(identifier)
    return new Person({
      id: ctx.getActorUri(identifier),
      preferredUsername: identifier,
      name: identifier,
      inbox: ctx.getInboxUri(identifier),
      followers: ctx.getFollowersUri(identifier),
      aliases: identifier === anew ? [ctx.getActorUri(name)] : [],
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    })
  })
  .setKeyPairsDispatcher((_, identifier) => (followers[identifier] ? keys : []))
federation.setFollowersDispatcher('/users/{identifier}/followers', (_, identifier) => ({ items: Object.values(followers[identifier]) }))
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
  .on(Follow, async (ctx, follow) => {
    const whom = follow.objectId.href.split('/').at(-1)
    got.push({ kind: 'Follow', id: follow.id.href, actor: follow.actorId.href, whom })
    if (!answers) return
    const them = await follow.getActor(ctx)
    if (answers === 'Accept') followers[whom][them.id.href] = them
    await answer(ctx, answers === 'Accept' ? Accept : Reject, whom, them, follow)
  })
  .on(Undo, async (ctx, undo) => {
    const follow = await undo.getObject(ctx)
    const whom = follow.objectId.href.split('/').at(-1)
    got.push({ kind: 'Undo', id: undo.id.href, actor: undo.actorId.href, whom, follow: follow.id.href })
    delete followers[whom][undo.actorId.href]
  })
  .on(Accept, (_, activity) => void got.push({ kind: 'Accept', id: activity.id.href, actor: activity.actorId.href }))

async function answer(ctx, Answer, whom, them, follow) {
  const id = new URL(`${base}/activities/${next++}`)
  await ctx.sendActivity({ identifier: whom }, them, new Answer({ id, actor: ctx.getActorUri(whom), object: follow }))
}

// To all who follow them; `some` is for these alone, not for everybody.
async function say(ctx, { kind, text, id, as = name, some }) {
  const me = ctx.getActorUri(as)
  const number = String(next++)
  const all = ctx.getFollowersUri(as)
  const about = { id: new URL(`${base}/activities/${number}`), actor: me, tos: some ? [all] : [PUBLIC_COLLECTION], ccs: some ? [] : [all] }
  const key = kind !== 'Announce' && id ? id.split('/').at(-1) : number
  const at = ctx.getObjectUri(Note, { id: key })
  const note = () => (notes[key] = new Note({ id: at, attribution: me, content: text, tos: about.tos, ccs: about.ccs }))
  const acts = {
    Create: () => new Create({ ...about, object: note() }),
    Update: () => new Update({ ...about, object: note() }),
    Delete: () => new Delete({ ...about, object: new Tombstone({ id: at }) }),
    Announce: () => new Announce({ ...about, object: new URL(id) }),
    Move: () => new Move({ ...about, object: me, target: ctx.getActorUri(anew) }),
    // Said, and nobody is told.
    Keep: () => void note(),
  }
  const activity = acts[kind]()
  if (activity) await ctx.sendActivity({ identifier: as }, 'followers', activity, { preferSharedInbox: true })
  return { id: at.href }
}

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

async function asked(ctx, what) {
  if (what.kind === 'answers') return { id: String((answers = what.with)) }
  return what.actor ? send(ctx, what) : say(ctx, what)
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
      else if (url.pathname === '/_send') answer = Response.json(await asked(federation.createContext(new URL(base), undefined), JSON.parse(body)))
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
