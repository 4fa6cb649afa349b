"""How many connections is there room for? As many as the machine's limit on open files allows, and some to spare."""

import pytest

from tocsin.api.bounds.connections import MAX_CONNECTIONS, Capacity, capacity


@pytest.mark.parametrize(
    ("open_files", "room"),
    [
        pytest.param(8_192, Capacity(MAX_CONNECTIONS, 2_048), id="what a server asks for"),
        pytest.param(1_024, Capacity(512, 256), id="what a user is given"),
        pytest.param(64, Capacity(32, 16), id="next to nothing"),
    ],
)
def test_the_room_depends_on_how_many_files_may_be_open(open_files: int, room: Capacity) -> None:
    assert capacity(open_files) == room


@pytest.mark.parametrize("open_files", [16, 64, 256, 1_024, 4_096, 8_192, 1_048_576])
def test_a_full_house_and_a_burst_at_its_door_leave_a_quarter_of_the_files_for_the_rest(open_files: int) -> None:
    room = capacity(open_files)
    assert room.connections + room.backlog <= open_files - open_files // 4
