"""What is a server's wall clock that somebody sets? This machine's, and as many seconds off as a file says.

    TOCSIN_TEST_SKEW=skew.txt python -m tests.system.cluster.skewed serve …

The kernel's clock is everybody's, and libfaketime moves the monotonic one as well; so the wall clock is exchanged where
engine time reads it, before the ordinary command line begins.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin.cli.main import main
from tocsin.engine.clock import Clock


def skewed_by(file: Path) -> Callable[[], datetime]:
    """The wall clock as the file has set it by now."""

    def wall() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text()))

    return wall


if __name__ == "__main__":
    defaults = Clock.__init__.__kwdefaults__ or {}
    assert "wall" in defaults, "engine time reads another clock now: skew that one"
    defaults["wall"] = skewed_by(Path(os.environ["TOCSIN_TEST_SKEW"]))
    main()
