"""A running hub for measuring: started in an empty folder, signed in to, sent posts to, watched."""

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import queue
import random
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "crates/dandelion/sample"
EMAIL = "imke@hollerbek.example"  # administers the sample organisation
PASSWORD = "a sentence is fine"


class Served:
    """`with Served(binary) as hub:` gives a hub with the sample organisation, and takes everything away at the end."""

    def __init__(self, binary, **settings):
        self.binary = binary
        self.folder = tempfile.TemporaryDirectory(prefix="dandelion-measure-")
        data = {"DANDELION_DATA_DIR": f"{self.folder.name}/data", "DANDELION_LISTEN": "127.0.0.1:0", "DANDELION_LOG": "error"}
        self.env = {**os.environ, **data, **settings}
        self.program = None

    def __enter__(self):
        self.command("org", "import", SAMPLE / "org.toml")
        self.command("query", "import", SAMPLE / "queries.toml")
        return self

    def command(self, *arguments):
        done = subprocess.run([self.binary, *map(str, arguments)], env=self.env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"dandelion {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def serve(self):
        """Starts it; answers with the seconds until /readyz said that it is ready."""
        start = time.time()
        self.program = subprocess.Popen([self.binary, "serve"], env=self.env, stdout=subprocess.PIPE, text=True)
        for line in self.program.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                break
        threading.Thread(target=self.program.stdout.read, daemon=True).start()
        while self.get("/readyz")[0] != 200:
            time.sleep(0.01)
        return time.time() - start

    def get(self, path, headers=None):
        """One request on a connection of its own: status, headers, body."""
        return self.ask("GET", path, None, headers or {})

    def ask(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except ConnectionError:
            return 0, {}, b""
        finally:
            connection.close()

    def sign_in(self, email=EMAIL):
        """The cookies of a member, signed in as a person does it: by the address that the command line prints."""
        path = urllib.parse.urlsplit(re.search(r"https?://\S+", self.command("user", "password", email))[0]).path
        status, headers, page = self.get(path)
        cookies = {}
        keep(cookies, headers)
        token = re.search(rb'name="csrf" value="([^"]+)"', page)
        if status != 200 or not token:
            raise SystemExit(f"{path} answers {status} without a form")
        form = urllib.parse.urlencode({"csrf": token[1].decode(), "password": PASSWORD, "again": PASSWORD})
        more = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://127.0.0.1:{self.port}", "cookie": told(cookies)}
        status, headers, page = self.ask("POST", path, form, more)
        keep(cookies, headers)
        if status not in (302, 303):
            raise SystemExit(f"choosing a password was answered with {status}: {page[:300]}")
        return {"cookie": told(cookies)}

    def webhook(self, network="forum"):
        """A new signed webhook: something that sends posts."""
        printed = self.command("source", "add", "--kind", "webhook", "--name", "Measure", "--network", network)
        return Webhook(self.port, re.search(r"/hooks/\S+", printed)[0], re.search(r"whsec_(\S+)", printed)[1])

    def memory_mib(self):
        """Resident memory of the program and the most it ever was, MiB."""
        status = pathlib.Path(f"/proc/{self.program.pid}/status").read_text()
        kib = lambda name: int(re.search(rf"{name}:\s+(\d+)", status)[1])
        return round(kib("VmRSS") / 1024, 1), round(kib("VmHWM") / 1024, 1)

    def __exit__(self, *_):
        if self.program:
            self.program.send_signal(signal.SIGINT)
            try:
                self.program.wait(60)
            except subprocess.TimeoutExpired:
                self.program.kill()
        self.folder.cleanup()


class Webhook:
    """Sends posts, signed by Standard Webhooks, on one connection that is kept open."""

    def __init__(self, port, path, secret):
        self.path, self.key = path, base64.b64decode(secret)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, posts):
        body = json.dumps({"type": "post.created", "data": posts})
        name, at = f"msg_{uuid.uuid4()}", str(int(time.time()))
        signed = hmac.new(self.key, f"{name}.{at}.{body}".encode(), hashlib.sha256).digest()
        headers = {"content-type": "application/json", "webhook-id": name, "webhook-timestamp": at}
        headers["webhook-signature"] = f"v1,{base64.b64encode(signed).decode()}"
        self.connection.request("POST", self.path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"the webhook answered {answer.status}: {text[:300]}")
        return json.loads(text)


class Listening:
    """An open desk page's line: what server-sent events say, each with the moment it came."""

    def __init__(self, port, headers):
        self.heard = queue.Queue()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.connection.request("GET", "/live", headers={**headers, "accept": "text/event-stream"})
        self.answer = self.connection.getresponse()
        if self.answer.status != 200:
            raise SystemExit(f"/live answered {self.answer.status}")
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        event = ""
        while line := self.answer.readline():
            if line.startswith(b"event:"):
                event = line[6:].strip().decode()
            elif line.startswith(b"data:"):
                self.heard.put((time.time(), event, json.loads(line[5:])))


class Desk:
    """What the script of an open desk page does with what it hears: gathers for a moment, then asks for the rows."""

    GATHER = 0.25  # seconds, as in assets/live.js

    def __init__(self, hub, cookies):
        self.hub, self.cookies, self.seen = hub, cookies, {}
        self.line = Listening(hub.port, cookies)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        while True:
            cases = {self.line.heard.get()[2].get("case")}
            time.sleep(self.GATHER)
            while not self.line.heard.empty():
                cases.add(self.line.heard.get()[2].get("case"))
            ids = ",".join(str(case) for case in cases if case)
            if not ids:
                continue
            _, _, page = self.hub.get(f"/desk/rows?view=all&ids={ids}", {**self.cookies, "accept": "text/html"})
            for number in re.findall(rb"zq(\d+)z", page):
                self.seen.setdefault(int(number), time.time())

    def wait_for(self, count, seconds=20):
        end = time.time() + seconds
        while len(self.seen) < count and time.time() < end:
            time.sleep(0.05)


def crowd(posts, cases, texts, seed=7):
    """Posts of as many conversations as there shall be cases: each begins with somebody who calls us."""
    chance = random.Random(seed)
    start = time.time() - 30 * 86400
    for number in range(posts):
        root = number % cases
        at = datetime.datetime.fromtimestamp(start + number * 30 * 86400 / posts, datetime.timezone.utc)
        author = number if number == root else chance.randrange(30_000)  # nobody begins two: those would be one case
        post = {"id": f"c{number}", "text": chance.choice(texts), "created_at": at.isoformat()}
        post["author"] = {"id": f"a{author}", "handle": f"@person_{author}", "name": f"Person {author}", "followers": chance.randrange(5000)}
        if number == root:
            post["text"] = f"@hollerbek_care {chance.choice(PRODUCTS)} {post['text']}"
        else:
            post["in_reply_to"] = f"c{root}"
        yield post


PRODUCTS = ["my K2 kettle leaks:", "Wasserkocher K1 defekt:", "the oven O7 is hot:", "mixer M8?", "where can I buy the blender S1?", "refund please:", "thank you!"]


def keep(cookies, headers):
    for one in headers.get_all("set-cookie") or []:
        name, _, value = one.split(";")[0].partition("=")
        cookies[name] = value


def told(cookies):
    return "; ".join(f"{name}={value}" for name, value in cookies.items() if value)
