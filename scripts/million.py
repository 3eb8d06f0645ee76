"""A store of very many posts of the last 30 days, filled past the intake, for figures that depend on how much is stored."""

import csv
import io
import pathlib
import random
import sqlite3
import subprocess
import time

AUTHORS = 100_000
COLUMNS = "id, network, remote_id, source_id, author_id, thread_id, text, lang, created_at, received_at, revision, digest, likes, links, media, extra, ours"


def fill(hub, posts, texts, database=None):
    """Fills the store of a hub that is not running; `database` is its PostgreSQL address, otherwise it is SQLite."""
    hub.command("source", "add", "--kind", "webhook", "--name", "Million", "--network", "forum")
    if database:
        postgres(database, posts, texts)
    else:
        sqlite(pathlib.Path(hub.folder.name) / "data/dandelion.db", posts, texts)


def rows(posts, texts, digest):
    chance, now = random.Random(11), time.time_ns() // 1000
    for number in range(1, posts + 1):
        at = now - 30 * 86_400_000_000 + 60_000_000 + number * 29 * 86_400_000_000 // posts
        text = f"{chance.choice(texts)} {chance.choice(texts)[:40]}"
        yield (number, "forum", f"m{number}", 1, chance.randrange(1, AUTHORS + 1), 1, text, "en", at, at, 1, digest, chance.randrange(9), "[]", "[]", "{}", 0)


def authors():
    for number in range(1, AUTHORS + 1):
        yield (number, "forum", f"a{number}", f"person_{number}", f"Person {number}", number % 5000, 0, 0)


def sqlite(file, posts, texts):
    """The index of words stays empty here: Python's own SQLite may be too old for it."""
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript("pragma synchronous = off; pragma cache_size = -200000")
    db.execute("begin")
    db.execute("insert into threads (id, network) values (1, 'forum')")
    db.executemany("insert into authors (id, network, remote_key, handle, name, followers, ours, seen_at) values (?, ?, ?, ?, ?, ?, ?, ?)", authors())
    places = ", ".join("?" * 17)
    db.executemany(f"insert into posts ({COLUMNS}) values ({places})", rows(posts, texts, b"\0"))
    for name, last in [("posts", posts), ("threads", 1), ("authors", AUTHORS)]:
        db.execute("insert into counters (name, last) values (?, ?) on conflict (name) do update set last = excluded.last", (name, last))
    db.execute("commit")
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def postgres(database, posts, texts):
    run = lambda sql, lines=None: subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", database, "-c", sql], input=lines, text=True, check=True, stdout=subprocess.DEVNULL)
    run("insert into threads (id, network) values (1, 'forum')")
    run("copy authors (id, network, remote_key, handle, name, followers, ours, seen_at) from stdin csv", written(authors()))
    chunk, all_rows = [], rows(posts, texts, "\\x00")
    for row in all_rows:
        chunk.append(row)
        if len(chunk) == 100_000:
            run(f"copy posts ({COLUMNS}) from stdin csv", written(chunk))
            chunk = []
    run(f"copy posts ({COLUMNS}) from stdin csv", written(chunk))
    run("insert into post_words (post_id, words) select id, to_tsvector('simple', text) from posts")
    run(f"select setval('ids_posts', {posts}), setval('ids_threads', 1), setval('ids_authors', {AUTHORS})")
    run("vacuum analyze")


def written(lines):
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue()
