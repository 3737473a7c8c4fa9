"""What a rank makes of its options and of what torchrun tells it."""

import pytest

from bench.scaling import rank as rank_module
from bench.scaling.options import rank
from bench.scaling.rank import FAILED, WRONG_USE, main
from bench.scaling.supervisor import AttemptError

TOLD = {
    "RANK": "0",
    "WORLD_SIZE": "2",
    "LOCAL_RANK": "0",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "localhost",
    "MASTER_PORT": "1234",
}


def test_rank_0_hosts_the_store_if_torchruns_agent_does_not():
    apart = {"TORCHELASTIC_USE_AGENT_STORE": "False"}
    assert not rank(TOLD).hosts
    assert not rank(TOLD | {"TORCHELASTIC_USE_AGENT_STORE": "True"}).hosts
    assert rank(TOLD | apart).hosts
    assert not rank(TOLD | apart | {"RANK": "1"}).hosts


def test_without_torchrun_the_message_says_how_to_start(monkeypatch, capsys):
    for name in TOLD:
        monkeypatch.delenv(name, raising=False)
    assert main([]) == WRONG_USE
    assert "torchrun --standalone" in capsys.readouterr().err


@pytest.fixture
def told(monkeypatch):
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_wrong_option_is_refused_by_one_rank_with_one_line(told, capsys, tmp_path):
    assert main(["--results", str(tmp_path), "--bogus"]) == WRONG_USE
    assert capsys.readouterr().err.count("\n") == 1
    told.setenv("RANK", "1")
    assert main(["--results", str(tmp_path), "--bogus"]) == WRONG_USE
    assert capsys.readouterr().err == ""


def test_a_rank_that_fails_asks_for_another_attempt(told, capsys, tmp_path):
    def failing(*_):
        raise AttemptError("another rank failed")

    told.setattr(rank_module, "Supervisor", failing)
    assert main(["--results", str(tmp_path)]) == FAILED
    assert "rank 0: another rank failed" in capsys.readouterr().err
