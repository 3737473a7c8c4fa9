"""Sites with one small chapter, for tests of other things, and sites with all chapters."""

from contextlib import contextmanager
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
    """Build sites with one small chapter instead of all."""
    folder = tmp_path_factory.mktemp("chapters")
    path = folder / "1_basics" / "01_small.py"
    path.parent.mkdir()
    path.write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.pages.build.find", lambda: [read(path)])
        patch.setattr("reports.pages.build.outputs", partial(outputs, cache=folder / "kept"))
        yield


@pytest.fixture(scope="session")
def all_chapters(ran_chapters):
    """Return a context manager inside which sites have all chapters."""

    @contextmanager
    def patched():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("reports.pages.build.find", find)
            patch.setattr(
                "reports.pages.build.outputs", partial(outputs, cache=ran_chapters / "kept")
            )
            yield

    return patched
