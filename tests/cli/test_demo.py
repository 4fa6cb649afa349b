"""Does the demo's story go on, however quick the server is? `tests/stories/test_demo.py` plays the whole of it."""

from pathlib import Path
from typing import Any, cast

import pytest

from tocsin.cli import demo
from tocsin.cli.stage import Stage
from tocsin.errors import Unreachable


class _QuickServer:
    """One that has opened the channel by the time that somebody asks what the command has brought about."""

    directory = Path()
    speed = 600.0

    @property
    def client(self) -> "_QuickServer":
        return self

    def post(self, *path: str, **body: object) -> None:
        """Whatever is to be done is."""

    def get(self, *path: str) -> list[dict[str, Any]]:
        kinds = ("assessed", "channel_opened")
        return [{"at": "2026-01-05T10:00:00Z", "actor": "bob", "text": it, "event": {"kind": it}} for it in kinds]


def test_what_came_with_a_commands_own_events_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "_PATIENCE_SECONDS", 0)
    story = demo.Story(cast("Stage", _QuickServer()))
    story._do("assess", after_minutes=0)
    story._until("the channel opens", lambda event: event["event"]["kind"] == "channel_opened")
    assert capsys.readouterr().out.count("channel_opened") == 1
    with pytest.raises(Unreachable, match="the story stopped before it is resolved"):
        story._until("it is resolved", lambda event: event["event"]["kind"] == "resolved")
