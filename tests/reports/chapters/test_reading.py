"""A chapter knows its number, its part, the keys of its cells, and the mistake that it shows."""

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


def test_a_chapter_knows_its_number_name_part_and_page(tmp_path):
    views = chapter(tmp_path)
    assert (views.number, views.name, views.part) == ("04", "views_of", "Basics")
    assert (views.title, views.mistake) == ("Why?", "to *forget*")
    assert views.page == "tutorial/1_basics/04_views_of.html"
    assert views.code == "x = 1\nx"
    assert [cell.gpu for cell in views.cells] == [False, False, False, True]


def test_a_chapter_has_names_a_reading_time_and_words_to_search(tmp_path):
    opening = "# %% [markdown]\n# # A title\n#\n# `torch.cat` · `dim`\n#\n# {{ opening() }}\n#\n"
    prose = "# ## A **bold** heading\n#\n# " + "word " * 1800 + "`np.pad(x, 1)`\n"
    long = chapter(tmp_path, opening + prose)
    assert long.names == "`torch.cat` · `dim`"
    assert (long.minutes, long.reading_time) == (10, "ten minutes")
    assert long.search_words == "title torch.cat dim bold heading np.pad"
    code = "\n\n# %%\n" + "x = 1\n" * 75
    assert chapter(tmp_path, opening + prose + code).minutes == 15
    assert chapter(tmp_path).reading_time == "five minutes"


def test_the_key_of_a_cell_depends_on_all_code_up_to_its_end(tmp_path):
    before = [cell.key for cell in chapter(tmp_path).cells]
    assert before[0] == before[2] == ""
    other = [cell.key for cell in chapter(tmp_path, TEXT.replace("more", "other")).cells]
    assert other == before
    later = [cell.key for cell in chapter(tmp_path, TEXT + "y\n").cells]
    assert later[1] == before[1]
    assert later[3] != before[3]
    earlier = [cell.key for cell in chapter(tmp_path, TEXT.replace("x = 1", "x = 2")).cells]
    assert earlier[3] != before[3]


def test_an_anchor_starts_with_the_number_of_the_chapter(tmp_path):
    assert chapter(tmp_path).anchor("A common mistake: `x` & y") == "c04-a-common-mistake-x-y"


def test_chapters_are_in_reading_order_without_gaps_in_their_numbers():
    chapters = find()
    assert [chapter.number for chapter in chapters] == [
        f"{n:02}" for n in range(1, len(chapters) + 1)
    ]
    assert [chapter.part for chapter in chapters] == sorted(
        (chapter.part for chapter in chapters),
        key=["Basics", "Intermediate", "Advanced", "Utilities"].index,
    )
    assert len({chapter.name for chapter in chapters}) == len(chapters)
    assert all(isinstance(chapter.path, Path) for chapter in chapters)
