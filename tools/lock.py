"""Write the lock files from pyproject.toml: versions and hashes, nothing about where they come from.

Run: make lock
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build = project["build-system"]["requires"] + ["editables~=0.5"]
    runtime = project["project"]["dependencies"]
    dev = project["dependency-groups"]["dev"]
    with tempfile.TemporaryDirectory() as folder:
        # dev first: what runs in production is then what was tested
        locks = {"dev": runtime + build + dev, "runtime": runtime + build, "installer": ["uv"]}
        for name, wanted in locks.items():
            source = Path(folder) / f"{name}.in"
            constraint = f"-c {ROOT / 'requirements' / 'dev.txt'}\n" if name == "runtime" else ""
            source.write_text(constraint + "\n".join(wanted) + "\n")
            target = ROOT / "requirements" / f"{name}.txt"
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "piptools",
                    "compile",
                    "--quiet",
                    "--generate-hashes",
                    "--allow-unsafe",
                    "--no-header",
                    "--no-annotate",
                    "--no-emit-index-url",
                    "--no-emit-find-links",
                    "--no-emit-trusted-host",
                    "--strip-extras",
                    "--output-file",
                    str(target),
                    str(source),
                ],
                check=True,
            )
            print(f"wrote {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
