"""Keeps files and functions small: fails where one outgrows its room (run by `make lint`)."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

FILE_MAX, FUNCTION_MAX, FILE_MEDIAN = 400, 60, 130


def functions(tree: ast.AST) -> list[tuple[str, int]]:
    """Return (name, lines) of every function in a module."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (n.name, (n.end_lineno or n.lineno) - n.lineno + 1) for n in ast.walk(tree) if isinstance(n, kinds)
    ]


def main() -> int:
    """Print every breach and return their number."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py"], capture_output=True, check=True, text=True
    ).stdout
    files = [Path(name) for name in listed.split("\0") if name and Path(name).exists()]
    breaches, sizes = [], []
    for file in files:
        text = file.read_text(encoding="utf-8")
        lines = text.count("\n")
        if file.parts[0] != "tests":
            sizes.append(lines)
        if lines > FILE_MAX:
            breaches.append(f"{file}: {lines} lines (most: {FILE_MAX})")
        breaches += [
            f"{file}: {name} has {length} lines (most: {FUNCTION_MAX})"
            for name, length in functions(ast.parse(text))
            if length > FUNCTION_MAX
        ]
    if sizes and statistics.median(sizes) > FILE_MEDIAN:
        breaches.append(f"the median file has {statistics.median(sizes):.0f} lines (most: {FILE_MEDIAN})")
    print("\n".join(breaches) or f"{len(files)} files: small enough")
    return len(breaches)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
