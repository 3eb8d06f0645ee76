// The program as a newcomer runs it: in an empty folder, on a free port, through its command line.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The folder of the repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target");
const PROGRAM = process.env.DANDELION_BIN ?? join(TARGET, "debug/dandelion");
const START_MS = 120_000;
const STOP_MS = 45_000;

if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there; build it (cargo build -p dandelion) or name it by DANDELION_BIN`);

/** An empty data directory, and what can be done to it from the command line. */
export class Place {
  static async make(settings = {}) {
    return new Place(await mkdtemp(join(tmpdir(), "dandelion-browser-")), settings);
  }

  constructor(folder, settings) {
    this.folder = folder;
    this.environment = { ...process.env, DANDELION_DATA_DIR: join(folder, "data"), DANDELION_LISTEN: "127.0.0.1:0", DANDELION_LOG: "warn", ...settings };
    this.program = null;
    this.said = "";
    this.complaints = "";
  }

  /** Runs a command; gives what it printed. */
  async run(...command) {
    const { stdout } = await promisify(execFile)(PROGRAM, command, { env: this.environment, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }

  /** Runs a command that goes on until it is stopped; answers once it has printed an address that fits `way`. */
  async start(command, way) {
    this.program = spawn(PROGRAM, command, { env: this.environment, cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((done) => this.program.once("exit", (code) => done(code)));
    this.program.stderr.on("data", (bytes) => { this.complaints += bytes; });
    const found = new Promise((done) => this.program.stdout.on("data", (bytes) => {
      this.said += bytes;
      const address = this.said.match(/https?:\/\/\S+/g)?.find((one) => way.test(one));
      if (address && this.said.indexOf("\n", this.said.indexOf(address)) >= 0) done(address);
    }));
    const late = new Promise((done) => setTimeout(done, START_MS, null).unref());
    const address = await Promise.race([found, this.ended.then(() => null), late]);
    if (!address) throw new Error(`no address was printed by ${command.join(" ")}:\n${this.said}\n${this.complaints}`);
    this.origin = new URL(address).origin;
    return address;
  }

  /** The pages, once there is an organisation. */
  serve() {
    return this.start(["serve"], /^http:\/\/127\.0\.0\.1:\d+\/$/);
  }

  /** A new way in for a member: an address where they choose a password. */
  async wayIn(email) {
    const printed = await this.run("user", "password", email);
    return this.origin + new URL(printed.match(/https?:\/\/\S+/)[0]).pathname;
  }

  /** Stops the program as Ctrl-C would, and takes the folder away. Answers with its exit code. */
  async stop() {
    let code = null;
    if (this.program) {
      this.program.kill("SIGINT");
      const late = new Promise((done) => setTimeout(done, STOP_MS, "late").unref());
      code = await Promise.race([this.ended, late]);
      if (code === "late") this.program.kill("SIGKILL");
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    return code;
  }
}

/** The sample organisation with its queries, loaded by the command line. */
export async function sample(place) {
  const folder = join(ROOT, "crates/dandelion/sample");
  await place.run("org", "import", join(folder, "org.toml"));
  await place.run("query", "import", join(folder, "queries.toml"));
}

/** Asks until `look` answers something; for what arrives by itself. */
export async function until(what, look, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${ms / 1000} s in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
