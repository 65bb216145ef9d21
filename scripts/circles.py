#!/usr/bin/env python3
"""Lists circles of files: files of one crate that use each other, directly or through others.

Usage, from the repository's root:

    scripts/circles.py [FOLDER ...]        default: every crate of crates/, and tests/

A name counts as used from the file that defines it: `use crate::X`, `super::X` and `crate::module::X` are followed
through the re-exports of lib.rs and mod.rs. So a parent module that only declares and re-exports is no part of a circle.
Code under #[cfg(test)] is left out: tests may use what is built on what they test. Calls of methods are
not seen, nor are names that a macro makes (such as the choice of an encoder in crates/model/src/encoders/mod.rs).

Prints each circle with the uses that close it; the exit code is 1 if there is one.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = re.compile(
    r"""//[^\n]*
      | \#\[path\s*=\s*"(?P<path>[^"]*)"\]
      | /\*.*?\*/
      | b?r(?P<hashes>\#*)".*?"(?P=hashes)
      | b?"(?:\\.|[^"\\])*"
      | b?'(?:\\.[^']*|[^'\\])'
      | '\w+
      | (?P<token>(?:r\#)?\w+|::|\S)""",
    re.VERBOSE | re.DOTALL,
)
ITEMS = {"struct", "enum", "union", "trait", "type", "const", "static", "fn", "macro_rules"}
QUALIFIERS = {"pub", "unsafe", "async", "extern", "default", "mut", "!"}
CLOSING = {"{": "}", "(": ")", "[": "]"}


@dataclass(eq=False)
class Module:
    """A module: what it defines, what it imports, and the paths that its code mentions."""

    file: Path
    parent: "Module | None"
    modules: dict = field(default_factory=dict)
    items: set = field(default_factory=set)
    imports: dict = field(default_factory=dict)  # alias -> path
    globs: list = field(default_factory=list)
    paths: set = field(default_factory=set)

    def root(self):
        return self if self.parent is None else self.parent.root()

    def all(self):
        yield self
        for module in self.modules.values():
            yield from module.all()

    def definition(self, path, seen=frozenset()):
        """The module, or the (file, name) of the item, that `path` names here; None for another crate's (`::path`)."""
        if (self, path) in seen:
            return None
        seen = seen | {(self, path)}
        first, rest = path[0], path[1:]
        if first == "crate":
            found = self.root()
        elif first == "self":
            found = self
        elif first == "super":
            found = self.parent
        elif first in self.modules:
            found = self.modules[first]
        elif first in self.items:
            return self.file, first
        elif first in self.imports:
            found = self.definition(self.imports[first], seen)
        else:
            of_globs = (self.definition((*glob, first), seen) for glob in self.globs)
            found = next(filter(None, of_globs), None)
        if isinstance(found, Module) and rest:
            return found.definition(rest, seen)
        return found


def tokens_of(file):
    """Names and signs, without comments and texts; `#[path = "x.rs"]` is one token, `path=x.rs`."""
    found = TOKEN.finditer(file.read_text())
    tokens = (match["token"] or (match["path"] and f"path={match['path']}") for match in found)
    return [token for token in tokens if token]


def after_group(tokens, start):
    """The place after the group that opens at `start`."""
    depth = 0
    for place in range(start, len(tokens)):
        if tokens[place] in CLOSING:
            depth += 1
        elif tokens[place] in CLOSING.values():
            depth -= 1
            if depth == 0:
                return place + 1
    return len(tokens)


def after_item(tokens, start):
    """The place after the item that begins at `start`."""
    place = start
    while place < len(tokens):
        if tokens[place] == ";":
            return place + 1
        if tokens[place] in CLOSING:
            is_body = tokens[place] == "{"
            place = after_group(tokens, place)
            if is_body and tokens[place : place + 1] != [";"]:
                return place
        else:
            place += 1
    return place


def use_tree(tokens, place, prefix, found):
    """Reads one tree of a `use`; adds (alias, path) to `found`, the alias None for a glob."""
    path = prefix
    while place < len(tokens):
        token = tokens[place]
        if token == "::":
            path = path or ("::",)
            place += 1
        elif token == "{":
            end = after_group(tokens, place)
            place += 1
            while place < end - 1:
                place = use_tree(tokens, place, path, found) + (tokens[place - 1] == ",")
                place += tokens[place] == ","
            return end
        elif token == "*":
            found.append((None, path))
            return place + 1
        elif token in ",;}":
            break
        elif token == "as":
            found.append((tokens[place + 1], path))
            return place + 2
        else:
            path += (token,)
            place += 1
    if path[-1] == "self":
        path = path[:-1]
    found.append((path[-1], path))
    return place


def paths_in(tokens):
    """The paths and single names that code mentions."""
    path = ()
    for before, token in zip(["", *tokens], [*tokens, ""]):
        is_name = re.match(r"[A-Za-z_]", token)
        if is_name and before == "::":
            path = (path or ("::",)) + (token,)
        elif token != "::":
            if path:
                yield path
            path = (token,) if is_name and before != "." else ()


def read_module(module, tokens, folder):
    """Fills a module from the tokens of its file or of its braces; files of its modules are in `folder`."""
    place = 0
    is_test = is_public = False
    path = None
    while place < len(tokens):
        token = tokens[place]
        if token.startswith("path="):
            path = module.file.parent / token.removeprefix("path=")
            place += 1
            continue
        if token == "#":
            place += 1 + (tokens[place + 1] == "!")
            end = after_group(tokens, place)
            is_test |= tokens[place : end - 1] == ["[", "cfg", "(", "test", ")"]
            module.paths.update(paths_in(tokens[place + 2 : end]))
            place = end
            continue
        if token in QUALIFIERS:
            is_public |= token == "pub"
            place += 1
            if token == "pub" and tokens[place] == "(":
                place = after_group(tokens, place)
            continue
        end = after_item(tokens, place)
        if is_test:
            pass
        elif token == "use":
            found = []
            use_tree(tokens, place + 1, (), found)
            for alias, path in found:
                if alias is None:
                    module.globs.append(path)
                elif alias != "_":
                    module.imports[alias] = path
                if alias is not None and not is_public:
                    module.paths.add(path)
        elif token == "mod":
            read_submodule(module, tokens[place + 1], tokens[place + 2 : end], folder, path)
        else:
            if token in ITEMS:
                name = place + 1
                while tokens[name] in ITEMS | QUALIFIERS:
                    name += 1
                module.items.add(tokens[name])
            module.paths.update(paths_in(tokens[place:end]))
        place = end
        is_test = is_public = False
        path = None


def read_submodule(parent, name, body, folder, path):
    if body[0] == "{":
        module = Module(parent.file, parent)
        read_module(module, body[1:-1], folder / name)
    else:
        files = [path] if path else [folder / f"{name}.rs", folder / name / "mod.rs"]
        file = next((file for file in files if file.exists()), None)
        if file is None:
            sys.exit(f"{parent.file}: `mod {name};` has no file, expected {' or '.join(map(str, files))}")
        module = Module(file, parent)
        read_module(module, tokens_of(file), folder / name)
    parent.modules[name] = module


def graph_of(root_file):
    """The files of a crate: file -> file -> the names that it uses from there."""
    root = Module(root_file, None)
    read_module(root, tokens_of(root_file), root_file.parent)
    graph = {}
    for module in root.all():
        uses = graph.setdefault(module.file, {})
        for path in module.paths:
            found = module.definition(path)
            if isinstance(found, tuple) and found[0] != module.file:
                uses.setdefault(found[0], set()).add(found[1])
    return graph


def circles_in(graph):
    """The strongly connected components with more than one file, by Tarjan's algorithm."""
    order, low, stack, found = {}, {}, [], []

    def visit(file):
        order[file] = low[file] = len(order)
        stack.append(file)
        for other in graph[file]:
            if other not in order:
                visit(other)
            if other in stack:
                low[file] = min(low[file], low[other])
        if low[file] == order[file]:
            start = stack.index(file)
            if len(stack) - start > 1:
                found.append(sorted(stack[start:]))
            del stack[start:]

    for file in graph:
        if file not in order:
            visit(file)
    return found


def main():
    folders = [Path(name) for name in sys.argv[1:]] or [*sorted(Path("crates").iterdir()), Path("tests")]
    kinds = ["src/lib.rs", "src/main.rs", "src/bin/*.rs", "tests/*.rs", "tests/*/main.rs", "it/main.rs", "examples/*.rs"]
    total = 0
    for root_file in [file for folder in folders for kind in kinds for file in sorted(folder.glob(kind))]:
        graph = graph_of(root_file)
        for circle in circles_in(graph):
            total += 1
            print(f"{root_file}: {len(circle)} files use each other:")
            for file in circle:
                for other in sorted(graph[file].keys() & set(circle)):
                    print(f"  {file} uses {', '.join(sorted(graph[file][other]))} of {other}")
    sys.stdout.flush()
    if total:
        sys.exit(f"{total} circles\nhint: move what two files share to a file that both use")


if __name__ == "__main__":
    main()
