from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT


def test_imports_go_down_only() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run(
        [lint_imports, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
