"""The processor's name, caches and bfloat16 instructions."""

from bench.machine import processor


def test_caches_are_counted_once_however_many_cores_share_them(tmp_path):
    for core, shared in ((0, "0-1"), (1, "0-1"), (2, "2-3")):
        for level, text in ((0, "48K"), (3, "32M")):
            folder = tmp_path / f"cpu{core}" / "cache" / f"index{level}"
            folder.mkdir(parents=True)
            (folder / "size").write_text(text)
            (folder / "shared_cpu_list").write_text(shared)
    assert processor.cache_bytes([0], tmp_path) == 32 * 2**20
    assert processor.cache_bytes([0, 1], tmp_path) == 32 * 2**20
    assert processor.cache_bytes([0, 1, 2], tmp_path) == 64 * 2**20


def test_an_unknown_cache_size_is_none(tmp_path):
    assert processor.cache_bytes([0], tmp_path) is None


def test_bfloat16_is_read_from_the_processors_flags(monkeypatch):
    monkeypatch.setattr(processor.torch.cpu, "get_capabilities", lambda: {"avx2": True}, False)
    assert not processor.has_bfloat16()
    monkeypatch.setattr(
        processor.torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True, "avx2": True}, False
    )
    assert processor.has_bfloat16()


def test_the_model_has_a_name():
    assert processor.model()
