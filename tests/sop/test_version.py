import subprocess
import sys

import pytest
from msgspec import structs

from tests.sop.files import changed
from tocsin.errors import StoreError
from tocsin.sop.load import default_sop, load_text
from tocsin.sop.version import decode_stored, encode, version_of


def test_a_stored_sop_reads_back_as_itself() -> None:
    assert decode_stored(encode(default_sop())) == default_sop()


_FIRST_TO_READ = """
import sys, threading
from tocsin.sop.load import default_sop
from tocsin.sop.version import decode_stored, encode

stored, gate = encode(default_sop()), threading.Barrier(4)
threads = [threading.Thread(target=lambda: (gate.wait(), decode_stored(stored))) for _ in range(4)]
sys.setswitchinterval(1e-6)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_may_be_the_first_to_read_a_stored_sop_at_once() -> None:
    # As after a restart with another file, while incidents are open that began under the one before.
    done = [subprocess.run([sys.executable, "-c", _FIRST_TO_READ], check=False).returncode for _ in range(8)]
    assert done == [0] * 8


def test_a_version_is_sixteen_hexadecimal_digits() -> None:
    version = version_of(default_sop())
    assert len(version) == 16
    assert int(version, 16)


def test_the_order_and_the_comments_of_a_file_do_not_change_its_version() -> None:
    sop = default_sop()
    reordered = structs.replace(sop, people=dict(reversed(sop.people.items())))
    assert version_of(reordered) == version_of(sop)
    assert version_of(load_text(changed("# The procedure", "# Our procedure"), "a.toml")) == version_of(sop)


def test_every_figure_changes_the_version() -> None:
    assert version_of(load_text(changed('after = "5m"', 'after = "6m"'), "a.toml")) != version_of(default_sop())


def test_a_default_value_is_stored_so_that_another_default_later_changes_nothing() -> None:
    assert b'"resolve_when_clear":false' in encode(default_sop())
    assert b'"updates":"none"' in encode(default_sop())


@pytest.mark.parametrize(
    ("stored", "fault"),
    [
        pytest.param(b"", "a stored SOP can't be read: Input data was truncated", id="nothing"),
        pytest.param(b"{}", "a stored SOP can't be read: Object missing required field `severities`", id="empty"),
        pytest.param(
            encode(default_sop()).replace(b'"after":"5m"', b'"after":5'),
            "a stored SOP can't be read: must be a duration such as 15m, 1h30m, 48h or 2w, got '5'",
            id="number_for_a_duration",
        ),
    ],
)
def test_a_damaged_stored_sop_is_a_fault_of_the_store(stored: bytes, fault: str) -> None:
    with pytest.raises(StoreError) as raised:
        decode_stored(stored)
    assert str(raised.value).startswith(fault)
