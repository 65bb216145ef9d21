"""The book's chapter on Python: its code runs, from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import quarterhour
from test_api import url  # noqa: F401  (a fixture)

CHAPTER = Path(__file__).parents[2] / "docs/src/guide/python.md"


@pytest.fixture
def checkout(market, monkeypatch, tmp_path):
    """A folder with the run and the store that the chapter names."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/panel20").symlink_to(market.network("resnet"))
    (tmp_path / "data").symlink_to(market.data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_chapters_code_runs(checkout, url):  # noqa: F811
    blocks = re.findall(r"^```python\n(.*?)^```", CHAPTER.read_text(), re.DOTALL | re.MULTILINE)
    code = "\n".join(blocks).replace("http://127.0.0.1:8700", url)
    names: dict = {}
    exec(compile(code, str(CHAPTER), "exec"), names)
    expected = names["last"]["forecast"].to_numpy()
    assert abs(names["values"][0, :, 0].numpy() - expected).max() < 1e-5 * names["forecasts"]["forecast"].std()
    assert abs(names["found"][0, :, 0] - expected).max() < 1e-5 * names["forecasts"]["forecast"].std()
    assert (checkout / "panel20.onnx").exists()


def test_the_chapter_names_every_function():
    text = CHAPTER.read_text()
    functions = [name for name in quarterhour.__all__ if name.islower()]
    assert [name for name in functions if name not in text] == []
