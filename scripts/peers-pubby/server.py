"""A server of the fediverse made of Pubby: one person, `server.py PORT NAME FOLDER`. What was delivered to them (and
believed) is at /_got, with how each was signed and answered; `POST /_send {kind, actor, text, id, re}` has them say, change, take back, follow.
Without `actor` it is for all who follow them. `{kind: "answers", with}` says what whoever asks to follow them is answered: Accept, Reject or nothing."""

import itertools
import sys

from flask import Flask, jsonify, request
from pubby import ActivityPubHandler, Object, deliver_activity
from pubby.crypto import generate_rsa_keypair
from pubby.server.adapters.flask import bind_activitypub
from pubby.storage.adapters.db import init_db_storage

port, name, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
base = f"http://localhost:{port}"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
key, _ = generate_rsa_keypair()
answers = {"with": "Accept"}
policies = {"Accept": "accept", "Reject": "reject", None: "manual"}
handler = ActivityPubHandler(
    storage=init_db_storage(f"sqlite:///{folder}/{name}.db"),
    actor_config={"base_url": base, "username": name, "name": name, "summary": "a customer"},
    private_key=key,
    allow_private_targets=True,
    webfinger_domain=f"localhost:{port}",
    follow_policy=lambda _whom, _who: policies[answers["with"]],
)
app = Flask(name)
bind_activitypub(app, handler)
got, notes, follows, numbers = [], {}, {}, itertools.count(1)
me = handler.actor_id


@app.after_request
def believed(response):
    # Whatever Pubby does not believe it answers with 401.
    if request.method == "POST" and request.path.endswith("/inbox"):
        way = "RFC 9421" if "signature-input" in request.headers else "cavage"
        got.append({"kind": "signed", "way": way, "status": response.status_code})
    if request.method == "POST" and request.path.endswith("/inbox") and response.status_code < 300:
        told = request.get_json(force=True)
        thing = told.get("object")
        note = thing if isinstance(thing, dict) else {}
        if told["type"] == "Undo" and note.get("type") == "Follow":
            note["follow"] = note["id"]
        got.append({"kind": told["type"], "id": told["id"], "actor": told["actor"], "note": note.get("id"), "text": note.get("content"), "re": note.get("inReplyTo"), "follow": note.get("follow")})
    return response


@app.get("/_got")
def shown():
    return jsonify(got)


@app.get("/notes/<number>")
def note(number):
    return notes[number], 200, {"content-type": "application/activity+json"}


@app.post("/_send")
def send():
    asked = request.get_json()
    kind, actor = asked["kind"], asked.get("actor")
    if kind == "answers":
        answers["with"] = asked["with"]
        return jsonify(id=str(asked["with"]))
    number = str(next(numbers))
    if not actor:
        return jsonify(id=say(kind, number, asked))
    activity = {"@context": "https://www.w3.org/ns/activitystreams", "id": f"{base}/activities/{number}", "type": kind, "actor": me, "to": [PUBLIC], "cc": [actor]}
    where = asked.get("id") or f"{base}/notes/{number}"
    if kind == "Follow":
        activity["object"] = actor
        follows[actor] = activity
    elif kind == "Undo":
        activity["object"] = follows[actor]
    elif kind == "Delete":
        activity["object"] = {"id": where, "type": "Tombstone"}
    else:
        thing = {"id": where, "type": "Note", "attributedTo": me, "content": asked["text"], "to": [PUBLIC], "cc": [actor], "tag": [{"type": "Mention", "href": actor, "name": "us"}]}
        if asked.get("re"):
            thing["inReplyTo"] = asked["re"]
        notes[where.rsplit("/", 1)[1]] = {"@context": activity["@context"], **thing}
        activity["object"] = thing
    status = deliver_activity(activity, f"{actor}/inbox", key_id=handler.key_id, private_key=key)
    return jsonify(id=where, status=status), 200 if status < 300 else 502


def say(kind, number, asked):
    followers = handler.followers_url
    where = asked["id"] if kind in ("Update", "Delete") else f"{base}/notes/{number}"
    if kind == "Announce":
        handler.publish_activity(handler.outbox.build_announce_activity(asked["id"]))
        return where
    to, cc = ([followers], []) if asked.get("some") else ([PUBLIC], [followers])
    said = Object(id=where, content=asked.get("text") or "", attributed_to=me, to=to, cc=cc)
    notes[where.rsplit("/", 1)[1]] = {"@context": "https://www.w3.org/ns/activitystreams", **said.to_dict()}
    # `Keep` is said, and nobody is told.
    if kind != "Keep":
        handler.publish_object(said, kind)
    return where


app.run("127.0.0.1", port)
