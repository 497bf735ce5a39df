"""Write the newest versions that fit this Python and requirements.txt to constraints/3.X.txt.

    make constraints PYTHON=python3.12

Nothing is installed. Run the tests with what was found before you keep it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# PyTorch names the versions of its own libraries, which differ between its builds.
LEFT_OUT = ("cuda-", "nvidia-", "triton", "setuptools", "pip")
# For the oldest release of this Python: the newest soupsieve refuses 3.11.2, which Debian has.
OLDEST = ["--python-version", f"{PYTHON}.0", "--only-binary=:all:", "--target", "unused"]
# A bare torch==X selects X+cpu where both are at hand, which fits no other torchvision.
RANGES = ("torch", "torchvision")


def line(name, version):
    """One constraint: exactly this version, of PyTorch any below the next minor one."""
    if name not in RANGES:
        return f"{name}=={version}\n"
    major, minor = version.split(".")[:2]
    return f"{name}<{major}.{int(minor) + 1}\n"


with tempfile.TemporaryDirectory() as folder:
    report = Path(folder, "report.json")
    arguments = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
    arguments += ["--requirement", str(ROOT / "requirements.txt"), *OLDEST]
    subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=True)
    found = [install["metadata"] for install in json.loads(report.read_text())["install"]]

versions = {package["name"].lower().replace("_", "-"): package["version"] for package in found}
kept = sorted(name for name in versions if not name.startswith(LEFT_OUT))
file = ROOT / "constraints" / f"{PYTHON}.txt"
file.write_text("".join(line(name, versions[name]) for name in kept))
print(f"{file.relative_to(ROOT)}: {len(kept)} packages")
