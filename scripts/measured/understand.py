"""Figures of understanding: what the shipped heads and heads of one's own are worth, and what a post costs.

On the dev parts of the labelled sets beside the repository; nothing is tuned on them. `register` adds them to
`scripts/measure`, which hands over how a figure is registered and how an example of a crate is run.
"""

import functools

CRATE = "dandelion-understand"


def register(measure, example):
    example = functools.cache(example)

    @measure("understand.sentiment", "% macro-recall", "tweets ≥ 68 on the held-back part; airline without training ≥ 66 macro-F1; 8 languages ≥ 60 macro-F1")
    def sentiment():
        found = example(CRATE, "figures", "shipped")
        tweets, airline, many = (found[name] for name in ("sentiment", "sentiment.airline", "sentiment.many"))
        ok = tweets["macro_recall"] >= 68 and airline["macro_f1"] >= 66 and many["macro_f1"] >= 60
        beside = {"airline_f1": airline["macro_f1"], "languages_f1": many["macro_f1"], **found["sentiment.by_language"]}
        beside |= {f"{name}_as_analysed_f1": found[f"{key}.analysis"]["macro_f1"] for name, key in (("tweets", "sentiment"), ("airline", "sentiment.airline"), ("languages", "sentiment.many"))}
        return tweets["macro_recall"], beside, ok

    for question, asked in (("emotion", 74), ("offensive", 77), ("irony", 70)):
        head(measure, example, question, asked)

    @measure("understand.own", "% accuracy", "banking77 ≥ 93, clinc150 in scope ≥ 94, complaints F1 ≥ 83, airline reason F1 ≥ 60, airline sentiment F1 ≥ 80, suggestions F1 ≥ 62, crisis type F1 ≥ 73")
    def own():
        found = example(CRATE, "figures", "own")
        figures = {
            "clinc150": (found["clinc150.label"]["in_scope_accuracy"], 94),
            "complaints": (found["complaints.label"]["macro_f1"], 83),
            "airline_reason": (found["airline.negativereason"]["macro_f1"], 60),
            "airline_sentiment": (found["airline.sentiment"]["macro_f1"], 80),
            "suggestions": (found["suggestions.label"]["f1_of_suggestion"], 62),
            "crisis": (found["crisislex_t26.info_type"]["macro_f1"], 73),
        }
        banking = found["banking77.label"]["accuracy"]
        ok = banking >= 93 and all(value >= asked for value, asked in figures.values())
        return banking, {name: value for name, (value, _) in figures.items()}, ok

    @measure("understand.needs", "% F1 of purchase intent", "heads beside the rules better than rules alone on held-out posts: purchase, leaving, risks, urgency")
    def needs():
        found = example(CRATE, "figures", "needs")["held_out"]
        pairs = {name: (found[name]["rules"]["f1"], found[name]["with_heads"]["f1"]) for name in ("purchase", "cancel", "risk")}
        pairs["urgency"] = tuple(found["urgency"][which]["macro_f1"] for which in ("rules", "with_heads"))
        beside = {"n": found["n"]} | {f"{name}_{which}": value for name, both in pairs.items() for which, value in zip(("rules", "with_heads"), both)}
        return pairs["purchase"][1], beside, all(after > before for before, after in pairs.values())

    @measure("understand.behaviour", "% passed", "≥ 200 templates; groups of people fare alike (gap ≤ 5 points)")
    def behaviour():
        found = example(CRATE, "figures", "behaviour")
        beside = {name: found[name] for name in ("templates", "posts", "gap_between_groups")} | found["capabilities"]
        return found["passed"], beside, found["templates"] >= 200 and found["gap_between_groups"] <= 5

    @measure("understand.language", "% of tweets", "tweets (7) ≥ 99, sentences ≥ 99.3, word pairs ≥ 95 of 40 languages")
    def language():
        found = example(CRATE, "figures", "language")
        ok = found["tweets"] >= 99 and found["sentences"] >= 99.3 and found["word-pairs"] >= 95
        return found["tweets"], {name: value for name, value in found.items() if name != "tweets"}, ok

    @measure("understand.personal", "% recall", "structured kinds ≥ 99, their false hits < 1 in 1,000 texts; names F1 ≥ 80")
    def personal():
        found = example(CRATE, "figures", "personal")
        rate = 1000 * found["false_hits"] / found["texts"]
        beside = {"false_hits_per_1000": rate, "names_f1": found["names_f1"]}
        beside |= {f"{what}_in_10029_airline_posts": found[f"{what}_in_airline_posts"] for what in ("spans", "names")}
        return found["recall"], beside, found["recall"] >= 99 and rate < 1 and found["names_f1"] >= 80

    @measure("understand.calibration", "ECE", "every shipped head ≤ 0.04")
    def calibration():
        found = example(CRATE, "figures", "shipped")
        each = {name: it["ece"] for name, it in found.items() if "ece" in it and name != "sentiment.airline" and not name.endswith(".analysis")}
        return max(each.values()), {**each, "airline, never learned from": found["sentiment.airline"]["ece"]}, max(each.values()) <= 0.04

    @measure("understand.speed", "posts/s", "≥ 10,000 a core, p99 < 1 ms, ≤ 5 × the time of vader_sentiment on the same posts, load < 100 ms")
    def speed():
        found = example(CRATE, "speed")
        ok = found["per_s"] >= 10_000 and found["p99_us"] < 1000 and found["times_vader"] <= 5 and found["load_ms"] < 100
        return found["per_s"], {name: found[name] for name in ("p99_us", "vader_per_s", "times_vader", "load_ms")}, ok

    @measure("understand.train", "s", "77 labels from 9,000 examples < 10 s")
    def train():
        found = example(CRATE, "figures", "own", "banking77.label")["banking77.label"]
        return found["seconds"], {"accuracy": found["accuracy"], "kib": found["kib"]}, found["seconds"] < 10

    @measure("understand.learning", "% macro-F1 after 200 corrections", "a curve that rises: 0, 20, 50, 200 corrections of the airline reasons, training < 10 s")
    def learning():
        found = example("dandelion-hub", "learning")
        curve = found["curve"]
        scores = [it["macro_f1"] for it in curve]
        beside = {f"after_{it['corrections']}": f"{it['macro_f1']:.1f} ({it['lowest']:.1f} to {it['highest']:.1f})" for it in curve}
        beside["seconds_at_200"] = round(curve[3]["seconds"], 1)
        return round(scores[3], 1), beside, scores == sorted(scores) and curve[3]["seconds"] < 10


def head(measure, example, question, asked):
    @measure(f"understand.{question}", "% macro-F1", f"≥ {asked} on the held-back part")
    def figure():
        found = example(CRATE, "figures", "shipped")[question]
        return found["macro_f1"], {"n": found["n"], "accuracy": found["accuracy"], "ece": found["ece"]}, found["macro_f1"] >= asked
