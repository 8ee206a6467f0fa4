"""Which files of the drop folder are finished."""

import os
import time
from pathlib import Path

import pytest

from erepo.clinic.intake.inbox import is_finished


@pytest.mark.parametrize(("age", "finished"), [(60, True), (1, False), (-86_400, True)])
def test_only_a_file_just_written_waits(tmp_path: Path, age: float, finished: bool) -> None:
    """A file with a time in the future, from another clock, is taken in like an old one."""
    now, path = time.time(), tmp_path / "a.xml"
    path.touch()
    os.utime(path, (now - age, now - age))
    assert is_finished(path, now - 5, now) is finished


def test_a_link_to_nowhere_is_left_to_intake_to_refuse(tmp_path: Path) -> None:
    """Nothing in the folder is passed over in silence but what is gone."""
    link = tmp_path / "a.xml"
    link.symlink_to("nowhere")
    assert is_finished(link, 0, 1)
    assert not is_finished(tmp_path / "gone.xml", 0, 1)
