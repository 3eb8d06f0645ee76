"""What listening promises: speed beside pinned loops of the same run, size, exactness, changes under traffic.

The posts and the sets of queries are made from ../shared/bench as its README says; nothing is kept in the repository.
"""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SETS = "tweeteval_sentiment airline crisislex_t26 brand_emotion tweeteval_offensive".split()
SIZES = (100, 1_000, 10_000, 100_000)


def register(measure, tools):
    """Adds the figures. `tools` has `shared`, `example(crate, name, *arguments)`, `tests(crate, name, **env)` and `release_binary()`."""

    @functools.cache
    def bench():
        folder = tempfile.TemporaryDirectory(prefix="dandelion-listen-")
        bench.keep = folder
        make_sets(tools.shared, pathlib.Path(folder.name))
        return pathlib.Path(folder.name)

    @functools.cache
    def speed():
        folder = bench()
        found = tools.example("dandelion-listen", "match_speed", str(folder / "posts.txt"), *(str(folder / f"{size}.toml") for size in SIZES))
        return {one["queries"]: one for one in found["sets"]}

    @measure("listen.match", "of the plain loop", "10,000 queries: ≥ 0.8 of the speed of split + to_lowercase + FxHash, faster than daachorse on the terms")
    def match():
        one = speed()[10_000]
        beside = {"match_us": round(one["match_us"], 3), "plain_us": round(one["plain_us"], 3), "daachorse_us": round(one["daachorse_us"], 3), "words_us": round(one["words_us"], 3), "hits": one["hits"]}
        return round(one["of_plain"], 2), beside, one["of_plain"] >= 0.8 and one["match_us"] < one["daachorse_us"]

    @measure("listen.scale", "times", "µs a post: 100 → 1,000 ≤ 1.25, 1,000 → 10,000 ≤ 2.2, 10,000 → 100,000 ≤ 6")
    def scale():
        took = [speed()[size]["match_us"] for size in SIZES]
        steps = [after / before for before, after in zip(took, took[1:])]
        beside = {**{f"us_{size}": round(us, 3) for size, us in zip(SIZES, took)}, "steps": " ".join(f"{step:.2f}" for step in steps)}
        return round(steps[-1], 2), beside, all(step <= limit for step, limit in zip(steps, (1.25, 2.2, 6)))

    @measure("listen.unknown", "times", "10,000 queries before any post taught which words are common: ≤ 1.6 of after")
    def unknown():
        one = speed()[10_000]
        share = one["unknown_us"] / one["match_us"]
        return round(share, 2), {"unknown_us": round(one["unknown_us"], 3), "known_us": round(one["match_us"], 3)}, share <= 1.6

    @measure("listen.load", "s", "CPU from queries.toml to the matcher: 10,000 < 0.25 s, 100,000 < 3 s")
    def load():
        took = {size: speed()[size]["read_s"] + speed()[size]["compile_s"] for size in SIZES[2:]}
        beside = {"s_100000": round(took[100_000], 2), "read_s": round(speed()[10_000]["read_s"], 3), "compile_s": round(speed()[10_000]["compile_s"], 3)}
        return round(took[10_000], 3), beside, took[10_000] < 0.25 and took[100_000] < 3

    @measure("listen.bytes", "bytes", "a query beside its text, at 10,000: ≤ 200")
    def size():
        bytes_each = {size: round(speed()[size]["bytes_a_query"]) for size in SIZES[2:]}
        return bytes_each[10_000], {"at_100000": bytes_each[100_000], "limit": 200}, bytes_each[10_000] <= 200

    @measure("listen.threads", "times", "two threads ≥ 1.8 of one, wall time, 10,000 queries")
    def threads():
        folder = bench()
        found = tools.example("dandelion-listen", "match_threads", str(folder / "posts.txt"), str(folder / "10000.toml"))
        return round(found["times"], 2), {"one_per_s": round(found["one_per_s"]), "two_per_s": round(found["two_per_s"]), "cores": os.cpu_count()}, found["times"] >= 1.8

    @measure("listen.command", "posts/s", "dandelion match, 10,000 queries, JSON in and out, two cores: ≥ 250,000")
    def command():
        folder = bench()
        posts = folder / "posts.jsonl"
        if not posts.exists():
            lines = (folder / "posts.txt").read_text(encoding="utf-8").split("\n")[:-1] * 5
            with posts.open("w", encoding="utf-8") as out:
                out.writelines(json.dumps({"id": str(nth), "text": text}, ensure_ascii=False) + "\n" for nth, text in enumerate(lines))
        program = tools.release_binary()
        answer = folder / "answer.jsonl"

        def timed(file):
            start = time.perf_counter()
            with answer.open("wb") as out:
                subprocess.run([program, "match", "--queries", str(folder / "10000.toml"), str(file)], stdout=out, check=True)
            return time.perf_counter() - start

        empty = folder / "empty.jsonl"
        empty.write_text("")
        loading = min(timed(empty) for _ in range(3))
        took = min(timed(posts) for _ in range(3)) - loading
        ids = [json.loads(line)["id"] for line in answer.open(encoding="utf-8")]
        in_order = ids == [str(nth) for nth in range(len(ids))] and len(ids) % 5 == 0 and len(ids) > 0
        per_second = len(ids) / took
        return round(per_second), {"posts": len(ids), "loading_s": round(loading, 2), "in_order": in_order, "cores": os.cpu_count()}, in_order and per_second >= 250_000

    @measure("listen.naive", "hits", "every real post × 1,000 queries: the same hits as each query asked alone; both paths cut words alike")
    def naive():
        env = {"DANDELION_QUERIES": str(bench() / "1000.toml"), "DANDELION_SHARED": str(tools.shared), "TESTS_IGNORED": "1"}
        passed, failed, text = tools.tests("dandelion-listen", "real_posts", **env)
        told = [json.loads(found) for found in re.findall(r'\{[^{}]*"posts"[^{}]*\}', text)]
        counted = next((one for one in told if "hits" in one), {"hits": 0})
        return counted["hits"], {**counted, "tests_passed": passed, "tests_failed": failed}, passed == 2 and failed == 0 and counted["hits"] > 0

    @measure("listen.change", "ms", "one query of 10,000 changed under traffic: seen < 100 ms, no post missed or matched twice")
    def change():
        passed, failed, text = tools.tests("dandelion-listen", "a_change_under_traffic")
        told = [json.loads(found) for found in re.findall(r'\{[^{}]*"slowest_ms"[^{}]*\}', text)]
        slowest = told[-1]["slowest_ms"] if told else None
        return slowest, (told[-1] if told else {}), passed == 1 and failed == 0 and slowest is not None and slowest < 100


def make_sets(shared, folder):
    """posts.txt by the recipe of ../shared/bench/README.md, and the sets of queries of seed 1."""
    seen = {}
    for name in SETS:
        for part in "train", "dev":
            head, *rows = (shared / f"data/splits/{name}/{part}.tsv").open(encoding="utf-8", newline="").read().split("\n")
            column = head.split("\t").index("text")
            seen |= dict.fromkeys(row.split("\t")[column] for row in rows if row)
    posts = folder / "posts.txt"
    posts.write_text("".join(text.replace("\r", " ") + "\n" for text in seen), encoding="utf-8", newline="\n")
    for size in SIZES:
        with (folder / f"{size}.toml").open("wb") as out:
            subprocess.run([sys.executable, str(shared / "bench/make_queries.py"), str(posts), str(size), "1"], stdout=out, check=True)
