"""Fuzz one target with atheris: `python -m tests.fuzz.run TARGET SECONDS FOLDER`.

FOLDER keeps the corpus of the target and what made it crash or hang (`FOLDER/crashes`); a later run goes on
from there. `python -m tests.fuzz.run TARGET FILE…` runs such files once.
"""

import hashlib
import sys
from pathlib import Path

#: Seconds that one input may take.
_HANG = 10
_LONGEST = 64 * 1024


def _words(target: str, words: tuple[bytes, ...], folder: Path) -> Path:
    """Write a dictionary in the form that libFuzzer reads."""
    file = folder / f"{target}.words"
    lines = ("".join(f"\\x{octet:02x}" for octet in word) for word in words)
    file.write_text("".join(f'"{line}"\n' for line in lines), encoding="ascii")
    return file


def main() -> None:
    """Fuzz until the time is over or something is found."""
    import atheris  # noqa: PLC0415 — before what it instruments

    with atheris.instrument_imports(include=["erepo"], enable_loader_override=False):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415

    name, *rest = sys.argv[1:]
    target = TARGETS[name]
    if Path(rest[0]).is_file():
        for file in rest:
            target.run(Path(file).read_bytes())
        return
    seconds, folder = int(rest[0]), Path(rest[1])
    corpus, crashes = folder / "corpus", folder / "crashes"
    for place in (corpus, crashes):
        place.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    options = {
        "max_total_time": seconds,
        "max_len": _LONGEST,
        "timeout": _HANG,
        "rss_limit_mb": 3000,
        "artifact_prefix": f"{crashes}/",
        "dict": _words(name, target.words, folder),
        "print_final_stats": 1,
        "verbosity": 1,
    }
    written = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([sys.argv[0], *written, str(corpus)], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
