"""Fetches a C library out of the wheel of a Python package: what scripts/get-lightgbm and scripts/get-xgboost share."""

import argparse
import ctypes
import hashlib
import io
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Library:
    """A library as its wheels have it."""

    name: str  # of the program
    version: str
    variable: str  # names a library that is there already
    folder: str  # in the user's cache folder
    glibc: str  # what its wheels need
    wheels: dict  # of each platform: package, tag, the wheel's sha256, and each file in it, the library first, with its path
    # under the folder and its sha256

    @property
    def others(self):
        return f"{self.variable}=FILE names a library that is there already"


def fail(message, hint):
    sys.exit(f"error: {message}\nhint: {hint}")


def this_platform():
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    machine = platform.machine().lower()
    if system == "linux" and machine == "arm64":
        machine = "aarch64"
    return f"{system} {'x86_64' if machine == 'amd64' else machine}"


def cache_folder():
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA")
        if not base:
            fail("LOCALAPPDATA is not set, expected the user's folder for caches", "set LOCALAPPDATA=FOLDER")
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def wheel_content(library, package, tag, expected):
    """The wheel, by pip, once its sum is right."""
    wanted = f"{package}=={library.version}"
    with tempfile.TemporaryDirectory() as folder:
        # Platform and Python are not pip's to judge: old versions do not know these wheels' tags, and only the
        # library is wanted, which needs no Python at all.
        command = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input",
                   "--retries", "2", "--no-deps", "--only-binary=:all:", "--platform", tag, "--ignore-requires-python",
                   "--dest", folder, wanted]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
        if "No module named pip" in done.stdout:
            fail(f"{sys.executable} has no pip, expected one to fetch {wanted}",
                 f"install it (Debian and Ubuntu: apt-get install python3-pip), or {library.others}")
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            said = "\n".join(done.stdout.strip().splitlines()[-4:])
            fail(f"pip could not fetch {wanted} for {tag}: exit status {done.returncode}\n{said}",
                 f"is there a network, and does PIP_INDEX_URL name an index that answers? Otherwise {library.others}")
        content = wheels[0].read_bytes()
        if sha256(content) != expected:
            fail(f"{wheels[0].name} has sha256 {sha256(content)}, expected {expected}",
                 "the index gave another file than the published one: ask who runs it; nothing was installed")
        return content


def file_content(wheel, name, expected):
    content = zipfile.ZipFile(io.BytesIO(wheel)).read(name)
    if sha256(content) != expected:
        fail(f"{name} of the wheel has sha256 {sha256(content)}, expected {expected}",
             "this script is wrong about its own wheel: please report it")
    return content


def put(path, content):
    """All of the file or nothing of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
            os.chmod(name, 0o755)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        fail(f"cannot write {path}: {error}", "XDG_CACHE_HOME=FOLDER (Windows: LOCALAPPDATA) chooses another folder")


def check_loads(library, path):
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        hints = {
            "libgomp": "it needs OpenMP: apt-get install libgomp1 (Debian, Ubuntu), dnf install libgomp (Fedora)",
            "libomp": "it needs OpenMP: brew install libomp",
            "GLIBC": f"the wheel needs {library.glibc}: build {library.name} {library.version} from source; {library.others}",
        }
        found = [hint for part, hint in hints.items() if part in str(error)]
        fail(f"{path} is in place but cannot be loaded: {error}", found[0] if found else library.others)


def put_with_licence(library, platform, folder):
    """Puts the library's files for a platform, which need not be this one, and its licence into a folder."""
    package, tag, wheel_sum, files = library.wheels[platform]
    wheel = wheel_content(library, package, tag, wheel_sum)
    for member, (place, expected) in files.items():
        put(folder / place, file_content(wheel, member, expected))
    with zipfile.ZipFile(io.BytesIO(wheel)) as opened:
        licence = next(name for name in opened.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        (folder / f"LICENSE-{library.name}").write_bytes(opened.read(licence))


def get(library, usage):
    """Puts the library into the cache folder, unless the right one is there, and prints where it is."""
    parser = argparse.ArgumentParser(description=usage, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="a folder that gets the library with its licence instead")
    parser.add_argument("--platform", choices=library.wheels, default=None, help="with --to: of which platform (default: this one)")
    args = parser.parse_args()
    if args.platform and not args.to:
        parser.error("--platform needs --to")
    here = args.platform or this_platform()
    if here not in library.wheels:
        fail(f"no wheel of {library.name} {library.version} for {here}, expected one of: {', '.join(library.wheels)}",
             f"build {library.name} {library.version} from source; {library.others}")
    if args.to:
        put_with_licence(library, here, args.to)
        print(args.to / next(iter(library.wheels[here][3].values()))[0])
        return
    package, tag, wheel_sum, files = library.wheels[here]
    folder = cache_folder() / "quarterhour" / library.folder
    wheel = None
    for member, (place, expected) in files.items():
        path = folder / place
        found = sha256(path.read_bytes()) if path.is_file() else None
        if found == expected:
            continue
        if found:
            print(f"{path} has sha256 {found}, expected {expected}: it is fetched anew", file=sys.stderr)
        wheel = wheel or wheel_content(library, package, tag, wheel_sum)
        put(path, file_content(wheel, member, expected))
    first, _ = next(iter(files.values()))
    check_loads(library, folder / first)
    print(folder / first)
