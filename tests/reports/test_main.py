"""`python -m reports`: verdicts on the terminal, a page, a gate, and one line for what is wrong."""

import json
from io import BytesIO, TextIOWrapper

import pytest

from reports.__main__ import main
from tests.conftest import CASE, small_file
from tests.suites import suite_file, suite_test

pytestmark = pytest.mark.usefixtures("few_chapters")


def machine(label, factor=1.0, half=0.01, **cells):
    """A file whose times are `factor` times the small file's, known to a share of `half`."""
    data = json.loads(json.dumps(small_file(label)))
    for each in data["benchmarks"]:
        info = each["extra_info"]
        for name in ("time_s", "typical_s"):
            info[name] *= factor
        info |= {
            "time_low_s": info["time_s"] * (1 - half),
            "time_high_s": info["time_s"] * (1 + half),
        } | cells
    return data


@pytest.fixture
def compare(write, capsys):
    """Return a way to compare machines: the exit status, and what was printed."""

    def run(*datas, flags=()):
        files = [str(write(data, f"{n}.json")) for n, data in enumerate(datas)]
        status = main(["compare", *files, *flags])
        return status, capsys.readouterr()

    return run


def test_a_file_against_itself_reports_no_difference(write, capsys):
    file = str(write(machine("a", half=0.5)))
    assert main(["compare", file, file, "--fail-above", "0%"]) == 0
    printed = capsys.readouterr()
    assert "No cell clearly differs" in printed.out
    assert "0 of 9 clearly slower" in printed.err


@pytest.mark.parametrize(
    ("factor", "half", "share", "status"),
    [
        (1.2, 0.01, "5%", 1),
        (1.2, 0.01, "25%", 0),
        (1.2, 0.1, "5 %", 0),  # the interval reaches over it
        (1.2, 0.1, "0.01", 1),
        (0.5, 0.01, "0%", 0),
    ],
)
def test_the_gate_fails_only_if_the_whole_interval_lies_beyond_the_share(
    compare, factor, half, share, status
):
    exit_status, printed = compare(
        machine("a", half=half), machine("b", factor, half), flags=("--fail-above", share)
    )
    assert exit_status == status
    assert f"{6 if status else 0} of 9 clearly slower" in printed.err
    assert ("slower, at least" in printed.err) == bool(status)
    assert "3 could not be compared" in printed.err  # those of CUDA, which neither has


def test_without_a_gate_a_slower_machine_is_no_failure(compare):
    status, printed = compare(machine("a"), machine("b", 2.0))
    assert status == 0
    assert "a is 2.0" in printed.out


def test_code_that_changed_is_not_compared_and_the_gate_says_so(compare):
    status, printed = compare(
        machine("a"), machine("b", 2.0, source_sha256="1" * 64), flags=("--fail-above", "5%")
    )
    assert status == 1
    reason = (
        "nothing of b could be compared: 9 of 9 not comparable: the workload's code differs (6)"
    )
    assert reason in printed.err
    assert "9 could not be compared" in printed.err
    assert "1 workload changed: matmul" in " ".join(printed.out.split())


def with_best(factor, best_factor):
    """A file whose NumPy is slower by a factor, and whose PyTorch by another."""
    data = machine("b", factor)
    for each in data["benchmarks"]:
        if each["extra_info"]["contender"] == "torch-cpu":
            for name in ("time_s", "typical_s", "time_low_s", "time_high_s"):
                each["extra_info"][name] *= best_factor / factor
    return data


def test_the_gate_can_ask_when_the_work_is_done(compare):
    # NumPy is best at 16, PyTorch at 64 and 256; only NumPy became slower
    datas = machine("a"), with_best(2.0, 1.0)
    status, printed = compare(*datas, flags=("--fail-above", "5%"))
    assert (status, "3 of 9 clearly slower" in printed.err) == (1, True)
    status, printed = compare(*datas, flags=("--fail-above", "5%", "--question", "done"))
    assert (status, "1 of 3 clearly slower" in printed.err) == (1, True)
    status, printed = compare(*datas, flags=("--fail-above", "150%", "--question", "done"))
    assert status == 0


@pytest.mark.parametrize("question", ["like", "done"])
def test_a_gate_that_has_nothing_to_compare_fails_and_says_why(compare, question):
    foreign = {"datetime": "2026-01-02", "machine_info": {"label": "f"}, "benchmarks": []}
    status, printed = compare(
        machine("a"), foreign, flags=("--fail-above", "5%", "--question", question)
    )
    assert status == 1
    number = {"like": 9, "done": 3}[question]
    reason = f"nothing of f could be compared: {number} of {number} not comparable: no valid time"
    assert reason in printed.err


def test_markdown_is_all_that_is_printed_even_with_a_page(compare, tmp_path):
    flags = ("--format", "markdown", "--out", str(tmp_path / "page"))
    status, printed = compare(machine("a"), machine("b", 2.0), flags=flags)
    assert status == 0
    assert printed.out.startswith("### b against a\n\n- All in all, a is done 2.0")
    assert "compare.html" in printed.err
    assert main(["check", str(tmp_path / "page")]) == 0


def test_a_baseline_is_chosen_by_its_place(compare, tmp_path):
    out = tmp_path / "page"
    datas = machine("a"), machine("b", 2.0), machine("c", 4.0)
    status, printed = compare(*datas, flags=("--baseline", "2", "--out", str(out)))
    assert status == 0
    assert "a is 2.0" in printed.out
    assert "b is 2.0" in printed.out
    assert main(["check", str(out)]) == 0


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--baseline", "3"), "--baseline must be from 1 to 2, got 3"),
        (("--baseline", "0"), "--baseline must be from 1 to 2, got 0"),
        (("--fail-above", "much"), "got 'much'"),
    ],
)
def test_a_wrong_option_is_one_clear_line(compare, flags, complaint):
    status, printed = compare(machine("a"), machine("b"), flags=flags)
    assert status == 1
    assert complaint in printed.err
    assert printed.err.count("\n") == 1


def test_one_readable_file_is_not_enough(compare):
    status, printed = compare(machine("a"), "{")
    assert status == 1
    assert "a comparison needs two or more result files; got 1" in printed.err
    assert "1.json: not readable as JSON" in printed.err


def test_a_broken_file_among_others_is_reported_and_fails_at_the_end(compare):
    status, printed = compare(machine("a"), "{", machine("b"))
    assert status == 1
    assert printed.err.count("\n") == 1
    assert "Overall" in printed.out


@pytest.mark.parametrize(
    "command", [("chart", "matmul"), ("samples", f"{CASE.format(64)}/numpy")], ids=lambda c: c[0]
)
def test_a_figure_in_a_format_that_is_not_drawn_is_one_clear_line(write, tmp_path, capsys, command):
    out = tmp_path / "figure.gif"
    assert main([*command, str(write(small_file())), "--out", str(out)]) == 1
    assert capsys.readouterr().err == f"--out must end in .svg or .png or .pdf, got {out}\n"
    assert not out.exists()


@pytest.mark.parametrize(
    "command",
    [
        ["build", "{}", "--out", "site"],
        ["build", "{}", "--single-file", "--out", "site/x/page.html"],
        ["summary", "{}", "--build", "site"],
        ["card", "{}", "--out", "site/card.png"],
        ["chart", "matmul", "{}", "--out", "site/chart.svg"],
        ["samples", "matmul/n=16/float32/threads=1/torch-cpu", "{}", "--out", "site/s.svg"],
        ["export", "{}", "--out", "site/table.csv"],
        ["compare", "{}", "{}", "--out", "site"],
    ],
    ids=lambda command: command[0],
)
def test_a_place_that_cannot_be_written_is_one_clear_line_before_chapters_run(
    write, tmp_path, capsys, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reports.__main__.assemble", None)
    (tmp_path / "site").write_text("a file")
    file = str(write(small_file()))
    assert main([part.format(file) for part in command]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "site" in error
    assert error.startswith(f"{command[-2]} must be a f")


def test_a_folder_that_cannot_be_written_is_one_clear_line(write, tmp_path, capsys):
    (tmp_path / "site").write_text("a file")
    assert main(["build", str(write(small_file())), "--out", str(tmp_path / "site")]) == 1
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith("--out must be a folder to write into; got ")
    )


def test_the_summary_is_what_a_run_prints_at_its_end(write, capsys):
    assert main(["summary", str(write(small_file()))]) == 0
    printed = capsys.readouterr().out
    assert "torch-cpu on one core, 1 computation" in printed
    assert "† on nvidia-h100, not here" in " ".join(printed.split())
    assert "This machine" in printed
    assert "index.html" not in printed


def test_the_summary_builds_the_pages_too_and_says_where(write, tmp_path, capsys):
    site = tmp_path / "site"
    assert main(["summary", str(write(small_file())), "--build", str(site)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(site / "index.html")
    assert main(["check", str(site)]) == 0


def test_every_command_says_what_it_does_and_what_its_options_are(capsys):
    for command in ("build", "compare", "check", "summary", "list", "export", "record", "readme"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert f"python -m reports {command}" in capsys.readouterr().out


def long_names(write, folder, factor=1.0):
    prefix = "test_that_has_a_long_name_which_all_tests_of_this_suite_share_up_to_"
    tests = [
        suite_test(prefix + end, time_s=factor * (1 + n) * 1e-3, file="tests/of/it/test_names.py")
        for n, end in enumerate(("red", "green", "blue", "blue_and_yellow"))
    ]
    path = write(suite_file(*tests), f"{folder}.json")
    (path.parent / folder).mkdir()
    return path.rename(path.parent / folder / "out.json")


@pytest.mark.parametrize("columns", ["80", "60", None])
def test_rows_keep_the_ends_that_tell_them_apart(write, capsys, monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    files = [str(long_names(write, "before")), str(long_names(write, "after", 3.0))]
    assert main(["compare", *files, "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= int(columns or 200) for line in lines)
    rows = [line.split("│")[1].strip() for line in lines if line.count("│") > 3]
    names = [row for row in rows if row.startswith(("test", "…"))]
    assert len(set(names)) == 4
    assert {name[-3:] for name in names} == {"red", "een", "lue", "low"}
    assert any("before/out" in line and "after/out" in line for line in lines)


def test_a_list_names_files_of_one_name_by_their_folders(write, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    files = [str(long_names(write, "before")), str(long_names(write, "after"))]
    assert main(["list", *files]) == 0
    printed = capsys.readouterr().out
    assert "before/out" in printed
    assert "after/out" in printed
    assert printed.count("out.json") == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
@pytest.mark.parametrize("command", ["compare", "summary", "list", "export", "build"])
def test_names_that_the_terminal_lacks_fail_nothing(
    write, tmp_path, monkeypatch, encoding, command
):
    names = ["é 中 👩", "a\ud800", "…×’µ"]
    file = str(write(suite_file(*map(suite_test, names)), "中…é.json"))
    out, err = (TextIOWrapper(BytesIO(), encoding=encoding) for _ in range(2))
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    options = {"build": ["--out", str(tmp_path / "中")], "compare": [file, "--fail-above", "5%"]}
    assert main([command, file, *options.get(command, [])]) == 0
    out.flush()
    printed = out.buffer.getvalue().decode("utf-8" if command == "export" else encoding)
    if command in {"compare", "export"} and encoding == "utf-8":
        assert "中" in printed
    if command == "summary" and encoding == "ascii":
        assert "t.py: 3 tests" in printed
    if command == "list" and encoding == "ascii":
        assert "\\u4e2d..." in printed


@pytest.mark.parametrize(("end", "begin"), [(".pdf", b"%PDF"), (".PNG", b"\x89PNG"), ("", b"<svg")])
def test_a_chart_is_a_file_of_the_kind_that_its_name_says(write, tmp_path, end, begin):
    out = tmp_path / f"chart{end}"
    assert main(["chart", "matmul", str(write(small_file())), "--out", str(out)]) == 0
    assert out.read_bytes().startswith(begin)


def test_a_chart_of_another_suite_is_that_of_a_group(write, tmp_path, capsys):
    tests = [suite_test("a", group="g"), suite_test("b", group="g"), suite_test("c", group="one")]
    file, out = str(write(suite_file(*tests))), tmp_path / "chart.svg"
    assert main(["chart", "g", file, "--out", str(out)]) == 0
    assert 'aria-label="g. Medians of 1.00 ms' in out.read_text()
    assert main(["chart", "h", file]) == 1
    assert f"{file} must hold times of 'h'; it holds g, one" in capsys.readouterr().err
    assert main(["chart", "one", file]) == 1
    assert "two or more times in 'one'" in capsys.readouterr().err


def test_a_card_of_another_suite_is_refused_in_one_line(write, tmp_path, capsys):
    out = tmp_path / "card.png"
    assert main(["card", str(write(suite_file(suite_test()))), "--out", str(out)]) == 1
    assert "this file is another suite's" in capsys.readouterr().err
    assert not out.exists()
