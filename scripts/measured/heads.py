"""Every head on every dev part, by the shipped commands, beside a linear support vector machine of a public package on the same
texts in the same run. `register` adds it to `scripts/measure`, which hands over the program and where the labelled sets lie.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

PEER = "scikit-learn==1.9.1"
# Name, head, set, label column, figure, what is asked of the held-back part in %, which rows of the dev part (column, values).
SHIPPED = (
    ("sentiment tweets", "sentiment", "tweeteval_sentiment", "label", "macro_recall", 68, None),
    ("sentiment airline, untrained", "sentiment", "airline", "sentiment", "macro_f1", 66, None),
    ("sentiment 8 languages", "sentiment", "xlmt_sentiment", "label", "macro_f1", 60, None),
    ("emotion", "emotion", "tweeteval_emotion", "label", "macro_f1", 74, None),
    ("offensive", "offensive", "tweeteval_offensive", "label", "macro_f1", 77, None),
    ("irony", "irony", "tweeteval_irony", "label", "macro_f1", 70, None),
    ("language tweets", "language", "xlmt_sentiment", "lang", "accuracy", 99, ("lang", lambda it: it != "hi")),
    ("language sentences", "language", "lid_lingua", "lang", "accuracy", 99.3, ("kind", lambda it: it == "sentences")),
    ("language word pairs", "language", "lid_lingua", "lang", "accuracy", 95, ("kind", lambda it: it == "word-pairs")),
)
OWN = (
    ("banking77", "banking77", "label", "accuracy", 93, None),
    ("clinc150 in scope", "clinc150", "label", "accuracy", 94, ("label", lambda it: it != "oos")),
    ("complaints", "complaints", "label", "macro_f1", 83, None),
    ("airline reason", "airline", "negativereason", "macro_f1", 60, None),
    ("airline sentiment", "airline", "sentiment", "macro_f1", 80, None),
    ("suggestions", "suggestions", "label", "suggestion", 62, None),
    ("crisis type", "crisislex_t26", "info_type", "macro_f1", 73, None),
)
# Its own words and letters, as a careful user of the package would choose them.
BASELINE = """
import json, sys
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, f1_score, recall_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC
def read(file):
    names, *rows = open(file, encoding="utf-8").read().rstrip("\\n").split("\\n")
    text, label = names.split("\\t").index("text"), names.split("\\t").index(sys.argv[3])
    rows = [row.split("\\t") for row in rows]
    return zip(*[(row[text], row[label]) for row in rows if row[label] not in ("", "-")])
texts, labels = read(sys.argv[1])
asked, right = read(sys.argv[2])
words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
said = make_pipeline(make_union(words, letters), LinearSVC(C=0.5)).fit(texts, labels).predict(asked)
each = f1_score(right, said, average=None, labels=sorted(set(right)), zero_division=0)
found = {"accuracy": accuracy_score(right, said), "macro_f1": f1_score(right, said, average="macro", zero_division=0)}
found["macro_recall"] = recall_score(right, said, average="macro", zero_division=0)
print(json.dumps(found | {"labels": {name: {"f1": f1} for name, f1 in zip(sorted(set(right)), each)}}))
"""


def register(measure, binary, splits):
    @measure("understand.heads", "of 16 figures reached", "dandelion eval on the dev parts, each ≥ what is asked of the held-back part; beside a linear SVM of scikit-learn")
    def heads():
        program = binary()
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            python = peer(folder)
            found = {}
            for name, head, data, label, figure, asked, rows in SHIPPED:
                dev = part(splits / data / "dev.tsv", folder, rows)
                ours = said(program, "--head", head, "--data", dev, "--label", label)
                learned = head != "language" and "untrained" not in name
                found[name] = (share(ours, figure), asked, beside(python, splits / data, dev, label, figure) if learned else None)
            for name, data, label, figure, asked, rows in OWN:
                dev = part(splits / data / "dev.tsv", folder, rows)
                begun = time.monotonic()
                subprocess.run([program, "train", "--head", "own", "--data", splits / data / "train.tsv", "--label", label, "--out", folder], check=True, capture_output=True)
                if name == "banking77":
                    seconds = time.monotonic() - begun
                ours = said(program, "--head", "own", "--model", folder, "--data", dev, "--label", label)
                found[name] = (share(ours, figure), asked, beside(python, splits / data, dev, label, figure))
        shown = {name: f"{ours:.1f} (asked {asked}" + (f", SVM {peer:.1f})" if peer else ")") for name, (ours, asked, peer) in found.items()}
        reached = sum(ours >= asked for ours, asked, _ in found.values())
        return reached, shown | {"seconds_for_77_labels": round(seconds, 1)}, reached == len(found) and seconds < 10


def peer(folder):
    """A Python with the package of the peer."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER], check=True)
    return python


def part(file, folder, rows):
    """The file, or a copy of the rows that count."""
    if rows is None:
        return file
    column, counts = rows
    names, *lines = file.read_text(encoding="utf-8").rstrip("\n").split("\n")
    place = names.split("\t").index(column)
    copy = folder / "part.tsv"
    copy.write_text("\n".join([names, *(line for line in lines if counts(line.split("\t")[place]))]) + "\n", encoding="utf-8")
    return copy


def said(program, *arguments):
    return json.loads(subprocess.run([program, "eval", "--json", *arguments], check=True, capture_output=True, text=True).stdout)


def beside(python, data, dev, label, figure):
    command = [python, "-c", BASELINE, data / "train.tsv", dev, label]
    return share(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout), figure)


def share(found, figure):
    """A figure in %; the name of a label stands for its F1."""
    return round(100 * (found[figure] if figure in found else found["labels"][figure]["f1"]), 1)
