"""What the connectors of networks promise."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# What each real server takes quickly: 10,000 in all. Mail only where DANDELION_ONCE asks for it: what cannot be seen there stays in doubt.
ONCE = "demo=7000,mastodon=2000,matrix=1000"


def register(measure, tools):
    """Adds the figures. `tools` has `example(crate, name, *arguments)`."""

    @measure("bluesky.jetstream", "events/s", "decode and filter a replay of frames of both kinds on one core: ≥ 50,000, beside serde_json::Value")
    def jetstream():
        found = tools.example("dandelion-networks", "jetstream")
        return found["events_per_s"], found, found["events_per_s"] >= 50_000

    @measure("networks.accounting", "items/s", "1,000,000 posts over 1,000 sources, 4 in 10 broken: each counted exactly, memory flat, p99 delay of the healthy ≤ 1.2 × of a run without the broken")
    def accounting():
        env = {"SOURCES": "1000", "POSTS": "1000", "SECONDS": "900", "BESIDE": "1"}
        env = {f"DANDELION_SCALE_{name}": os.environ.get(f"DANDELION_SCALE_{name}", value) for name, value in env.items()}
        passed, failed, told = told_by("scale", "a_crowd_of_sources", env)
        if not told:
            return 0, {"failed": failed}, False
        crowd, alone, times = told[-1]["crowd"], told[-1]["alone"], told[-1]["p99_times"]
        beside = {"p99_times": times} | crowd | {f"alone_{name}": value for name, value in alone.items() if name != "faults"}
        return crowd["per_s"], beside, passed > 0 and failed == 0 and times <= 1.2 and crowd["stored"] >= 1_000_000

    @measure("networks.once", "sends", "10,000 over real servers with acknowledgements lost, connections cut mid-body and kill -9 at random: 0 doubled, 0 lost, unknown only where no means exists")
    def once():
        env = {"DANDELION_ONCE": os.environ.get("DANDELION_ONCE", ONCE)}
        passed, failed, told = told_by("networks", "once::", env)
        beside = {"failed": failed}
        for each in told:
            beside |= {f"{each['network']} {name}": each[name] for name in ("sends", "sent", "in_doubt", "doubled", "lost", "kills", "faults", "took_s")}
        sends = sum(each["sends"] for each in told)
        return sends, beside, passed > 0 and failed == 0 and sends >= 10_000


def told_by(program, name, env):
    """Runs tests of one test program of `dandelion` in release, one after the other; how many passed and failed, and the objects they printed."""
    build = ["cargo", "test", "--release", "--locked", "--quiet", "-p", "dandelion", "--test", program, "--no-run", "--message-format=json"]
    built = subprocess.run(build, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    made = [json.loads(line) for line in built.splitlines() if line.startswith("{")]
    binary = next(one["executable"] for one in made if one.get("executable") and one["target"]["name"] == program)
    # A test program runs in the folder of its crate, as cargo does it.
    done = subprocess.run([binary, name, "--nocapture", "--test-threads", "1"], cwd=ROOT / "crates/dandelion", env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=False)
    told = [json.loads(line[line.index("{"):]) for line in done.stdout.splitlines() if '{"' in line and line.rstrip().endswith("}")]
    count = lambda word: sum(int(line.split(f" {word}")[0].split()[-1]) for line in done.stdout.splitlines() if line.startswith("test result"))
    return count("passed"), count("failed"), told
