"""Reading an address: limited size, strict JSON, and errors in one clear line."""

import bz2
import codecs
import gzip
import json
import lzma
import re
import uuid
import zipfile
from io import BytesIO

import fsspec
import pytest

from reports.read import intake
from reports.read.intake import UnreadableError, expand, parse_json, printable, read
from tests.conftest import CASE, ONE, content, entry, small_file

HEADER = {"schema": "numpy-vs-pytorch/1", "datetime": "x", "asked": ["a/numpy", "a/torch-cpu"]}
MARKED = {"cell": {"id": "a/numpy", "status": "skipped", "reason": "r"}, "benchmark": None}


def error_of(address):
    """Return the error of reading an address, without the address."""
    with pytest.raises(UnreadableError) as caught:
        read(address)
    message = str(caught.value)
    assert message.isprintable()
    name = printable(str(address))
    assert message.startswith(f"{name}: ")
    return message.removeprefix(f"{name}: ")


def put(tmp_path, data, name="bad.json"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param("", "not readable as JSON: it is empty", id="empty"),
        pytest.param(" \n", "not readable as JSON: it is empty", id="blank"),
        pytest.param(json.dumps(small_file())[:-200], "was it cut off?", id="truncated"),
        pytest.param(json.dumps(small_file())[:1000], "was it cut off?", id="in-a-text"),
        pytest.param('{"a": 1, "b"', "was it cut off?", id="in-a-key"),
        pytest.param("{}x", "not readable as JSON: Extra data", id="trailing"),
        pytest.param("[" * 100_000, "nested too deeply", id="deep"),
        pytest.param('{"x": 1, "cells":' + "[" * 3000, "cells: nested too deeply", id="list"),
        pytest.param('{"machine_info":' + '{"a":' * 100_000, "machine_info: nested", id="object"),
    ],
)
def test_text_that_is_no_json_gives_one_clear_line(tmp_path, data, message):
    assert message in error_of(put(tmp_path, data))


@pytest.mark.parametrize("sign", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    ("data", "field"),
    [
        ('{"datetime": "x", "unknown": {"a": [1, {"b": %s}]}}', "unknown.a.1.b"),
        ('{"benchmarks": [0, [%s], NaN]}', "benchmarks.1.0"),
        ('{"a": 1e999, "b": %s}', "b"),
        ('{"a\\n": %s}', "a\ufffd"),
    ],
)
def test_an_error_names_the_field_of_a_nan_or_infinity(tmp_path, sign, data, field):
    assert (
        f"{field}: a finite number expected, got {sign}" == read(put(tmp_path, data % sign)).broken
    )


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"a": {"b": 1, "b": 2}}', "b: each key once expected, got it twice"),
        ('{"\\u001b": 1, "\\u001b": 2}', "\ufffd: each key once expected, got it twice"),
        ('{"a": "\x1b[31m"}', "Invalid control character at: line 1 column 8 (char 7)"),
        ('{"a": ' + "9" * 5000 + "}", "an integer of at most 4000 digits expected, got 5000"),
        ('{"a": NaN}', "a: a finite number expected, got NaN"),
        ('{"a": 1e999}', ""),
    ],
)
def test_json_that_breaks_a_rule_is_read_and_the_rule_is_named(tmp_path, text, rule):
    assert read(put(tmp_path, text)).broken == rule
    if rule:
        with pytest.raises(Exception, match=re.escape(rule)):
            parse_json(text)


@pytest.mark.parametrize(
    ("encoding", "mark", "note"),
    [
        ("utf-8", b"", ()),
        ("utf-8", codecs.BOM_UTF8, ("UTF-8 with a byte order mark",)),
        ("utf-16-le", codecs.BOM_UTF16_LE, ("UTF-16",)),  # what PowerShell writes
        ("utf-16-be", codecs.BOM_UTF16_BE, ("UTF-16",)),
        ("utf-16-le", b"", ("UTF-16",)),
        ("utf-16-be", b"", ("UTF-16",)),
        ("utf-32-le", codecs.BOM_UTF32_LE, ("UTF-32",)),
        ("latin-1", b"", ("Latin-1, because it is no valid UTF-8",)),
    ],
)
def test_a_file_is_read_in_any_encoding(tmp_path, encoding, mark, note):
    raw = read(put(tmp_path, mark + '{"é": ["ü"]}'.encode(encoding)))
    assert (raw.content, raw.notes) == ({"é": ["ü"]}, note)


def test_null_bytes_at_the_end_of_a_file_are_left_out(tmp_path):
    raw = read(put(tmp_path, b'{"a": 1}' + b"\0" * 4096))
    assert (raw.content, raw.notes) == ({"a": 1}, ("without the null bytes at its end",))


def zipped(*texts):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"runs/{number}.json", text)
    return file.getvalue()


PACKERS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda data: zipped(data.decode()),
}


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive_is_read_whatever_its_name_and_a_truncated_one_says_so(tmp_path, kind):
    data = PACKERS[kind](json.dumps(small_file()).encode())
    assert read(put(tmp_path, data, f"a.json.{kind}")).content == small_file()
    assert read(put(tmp_path, data, "a.json")).content == small_file()
    assert "was it cut off?" in error_of(put(tmp_path, data[:-40]))


def test_a_plain_file_with_the_name_of_an_archive_is_read(tmp_path):
    assert read(put(tmp_path, "{}", "plain.json.gz")).content == {}


def test_an_archive_that_is_not_read_says_what_to_do(tmp_path):
    assert "got 2: unpack it" in error_of(put(tmp_path, zipped("{}", "{}")))
    assert "unzstd unpacks it" in error_of(put(tmp_path, b"\x28\xb5\x2f\xfd\0\0"))


def test_a_duplicate_key_among_many_is_named_quickly():
    pairs = ",".join(f'"{n}": 0' for n in range(200_000))
    with pytest.raises(Exception, match=r"^199999: each key once"):
        parse_json(f'{{{pairs}, "199999": 0}}')


@pytest.mark.parametrize("size", [10, 11])
def test_a_file_larger_than_the_limit_is_refused(tmp_path, monkeypatch, size):
    monkeypatch.setattr(intake, "MAX_BYTES", 1000)
    path = put(tmp_path, json.dumps("x" * (size + 988)))
    packed = put(tmp_path, gzip.compress(path.read_bytes()), "bad.json.gz")
    if size == 10:
        assert read(path).content == read(packed).content == "x" * 998
    else:
        assert error_of(path) == "larger than 0 MiB, no result file"
        assert error_of(packed) == "larger than 0 MiB, no result file"


def test_an_address_that_cannot_be_opened_gives_an_error(tmp_path):
    assert "No such file" in error_of(tmp_path / "missing.json")
    assert "Is a directory" in error_of(tmp_path)
    assert "Protocol not known: nosuch" in error_of("nosuch://x")
    for name in ("", "a\x00b.json", "a\nb.json", "\x1b[31m.json", "x" * 5000 + ".json"):
        assert error_of(name).startswith("cannot be opened: ")


def test_the_hash_of_a_compressed_file_is_that_of_its_content(tmp_path):
    plain = put(tmp_path, "{}", "a.json")
    packed = put(tmp_path, gzip.compress(b"{}"), "a.json.gz")
    assert read(plain).content == read(packed).content == {}
    assert read(plain).sha256 == read(packed).sha256
    assert read(plain).sha256.startswith("44136fa355b3678a")


def test_printed_text_is_cut_off_and_has_no_control_characters():
    assert printable("a\x1b[31mb\u202ec\nd") == "a\ufffd[31mb\ufffdc\ufffdd"
    assert printable("x" * 1000) == "x" * 480 + "…"
    assert printable("µ “é” 中") == "µ “é” 中"


def lines(*objects, end="\n"):
    return "\n".join(json.dumps(each) for each in objects) + end


def test_a_journal_reads_like_a_result_file(tmp_path):
    timed = entry(f"{CASE.format(4)}/numpy", 1e-3, ONE)
    cell = timed["extra_info"]["cell"]
    header = HEADER | {"asked": [cell, "later"], "note": "last"}
    first = {"cell": {"id": cell, "status": "unstable"}, "benchmark": None}
    last = {"cell": {"id": cell, "status": "ok"}, "benchmark": timed}
    other = entry(f"{CASE.format(4)}/numpy", 9.0, ONE)
    twin = {"cell": {"id": cell, "status": "crashed"}, "benchmark": other, "twin": True}
    path = put(tmp_path, lines(HEADER, first, last, twin, header), "run.jsonl")
    result = read(path).content
    assert result["cells"] == [
        {"id": cell, "status": "ok"},
        {"id": "later", "status": "skipped", "reason": "the run ended before this cell's turn"},
    ]
    assert result["benchmarks"] == [timed]
    assert result["note"] == "last"


def test_the_last_line_of_a_journal_may_be_incomplete(tmp_path):
    path = put(tmp_path, lines(HEADER, MARKED) + '{"cell": {"id": "a/to', "run.jsonl")
    assert [cell["status"] for cell in read(path).content["cells"]] == ["skipped", "skipped"]
    only = put(tmp_path, lines(HEADER, end=""), "only.jsonl")
    assert len(read(only).content["cells"]) == 2


def test_text_in_a_journal_may_contain_unicode_line_ends(tmp_path):
    text = json.dumps(HEADER | {"note": "a\u2028b\x85c"}, ensure_ascii=False) + "\n"
    assert read(put(tmp_path, text, "run.jsonl")).content["note"] == "a\u2028b\x85c"


def test_a_file_in_a_folder_named_like_a_journal_is_no_journal(tmp_path):
    (tmp_path / "runs.jsonl.d").mkdir()
    assert read(put(tmp_path, "{}", "runs.jsonl.d/a.json")).content == {}
    packed = put(tmp_path, gzip.compress(lines(HEADER).encode()), "a.jsonl.gz")
    assert len(read(packed).content["cells"]) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param("[1]\n", "a journal with a JSON object in each line expected", id="array"),
        pytest.param(lines(MARKED), "a journal with a line for the run expected", id="headless"),
        pytest.param(lines(HEADER, {"cell": 1}), "a journal's lines expected", id="cell=1"),
        pytest.param(lines(HEADER, {"cell": {"id": [1]}}), "a journal's lines", id="id-list"),
        pytest.param(lines(HEADER, {"cell": {}}), "one lacks 'id'", id="no-id"),
        pytest.param(
            lines(HEADER, {"cell": {"id": "a/numpy"}}), "one lacks 'benchmark'", id="no-benchmark"
        ),
        pytest.param(lines(HEADER | {"asked": 5}), "a journal's lines", id="asked=5"),
        pytest.param(lines(HEADER | {"asked": [{}]}, MARKED), "a journal's lines", id="asked-{}"),
        pytest.param(lines(HEADER) + "{\n", "not readable as JSON", id="broken-line"),
        pytest.param(lines(HEADER) + '{"x": NaN}\n', "x: a finite number", id="nan"),
        pytest.param(lines(HEADER) + '{"x": 1, "x": 1}\n', "x: each key once", id="twice"),
        pytest.param(lines(HEADER) + '{"x":' + "[" * 100_000 + "\n", "x: nested", id="deep"),
    ],
)
def test_a_journal_with_invalid_lines_gives_one_clear_line(tmp_path, text, message):
    assert message in error_of(put(tmp_path, text, "run.jsonl"))


def test_folders_and_patterns_expand_to_result_files(tmp_path):
    for name in ("b.json", "a.jsonl", "c.json.gz", "d.txt", "run[1].json"):
        put(tmp_path, "{}", name)
    (tmp_path / "deep[2]").mkdir()
    put(tmp_path, "{}", "deep[2]/e.json")
    top = [f"{tmp_path}/{name}" for name in ("a.jsonl", "b.json", "c.json.gz")]
    rest = [f"{tmp_path}/deep[2]/e.json", f"{tmp_path}/run[1].json"]
    assert expand([tmp_path]) == top + rest
    assert expand([f"{tmp_path}/?.json"]) == top[1:2]
    assert expand([tmp_path / "deep[2]"]) == rest[:1]
    assert expand([tmp_path / "run[1].json"]) == rest[1:]
    assert expand([top[1], tmp_path, top[1]]) == [top[1], *top, *rest, top[1]]


def test_an_address_that_matches_nothing_is_kept(tmp_path):
    for address in (f"{tmp_path}/*.json", str(tmp_path), "nosuch://x", "memory://nothing/*.json"):
        assert expand([address]) == [address]


def test_addresses_of_other_file_systems_are_expanded_and_read():
    folder, system = uuid.uuid4().hex, fsspec.filesystem("memory")
    data = json.dumps(content([entry(f"{CASE.format(4)}/numpy", 1.0, ONE)])).encode()
    system.pipe({f"/{folder}/{name}": data for name in ("b.json", "a.json", "n.txt")})
    system.pipe(f"/{folder}/sub/c.json.gz", gzip.compress(data))
    top = [f"memory://{folder}/{name}" for name in ("a.json", "b.json")]
    assert expand([f"memory://{folder}"]) == [*top, f"memory://{folder}/sub/c.json.gz"]
    assert expand([f"memory://{folder}/*.json"]) == top
    assert expand([f"memory://{folder}/a.json"]) == top[:1]
    for address in expand([f"memory://{folder}"]):
        assert read(address).content == json.loads(data)
    assert "cannot be opened" in error_of(f"memory://{folder}/missing.json")
