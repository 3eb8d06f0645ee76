// PDS, PLC and AppView on loopback, with a PostgreSQL and a Redis of their own. Says where they are as one line of JSON,
// and ends, with everything it started, when its standard input is closed.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

// These servers would listen on every address of the machine.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'number' && typeof args[1] !== 'string') args.splice(1, 0, '127.0.0.1')
  else if (args[0]?.port != null && !args[0].host) args[0].host = '127.0.0.1'
  return listen.apply(this, args)
}

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'dandelion-bluesky.'))
const started = []
const stop = () => {
  for (const child of started) child.kill('SIGKILL')
  fs.rmSync(work, { recursive: true, force: true })
  process.exit()
}
process.stdin.on('end', stop).on('error', stop).resume()
process.on('SIGTERM', stop).on('SIGINT', stop)

const freePort = () =>
  new Promise((found) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => found(port))
    })
  })

const answers = async (port) => {
  for (let tries = 0; tries < 600; tries++) {
    const open = await new Promise((done) => {
      const socket = net.connect(port, '127.0.0.1', () => (socket.destroy(), done(true))).on('error', () => done(false))
    })
    if (open) return
    await new Promise((wait) => setTimeout(wait, 50))
  }
  throw new Error(`nothing answers at ${port}`)
}

async function postgres() {
  const versions = fs.readdirSync('/usr/lib/postgresql').sort((a, b) => a - b)
  const bin = `/usr/lib/postgresql/${versions.at(-1)}/bin`
  // As root it runs as the user that the package made.
  const user = process.getuid() === 0 ? ids('postgres') : {}
  const data = path.join(work, 'pg')
  fs.mkdirSync(data)
  if (user.uid) {
    fs.chmodSync(work, 0o711)
    fs.chownSync(data, user.uid, user.gid)
  }
  const made = spawnSync(`${bin}/initdb`, ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync'], { ...user, cwd: data })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const options = ['-D', data, '-p', port, '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${data}`, '-c', 'fsync=off', '-c', 'max_connections=200']
  started.push(spawn(`${bin}/postgres`, options.map(String), { ...user, cwd: data, stdio: 'ignore' }))
  await answers(port)
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

function ids(name) {
  const id = (flag) => Number(spawnSync('id', [flag, name]).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

async function redis() {
  const port = await freePort()
  started.push(spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'], { cwd: work, stdio: 'ignore' }))
  await answers(port)
  return `127.0.0.1:${port}`
}

// Jetstream is a program in Go that is in no registry used here. This says what it would say, in both kinds, of what the
// real PDS sends by `com.atproto.sync.subscribeRepos`.
async function jetstream(pds) {
  const { Firehose } = await import('@atproto/sync')
  const { WebSocketServer } = await import('ws')
  const port = await freePort()
  const server = new WebSocketServer({ host: '127.0.0.1', port })
  const micros = (time) => new Date(time).getTime() * 1000
  const first = (event) => ({
    did: event.did,
    time_us: micros(event.time),
    cursor: event.seq,
    kind: 'commit',
    commit: commit(event),
  })
  const second = (event) => ({
    $type: 'message',
    payload: {
      $type: 'network.bsky.jetstream.subscribeEvents#commit',
      seq: event.seq,
      did: event.did,
      time: new Date(event.time).toISOString().replace('Z', '000Z'),
      ...commit(event),
    },
  })
  const commit = (event) => ({
    rev: event.rev,
    operation: event.event,
    collection: event.collection,
    rkey: event.rkey,
    ...(event.event === 'delete' ? {} : { cid: String(event.cid), record: event.record }),
  })
  const firehose = new Firehose({
    service: pds.replace('http', 'ws'),
    idResolver: {},
    unauthenticatedCommits: true,
    excludeIdentity: true,
    excludeAccount: true,
    excludeSync: true,
    onError: (error) => console.error('firehose', error),
    handleEvent: (event) => {
      for (const client of server.clients) {
        const { wanted, of, shape } = client
        if (wanted.length && !wanted.includes(event.collection)) continue
        if (of.length && !of.includes(event.did)) continue
        client.send(JSON.stringify(shape(event)))
      }
    },
  })
  server.on('connection', (client, request) => {
    const url = new URL(request.url, 'http://x')
    const isSecond = url.pathname === '/xrpc/network.bsky.jetstream.subscribeEvents'
    client.shape = isSecond ? second : first
    client.wanted = url.searchParams.getAll(isSecond ? 'collections' : 'wantedCollections')
    client.of = url.searchParams.getAll(isSecond ? 'dids' : 'wantedDids')
  })
  firehose.start()
  return port
}

try {
  process.env.DB_POSTGRES_URL = await postgres()
  process.env.REDIS_HOST = await redis()
  const { TestNetwork } = await import('@atproto/dev-env')
  const network = await TestNetwork.create({ pds: { hostname: 'localhost' }, bsky: { dbPostgresSchema: 'bsky' } })
  const stream = await jetstream(`http://127.0.0.1:${network.pds.port}`)
  console.log(JSON.stringify({ ready: true, plc: network.plc.port, pds: network.pds.port, appview: network.bsky.port, jetstream: stream }))
} catch (error) {
  console.error(error)
  stop()
}
