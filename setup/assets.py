"""Copy the front-end parts that pages need out of node_modules: setup/assets.py NODE_MODULES TARGET.

Third-party files are never committed; `package-lock.json` says which they are. The target is made beside
itself and moved into place whole, so that no page ever meets half of it.
"""

import json
import re
import shutil
import sys
from pathlib import Path

# package → its files → the name under static/vendor/
PARTS = {
    "@tabler/core": {
        "dist/css/tabler.min.css": "tabler.min.css",
        "dist/js/tabler.min.js": "tabler.min.js",
        "dist/js/tabler-theme.min.js": "tabler-theme.min.js",
    },
}
# inside one of the above
INSIDE = ("@popperjs/core",)

# The maps are not shipped, and static files with hashed names refuse to point at what is not there.
SOURCE_MAP = re.compile(rb"\s*(?://[#@] sourceMappingURL=\S+|/\*[#@] sourceMappingURL=\S+ \*/)\s*$")


def licence_of(package: Path) -> str:
    facts = json.loads((package / "package.json").read_text(encoding="utf-8"))
    author = facts.get("author", "")
    if isinstance(author, dict):
        author = author.get("name", "")
    lines = [f"{facts['name']} {facts['version']}", f"Licence: {facts.get('license', 'see below')}"]
    if author:
        lines.append(f"Author: {author}")
    texts = [
        p for p in sorted(package.iterdir()) if p.name.lower().startswith(("licen", "copying", "notice"))
    ]
    return "\n".join([*lines, "", *(p.read_text(encoding="utf-8").strip() + "\n" for p in texts)])


def copy(modules: Path, target: Path) -> None:
    fresh = target.with_name(target.name + ".new")
    stale = target.with_name(target.name + ".old")
    for leftover in (fresh, stale):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    for package, files in PARTS.items():
        for source, name in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = (modules / package / source).read_bytes()
            if path.suffix in {".js", ".css"}:
                content = SOURCE_MAP.sub(b"", content) + b"\n"
            path.write_bytes(content)
    licences = [licence_of(modules / package) for package in (*PARTS, *INSIDE)]
    (fresh / "LICENSES.txt").write_text(("\n" + "-" * 78 + "\n\n").join(licences), encoding="utf-8")
    if target.exists():
        target.rename(stale)
    fresh.rename(target)
    shutil.rmtree(stale, ignore_errors=True)


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
