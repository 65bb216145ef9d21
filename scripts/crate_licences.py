"""The licences of the crates that a program is built from, as one text: what scripts/dist puts beside the binary."""

import json
import subprocess
from collections import defaultdict
from pathlib import Path

# How crates name the files.
NAMES = ("license", "licence", "copying", "notice", "unlicense", "copyright")


def crates_of(package, target, features):
    """What `package` is built from for `target`: the packages of `cargo metadata`, ours left out."""
    options = ["--locked", "--format-version", "1", "--filter-platform", target]
    metadata = json.loads(subprocess.run(["cargo", "metadata", *options], check=True, capture_output=True).stdout)
    tree = ["cargo", "tree", "--locked", "-p", package, "-e", "normal", "--target", target, "--prefix", "none", "-f", "{p}"]
    lines = subprocess.run([*tree, *features], check=True, capture_output=True, text=True).stdout.splitlines()
    used = {tuple(line.split()[:2]) for line in lines}
    known = {(crate["name"], f"v{crate['version']}"): crate for crate in metadata["packages"]}
    return [known[key] for key in sorted(used) if known[key]["source"] is not None]


def licence_files(crate):
    """The files in the crate's folder that have its licence, and the one that its manifest names."""
    folder = Path(crate["manifest_path"]).parent
    found = {path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(NAMES)}
    if crate["license_file"]:
        found.add(folder / crate["license_file"])
    return sorted(path for path in found if path.suffix != ".rs")


def licences(package, target, features=()):
    """A table of the crates with their licences, then each text once with the crates that have it."""
    crates = crates_of(package, target, features)
    texts, without = defaultdict(list), []
    for crate in crates:
        name, files = f"{crate['name']} {crate['version']}", licence_files(crate)
        for path in files:
            texts[path.read_text(errors="replace").strip()].append(name)
        if not files:
            without.append(f"{name}: {crate['license']}, {crate['repository']}")
    lines = [f"{package} is built from {len(crates)} crates besides its own. Their licences:", ""]
    lines += [f"{crate['name']} {crate['version']}: {crate['license'] or crate['license_file']}" for crate in crates]
    lines += ["", "These ship no text of their licence; it is named above, and stands where they are made:", "", *without]
    for text, names in sorted(texts.items(), key=lambda item: item[1]):
        lines += ["", "=" * 100, ", ".join(sorted(set(names))), "=" * 100, "", text]
    return "\n".join(lines) + "\n"
