"""A WebSub hub made of flask-websub, and a feed it tells of: `hub.py PORT FOLDER`. `POST /_say t=…` adds an entry and tells
(`quiet=1`: adds it only); `/_told` lists who is told; `POST /_set` has it refuse (`refuse=why`), sign otherwise
(`sign=sha1`), or names another hub in the feed (`hub=address`)."""

import sys

from celery import Celery
from flask import Flask, Response, jsonify, request
from flask_websub.hub import Hub, SQLite3HubStorage

port, folder = int(sys.argv[1]), sys.argv[2]
base = f"http://127.0.0.1:{port}"
tasks = Celery("hub", broker="memory://")
# Everything happens within the request, and what cannot be delivered is not tried again.
tasks.conf.task_always_eager = True
tasks.conf.task_eager_propagates = False
hub = Hub(SQLite3HubStorage(f"{folder}/hub.sqlite3"), tasks, SIGNATURE_ALGORITHM="sha512", MAX_ATTEMPTS=0)
app = Flask("hub")
app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
entries, chosen = [], {"refuse": "", "hub": f"{base}/hub"}
hub.register_validator(lambda *_: chosen["refuse"] or None)


@app.get("/feed.xml")
def feed():
    items = "".join(f"<item><guid isPermaLink='false'>{n}</guid><title>{t}</title></item>" for n, t in enumerate(entries))
    text = f"<rss version='2.0'><channel><title>News</title><link>{base}</link><description>d</description>{items}</channel></rss>"
    links = f'<{chosen["hub"]}>; rel="hub", <{base}/feed.xml>; rel="self"'
    return Response(text, mimetype="application/rss+xml", headers={"Link": links})


@app.post("/_say")
def say():
    entries.append(request.form["t"])
    if "quiet" not in request.form:
        hub.send_change_notification.delay(f"{base}/feed.xml")
    return "said"


@app.post("/_set")
def choose():
    chosen.update({name: request.form[name] for name in ("refuse", "hub") if name in request.form})
    hub.config["SIGNATURE_ALGORITHM"] = request.form.get("sign", hub.config["SIGNATURE_ALGORITHM"])
    return "set"


@app.get("/_told")
def told():
    return jsonify([callback for callback, _ in hub.storage.get_callbacks(f"{base}/feed.xml")])


app.run("127.0.0.1", port, threaded=True)
