"""Says how much of what was copied is traced, and how much that was not (`-m`, see RESULTS.md).

`python -m tests.bench.provenance FOLDER [MEGABYTES]`: FOLDER holds agentdojo 0.1.35, installed with
`pip install --no-deps --target FOLDER agentdojo==0.1.35`. Its environments are the results of a
session, with the documentation and sources of the installed packages around them. No model runs.
"""

import ast
import base64
import html
import json
import quopri
import random
import re
import statistics
import sys
import sysconfig
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml

from keyturn.application.ports.inspection import ResultSource, Tracing
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Origin
from keyturn.inspection.trace_indexes import LateTraceIndex, MemoryTraceIndexes
from keyturn.inspection.trace_text import leaf_text

_MEGABYTE = 1_000_000
_RESULT = 48_000
_CASES = 200
_HELD_OUT = ("keyring", "sqlite_utils", "uvicorn", "importlinter", "detect_secrets")
"""Packages that are not among the results: what is said there came from nowhere."""
_SUITES = ("banking", "slack", "travel", "workspace")
_HELD_SUITE = "travel"
_WORD = re.compile(r"[^\W_]+")
_COPIED = 8
"""Words in a row that two packages' texts share only when one was copied: licences, docstrings."""
_WORDS_IN_A_SPAN = (6, 7, 8, 10, 12, 16, 20, 30, 40)


@dataclass(slots=True)
class _Corpus:
    """What the session has seen."""

    index: LateTraceIndex
    results: list[str] = field(default_factory=list[str])
    values: list[str] = field(default_factory=list[str])
    adding: list[float] = field(default_factory=list[float])
    characters: int = 0

    def add(self, result: JsonObject, said: str) -> None:
        """Index one more result."""
        self.results.append(said)
        self.characters += len(said)
        source = ResultSource(number=len(self.results), server="bench", tool="read", untrusted=True)
        start = time.thread_time()
        self.index.add(source, result)
        self.adding.append((time.thread_time() - start) * 1e3)
        left = True
        while left:
            start = time.thread_time()
            left = self.index.go_on()
            self.adding.append((time.thread_time() - start) * 1e3)


def main() -> int:
    """Fill a session, ask about copies and about what is none, and print."""
    folder = Path(sys.argv[1])
    size = int(sys.argv[2] if len(sys.argv) > 2 else "100") * _MEGABYTE
    chance = random.Random(20)
    start = psutil.Process().memory_info().rss
    _warm()
    before = psutil.Process().memory_info().rss
    # As much as the goal allows, where a session has 128 MiB: nothing is dropped here.
    corpus = _Corpus(MemoryTraceIndexes(session_bytes=150 * _MEGABYTE).new_index())
    for suite in _SUITES:
        if suite != _HELD_SUITE:
            _add_suite(corpus, folder, suite)
    suites = len(corpus.results)
    _fill(corpus, size)
    held = psutil.Process().memory_info().rss - before
    texts = sum(map(sys.getsizeof, corpus.results))
    _say(f"{len(corpus.results)} results, {suites} of AgentDojo, {corpus.characters / 1e6:.0f} MB")
    counted, parts = _counted(corpus)
    _say(f"memory {counted:.0f} MB by the index's own count: {parts}")
    _say(
        f"   of the process {(held - texts) / 1e6:.0f} MB more, with what reading the packages "
        f"left behind; the library before that {(before - start) / 1e6:.0f} MB"
    )
    _say(
        f"adding p50 {statistics.median(corpus.adding):.2f}, worst {max(corpus.adding):.1f} ms CPU"
    )
    spans = [_span(chance, corpus) for _ in range(_CASES)]
    for name, change in _changes(chance).items():
        _recall(corpus, name, spans, change)
    _recall_in_results(corpus, chance)
    _whole(corpus, chance)
    _false(corpus, folder, chance)
    _lookups(corpus, folder, chance)
    return 0


def _warm() -> None:
    """Load the library, and make what one session alone would need, too."""
    index = MemoryTraceIndexes().new_index()
    index.add(ResultSource(number=1, server="", tool="", untrusted=True), {"content": []})


def _counted(corpus: _Corpus) -> tuple[float, str]:
    """Return what is held in MB, and of what it is made up."""
    made = corpus.index._made  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    segments = made._store.segments if made is not None else []  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    postings = sum(one.postings.bytes for one in segments) / 1e6
    words = sum(one.words for one in segments) / 1e6
    kept = [result for one in segments for result in one.results]
    texts = sum(one.text.bytes + one.rendering.bytes for one in kept) / 1e6
    dropped = made is not None and made._store.dropped  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    parts = f"keys {postings:.0f}, words {words:.0f}, texts {texts:.0f}, dropped {dropped}"
    return sum(one.bytes for one in segments) / 1e6, parts


# --------------------------------------------------------------------------- what was seen


def _add_suite(corpus: _Corpus, folder: Path, suite: str) -> None:
    data = _environment(folder / "agentdojo/data/suites" / suite / "environment.yaml")
    for item in _items(data):
        text = json.dumps(item, ensure_ascii=False, indent=2, default=str)
        value: JsonValue = json.loads(text)
        corpus.values.extend(_scalars(value))
        plain = text if len(corpus.results) % 2 else yaml.safe_dump(value, allow_unicode=True)
        corpus.add({"content": [{"type": "text", "text": plain}]}, plain)


class _Loader(yaml.SafeLoader):
    """Reads the environments, which include one another."""

    folder = Path()


def _included(loader: _Loader, node: yaml.ScalarNode) -> JsonValue:
    return _environment(loader.folder / str(loader.construct_scalar(node)))


_Loader.add_constructor("!include", _included)


def _environment(path: Path) -> JsonValue:
    before, _Loader.folder = _Loader.folder, path.parent
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    finally:
        _Loader.folder = before


def _items(data: JsonValue) -> Iterator[JsonValue]:
    """Yield what one call of a tool would return: a mail, a file, a transaction."""
    if isinstance(data, dict):
        for value in data.values():
            if isinstance(value, dict | list):
                yield from _items(value)
        if any(not isinstance(value, dict | list) for value in data.values()):
            yield data
    elif isinstance(data, list):
        for value in data:
            if isinstance(value, dict | list):
                yield from _items(value)
            else:
                alone: JsonValue = {"value": value}
                yield alone


def _scalars(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    else:
        text = leaf_text(value)
        if text is not None and "{" not in text:
            yield text


def _fill(corpus: _Corpus, size: int) -> None:
    for text in _documents(held_out=False):
        for start in range(0, len(text), _RESULT):
            if corpus.characters >= size:
                return
            part = text[start : start + _RESULT]
            corpus.add({"content": [{"type": "text", "text": part}]}, part)


def _documents(*, held_out: bool) -> Iterator[str]:
    """Yield what packages, and Python itself, say: their pages, docstrings, then sources."""
    yield from _documents_below(Path(sysconfig.get_path("purelib")), held_out=held_out)
    if not held_out:
        yield from _documents_below(Path(sysconfig.get_path("stdlib")), held_out=False)


def _documents_below(root: Path, *, held_out: bool) -> Iterator[str]:
    for suffixes in (("METADATA", ".md", ".rst"), ("docstrings",), (".py", ".ts", ".js", ".pyi")):
        for path in sorted(root.rglob("*")):
            ours = path.relative_to(root).parts[0].startswith(_HELD_OUT)
            wanted = path.name.endswith(suffixes if suffixes[0] != "docstrings" else ".py")
            if "site-packages" in path.relative_to(root).parts:
                continue
            if ours is not held_out or not wanted or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            if len(text) < 2 * _MEGABYTE:
                yield _docstrings(text) if suffixes[0] == "docstrings" else text


def _docstrings(source: str) -> str:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds))
    return "\n\n".join(filter(None, found))


# --------------------------------------------------------------------------- what was copied


def _span(chance: random.Random, corpus: _Corpus) -> str:
    """Take 6 to 40 words out of a result, as they stand."""
    while True:
        text = chance.choice(corpus.results)
        words = list(re.finditer(r"\S+", text))
        count = chance.choice(_WORDS_IN_A_SPAN)
        if len(words) <= count:
            continue
        first = chance.randrange(len(words) - count)
        span = text[words[first].start() : words[first + count - 1].end()]
        # Words with letters: six rulers in a row are no words.
        if sum(1 for word in span.split() if _WORD.search(word)) >= 6 and len(span) < 2_000:
            return span


def _changes(chance: random.Random) -> dict[str, Callable[[str], str]]:
    def dropped(text: str) -> str:
        return " ".join(word for n, word in enumerate(text.split(), 1) if n % 6)

    return {
        "verbatim": lambda text: text,
        "amid other words": lambda text: f"{_made_up(chance, 9)} {text} {_made_up(chance, 9)}",
        "edit: upper case": str.upper,
        "edit: spacing": lambda text: " \n ".join(text.split()),
        "edit: every 6th word dropped": dropped,
        "edit: punctuation": lambda text: re.sub(r"[.,;:'\"()-]", chance.choice([" ", "; "]), text),
        "base64": lambda text: base64.b64encode(text.encode()).decode(),
        "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
        "hex": lambda text: text.encode().hex(),
        "percent": lambda text: urllib.parse.quote(text, safe=""),
        "percent, +": urllib.parse.quote_plus,
        "HTML": lambda text: html.escape(text).replace("e", "&#101;"),
        "JSON": lambda text: json.dumps(text)[1:-1],
        "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    }


def _made_up(chance: random.Random, count: int) -> str:
    return " ".join(
        "".join(chance.choices("aeioubcdfghklmnprst", k=chance.randrange(3, 9)))
        for _ in range(count)
    )


def _recall(corpus: _Corpus, name: str, spans: list[str], change: Callable[[str], str]) -> None:
    incomplete, found = 0, 0
    missed: list[str] = []
    for span in spans:
        trace = corpus.index.trace({"body": change(span)})
        incomplete += trace.incomplete
        told = _tells(trace.origins, span)
        found += told
        missed += [] if told else [span[:80]]
    share = found / len(spans)
    _say(f"recall {name:30} {share:6.3f}   incomplete {incomplete}   missed {missed[:2]}")


def _tells(origins: tuple[Origin, ...], span: str) -> bool:
    """Tell whether what is shown holds most of the words that were copied."""
    wanted = set(_WORD.findall(span.lower()))
    shown = {word for origin in origins for word in _WORD.findall(origin.value.lower())}
    return 2 * len(wanted & shown) >= len(wanted)


def _recall_in_results(corpus: _Corpus, chance: random.Random) -> None:
    """Let results say things encoded, and ask about what they said."""
    spans = [_fresh(chance) for _ in range(_CASES)]
    for name, change in _changes(chance).items():
        if name.startswith(("verbatim", "amid", "edit")):
            continue
        indexes = MemoryTraceIndexes().new_index()
        for number, span in enumerate(spans, 1):
            text = f"Said: {change(span)} and no more"
            said: JsonObject = {"content": [{"type": "text", "text": text}]}
            source = ResultSource(number=number, server="bench", tool="read", untrusted=True)
            indexes.add(source, said)
        right = sum(
            number in {origin.result for origin in indexes.trace({"body": span}).origins}
            for number, span in enumerate(spans, 1)
        )
        _say(f"recall in results, {name:19} {right / len(spans):6.3f}")


def _fresh(chance: random.Random) -> str:
    return _made_up(chance, chance.choice(_WORDS_IN_A_SPAN))


def _whole(corpus: _Corpus, chance: random.Random) -> None:
    values = sorted({value for value in corpus.values if len(value) >= 4})
    missed = [v for v in values if not corpus.index.trace({"v": v}).origins]
    _say(
        f"recall whole values of AgentDojo    {1 - len(missed) / len(values):6.3f}   {len(values)}"
    )
    _say(f"   missed: {chance.sample(missed, min(8, len(missed)))}")


# --------------------------------------------------------------------------- what was not


def _false(corpus: _Corpus, folder: Path, chance: random.Random) -> None:
    words = Counter(word for text in corpus.results for word in set(text.split()))
    arguments = sorted(set(_ground_truth(folder / "agentdojo/default_suites/v1" / _HELD_SUITE)))
    told = [one for one in arguments if corpus.index.trace({"v": one}).origins]
    said = [one for one in told if any(one in text for text in corpus.results)]
    _say(
        f"links of the other suite's arguments {len(told)} of {len(arguments)}, of these "
        f"{len(said)} stand there as they are: {said[:6]}, others: {sorted({*told} - {*said})[:6]}"
    )
    sentences = [
        sentence
        for text in _documents(held_out=True)
        for sentence in re.split(r"(?<=[.!?])\s+", text)
        if 8 <= len(sentence.split()) <= 40 and sentence[0].isupper() and "\n\n" not in sentence
    ]
    chosen = chance.sample(sentences, min(1_000, len(sentences)))
    found = [one for one in chosen if corpus.index.trace({"v": one}).origins]
    shared = [
        one
        for one in found
        if any(_is_copy(one, origin) for origin in corpus.index.trace({"v": one}).origins)
    ]
    _say(
        f"links of sentences from elsewhere {len(found)} of {len(chosen)} = "
        f"{len(found) / len(chosen):.3f}, of these {len(shared)} do stand there, all of it or "
        f"{_COPIED} words in a row; the "
        f"rest {(len(found) - len(shared)) / len(chosen):.3f}; {len(words)} words in all"
    )
    odd = [o for one in found if one not in shared for o in corpus.index.trace({"v": one}).origins]
    for origin in chance.sample(odd, min(12, len(odd))):
        _say(f"   {origin.value[:90]!r}")


def _is_copy(sentence: str, origin: Origin) -> bool:
    """Tell whether a sentence and what it was traced to have so many words in a row in common."""
    mine, theirs = _WORD.findall(sentence.lower()), _WORD.findall(origin.value.lower())
    least = min(_COPIED, len(mine))
    runs = {tuple(theirs[at : at + least]) for at in range(len(theirs) - least + 1)}
    return any(tuple(mine[at : at + least]) in runs for at in range(len(mine) - least + 1))


def _ground_truth(folder: Path) -> Iterator[str]:
    """Yield the arguments of a suite's own solutions."""
    for arguments in _solutions(folder):
        for said in arguments.values():
            if leaf_text(said) is not None:
                yield str(said)


def _solutions(folder: Path) -> Iterator[JsonObject]:
    """Yield what the calls of a suite's own solutions say, as far as it is written out there."""
    tree = ast.parse((folder / "user_tasks.py").read_text(encoding="utf-8"))
    for task in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        named = {
            target.id: node.value
            for node in task.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in (node for node in ast.walk(task) if isinstance(node, ast.keyword)):
            if call.arg == "args" and isinstance(call.value, ast.Dict):
                yield dict(_written_out(call.value, named))


def _written_out(said: ast.Dict, named: dict[str, ast.expr]) -> Iterator[tuple[str, JsonValue]]:
    for key, value in zip(said.keys, said.values, strict=True):
        told = named.get(value.attr) if isinstance(value, ast.Attribute) else value
        constant = told.value if isinstance(told, ast.Constant) else None
        if isinstance(key, ast.Constant) and isinstance(constant, str | int | float):
            yield str(key.value), constant


# --------------------------------------------------------------------------- what it costs


def _lookups(corpus: _Corpus, folder: Path, chance: random.Random) -> None:
    suites = folder / "agentdojo/default_suites/v1"
    real = [one for suite in _SUITES for one in _solutions(suites / suite) if one]
    _timed(corpus, f"the suites' own {len(real)} calls", [*real, *real, *real])
    long: list[JsonObject] = []
    for _ in range(_CASES):
        parts = [_span(chance, corpus) for _ in range(4)]
        body = "\n".join(f"{_made_up(chance, 60)} {part}" for part in parts)
        long.append(
            {
                "to": chance.choice(corpus.values),
                "cc": [chance.choice(corpus.values) for _ in range(5)],
                "subject": _span(chance, corpus)[:80],
                "body": body[:3_500],
                "amount": chance.randrange(10**6),
            }
        )
    _timed(corpus, "3-4 KB", long)


def _timed(corpus: _Corpus, what: str, asked: list[JsonObject]) -> None:
    clock: list[float] = []
    busy: list[float] = []
    longest: list[float] = []
    for arguments in asked:
        pieces = _pieces(corpus.index.tracing(arguments))
        clock.append(sum(one for one, _ in pieces))
        busy.append(sum(one for _, one in pieces))
        longest.append(max(one for _, one in pieces))
    for name, taken in (("clock", clock), ("CPU", busy), ("one piece, CPU", longest)):
        worst = statistics.quantiles(taken, n=100)[98]
        _say(
            f"lookup of {what}, {name:14} p50 {statistics.median(taken):.2f} p99 {worst:.2f} "
            f"worst {max(taken):.2f} ms"
        )


def _pieces(tracing: Tracing) -> list[tuple[float, float]]:
    """Drive a trace to its end; return what each piece took by the clock and of the CPU, in ms."""
    taken: list[tuple[float, float]] = []
    left = True
    while left:
        start, work = time.perf_counter(), time.thread_time()
        left = next(tracing, tracing) is None
        taken.append(((time.perf_counter() - start) * 1e3, (time.thread_time() - work) * 1e3))
    return taken


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
