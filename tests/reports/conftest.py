"""Sites with one small chapter for the tests that are about anything else, and with all."""

from functools import partial

import pytest

from reports.chapters.outputs import outputs
from reports.chapters.reading import find, read

SMALL = """# %% [markdown]
# # What is said?
#
# > {{ speedup("matmul", "n=64") }}

# %%
1 + 1
"""


@pytest.fixture(scope="module")
def few_chapters(tmp_path_factory):
    """Let sites have one small chapter."""
    folder = tmp_path_factory.mktemp("chapters")
    path = folder / "1_basics" / "01_small.py"
    path.parent.mkdir()
    path.write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.site.build.find", lambda: [read(path)])
        patch.setattr("reports.site.build.outputs", partial(outputs, kept=folder / "kept"))
        yield


@pytest.fixture
def all_chapters(monkeypatch):
    """Let a site have all chapters after all."""
    monkeypatch.setattr("reports.site.build.find", find)
    monkeypatch.setattr("reports.site.build.outputs", outputs)
