"""A chapter knows its place, its cells by all code before them, and the mistake that it shows."""

from pathlib import Path

from reports.chapters.reading import find, read

TEXT = """# %% [markdown]
# # Why?
#
# ## A common mistake: to *forget*

# %%
x = 1

# %% [markdown]
# more

# %% tags=["gpu"]
x
"""


def chapter(tmp_path, text=TEXT):
    path = tmp_path / "1_basics" / "04_views_of.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return read(path)


def test_a_chapter_knows_its_place(tmp_path):
    found = chapter(tmp_path)
    assert (found.number, found.name, found.part) == ("04", "views_of", "Basics")
    assert (found.title, found.mistake) == ("Why?", "to *forget*")
    assert found.page == "tutorial/1_basics/04_views_of.html"
    assert found.code == "x = 1\nx"
    assert [cell.gpu for cell in found.cells] == [False, False, False, True]


def test_a_cells_key_is_of_all_code_up_to_its_end(tmp_path):
    before = [cell.key for cell in chapter(tmp_path).cells]
    assert before[0] == before[2] == ""
    other = [cell.key for cell in chapter(tmp_path, TEXT.replace("more", "other")).cells]
    assert other == before
    later = [cell.key for cell in chapter(tmp_path, TEXT + "y\n").cells]
    assert later[1] == before[1]
    assert later[3] != before[3]
    earlier = [cell.key for cell in chapter(tmp_path, TEXT.replace("x = 1", "x = 2")).cells]
    assert earlier[3] != before[3]


def test_an_anchor_is_a_chapters_own(tmp_path):
    assert chapter(tmp_path).anchor("A common mistake: `x` & y") == "c04-a-common-mistake-x-y"


def test_chapters_are_found_in_reading_order_with_numbers_in_a_row():
    found = find()
    assert [chapter.number for chapter in found] == [f"{n:02}" for n in range(1, len(found) + 1)]
    assert [chapter.part for chapter in found] == sorted(
        (chapter.part for chapter in found),
        key=["Basics", "Intermediate", "Advanced", "Utilities"].index,
    )
    assert len({chapter.name for chapter in found}) == len(found)
    assert all(isinstance(chapter.path, Path) for chapter in found)
