"""What is said of several ranks, on points whose answers are worked by hand."""

import pytest

from reports.findings.facts import group_facts
from reports.findings.findings import Findings
from reports.findings.summary import summary
from reports.read.load import load
from tests.conftest import small_file
from tests.points import MATMUL, REDUCE, around, cluster, group, point, ratio, training
from tests.reports.findings.test_findings import check

GLOO = "train_data_parallel/n={}/{}/float32/ranks={}/torch-gloo"


def findings_of(write, points, **fields):
    """Return the findings of a file of points; their numbers are all of these points."""
    return check(load(write(cluster(points, **fields))))


def gloo(size, mode, ranks, gain, width=1.1, **fields):
    """A point of torch-gloo beside one process that takes 1 ms, at `gain` times its speed."""
    speedup = around(gain, width)
    time_s = 1e-3 * (ranks if mode == "weak" else 1) / gain
    return point(size, mode, ranks, "torch-gloo", time_s, speedup=speedup, **fields)


def one(size="n=4", **fields):
    return point(size, "strong", 1, "torch-cpu", 1e-3, **fields)


@pytest.mark.parametrize(
    ("gain", "width", "state", "text"),
    [
        (1.6, 1.1, "faster", "a second rank makes a step 1.6 times as fast (1.5 to 1.8)"),
        (0.5, 1.1, "slower", "a second rank makes a step slower, 2.0 times as long (1.8 to 2.2)"),
        (1.0, 1.02, "tie", "a second rank makes a step no faster, 1.00 times as fast (0.98"),
        (1.0, 2.0, "unsettled", "whether a second rank makes a step faster is unsettled; about 1."),
    ],
)
def test_the_verdict_chooses_what_a_second_rank_does(write, gain, width, state, text):
    findings = findings_of(write, [one(), gloo("n=4", "strong", 2, gain, width)])
    finding = findings.all["ranks/" + GLOO.format(4, "strong", 2)]
    assert finding.state == state
    assert finding.text.startswith("train_data_parallel at n=4, torch-gloo: " + text)
    assert finding.text.endswith(f"efficiency {50 * gain:.0f} %.")
    assert finding.interval.value == gain
    assert finding.cells[-1] == GLOO.format(4, "strong", 2)


@pytest.mark.parametrize(
    ("gain", "state", "text"),
    [
        (1.6, "faster", "together they do more than one alone, 1.6 times its work in the same"),
        (0.5, "slower", "together they do less than one alone, 0.50 times its work in the same"),
    ],
)
def test_weak_scaling_says_how_much_work_is_done(write, gain, state, text):
    findings = findings_of(write, [one(), gloo("n=4", "weak", 2, gain)])
    finding = findings.all["ranks/" + GLOO.format(4, "weak", 2)]
    assert finding.state == state
    assert "as much work for each of 2 ranks as for one: " + text in finding.text


def test_two_ranks_and_all_ranks_are_said_and_none_between(write):
    several = [gloo("n=4", "strong", ranks, 0.8 * ranks) for ranks in (2, 4, 8)]
    findings = findings_of(write, [one(), *several])
    assert [each.about["ranks"] for each in findings.kind("ranks")] == ["2", "8"]
    text = findings.all["ranks/" + GLOO.format(4, "strong", 8)].text
    assert "8 ranks make a step 6.4 times as fast" in text


def test_ranks_that_were_only_skipped_are_not_all_ranks(write):
    skipped = gloo("n=4", "strong", 8, 1.0) | {"status": "skipped", "reason": "no time"}
    several = [gloo("n=4", "strong", ranks, 1.5) for ranks in (2, 4)]
    findings = findings_of(write, [one(), *several, skipped])
    assert [each.about["ranks"] for each in findings.kind("ranks")] == ["2", "4"]


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (1.01, "one rank: a step is as fast as without a process group, 0.980 times"),
        (1.5, "one rank: whether a process group costs time is unsettled"),
    ],
)
def test_a_group_of_one_rank_is_compared_with_none(write, width, text):
    alone = point("n=4", "strong", 1, "torch-cuda", 1e-3)
    ddp = point("n=4", "strong", 1, "torch-nccl", 1e-3, speedup=around(0.98, width))
    two = point("n=4", "strong", 2, "torch-nccl", 1e-3, speedup=around(1.9))
    finding, _ = findings_of(write, [alone, ddp, two]).kind("ranks")
    assert text in finding.text
    assert "efficiency" not in finding.text
    assert finding.about["device"] == "cuda"


@pytest.mark.parametrize(
    ("gains", "state", "text"),
    [
        ((0.5, 1.6, 1.8), "worth", "a second rank is worth it from n=16 on, where a step is 1.6 "),
        ((1.6, 1.6, 1.6), "worth", "a second rank is worth it from n=4 on"),
        ((0.5, 0.5, 1.6), "worth", "worth it at n=64, the largest of 3 sizes, where a step is 1.6"),
        (
            (1.6, 0.5, 1.8),
            "mixed",
            "worth a second rank is n=4, where a step is 1.6 times as fast ",
        ),
        ((1.6, 0.5, 1.8), "mixed", "efficiency 80 %; at 1 of 2 larger sizes it is not worth it."),
        ((0.5, 0.8, 0.7), "never", "no size measured is worth a second rank; at best, at n=16, a"),
        (
            (0.5, 1.04, 0.7),
            "unsettled",
            "second rank is worth it is unsettled at 1 of 3 sizes; at",
        ),
    ],
)
def test_the_smallest_size_worth_a_second_rank(write, gains, state, text):
    sizes = ("n=64", "n=4", "n=16")  # in a file in any order; ordered by their operations
    gain_of = dict(zip(("n=4", "n=16", "n=64"), gains, strict=True))
    points = [each for n in sizes for each in (one(n), gloo(n, "strong", 2, gain_of[n]))]
    answer = findings_of(write, points).all["second-rank"]
    assert answer.state == state
    assert answer.text.startswith("Data-parallel training, torch-gloo: ")
    assert text in answer.text


def test_the_answer_is_about_training_with_pytorch_first(write):
    product = point("n=4", "strong", 2, "torch-gloo", 1e-3, workload=MATMUL, speedup=around(1.9))
    points = [*training("n=4", 1.6), product]
    findings = findings_of(write, points)
    answers = findings.kind("second-rank")
    assert [(each.about["workload"][:6], each.about["contender"]) for each in answers] == [
        ("train_", "torch-gloo"),
        ("train_", "numpy"),
        ("train_", "torch-gloo"),
        ("matmul", "torch-gloo"),
    ]
    assert answers[0].id == "second-rank"
    assert "NumPy: a second process is not worth it at n=4, the one size" in answers[1].text
    instead = "; with a second thread of one process instead, 1.5 times (1.4 to 1.7)."
    assert [each.text.endswith(instead) for each in answers] == [True, False, True, False]


def test_a_second_gpu_is_not_compared_with_a_second_thread_of_a_cpu(write):
    points = training("n=4", 1.6)
    points.append(point("n=4", "strong", 2, "torch-nccl", 1e-4, speedup=around(1.9)))
    nccl = findings_of(write, points).all["second-rank"].text
    assert "1.9 times" in nccl
    assert "thread" not in nccl


def test_a_baseline_that_is_not_in_the_file_is_not_named(write):
    (finding,) = findings_of(write, [gloo("n=4", "strong", 2, 1.6)]).kind("ranks")
    assert finding.cells == (GLOO.format(4, "strong", 2),)


def test_without_points_there_is_no_answer_and_nothing_else(write):
    findings = Findings(load(write(small_file())))
    answer = findings.all["second-rank"]
    assert (answer.state, answer.has_numbers) == ("absent", False)
    assert answer.text.startswith("This run measured no ranks, so it does not tell whether")
    for kind in ("points", "ranks", "communication", "bandwidth"):
        assert findings.kind(kind) == []


def test_more_ranks_than_cores_claim_nothing(write):
    data = [*training("n=4", 1.6), point("bytes=8", "", 2, "torch-gloo", 1e-3, workload=REDUCE)]
    findings = findings_of(write, data, oversubscribed=True)
    assert findings.all["second-rank"].state == "absent"
    assert findings.all["second-rank"].text.startswith("No point of this run tells whether")
    assert "so no speedup is given" in findings.all["oversubscribed"].text
    assert [each.state for each in findings.kind("ranks")] == ["absent"] * 3
    assert "(more ranks than cores)" in findings.kind("ranks")[0].text
    for kind in ("ranks-and-threads", "ranks-and-numpy", "communication", "bandwidth"):
        assert findings.kind(kind) == []


def test_an_interval_too_wide_to_say_anything_is_said_to_be(write):
    findings = findings_of(write, [one(), gloo("n=4", "strong", 2, 0.3, 20.0)])
    finding = findings.all["ranks/" + GLOO.format(4, "strong", 2)]
    assert finding.text == (
        "train_data_parallel at n=4, torch-gloo: whether a second rank makes a step faster is"
        " unsettled; its interval, 0.015 to 6.0, is too wide to say more."
    )
    largest = point("bytes=2048", "", 2, "torch-gloo", 2.048e-3, workload=REDUCE, width=4)
    (finding,) = findings_of(write, [largest], copy_bytes_s=1e6).kind("bandwidth")
    assert "the bus bandwidth is not known: between 250 kB/s and 4.00 MB/s; the" in finding.text


@pytest.mark.parametrize(
    ("threads", "state", "text"),
    [
        (0.8, "faster", "a second rank is better than a second thread of one process, a step is"),
        (3.2, "slower", "is worse than a second thread of one process, a step takes 2.0 times as"),
        (1.6, "unsettled", "is better than a second thread of one process is unsettled"),
    ],
)
def test_a_second_rank_against_a_second_thread(write, threads, state, text):
    (finding,) = findings_of(write, training("n=4", 1.6, threads=threads)).kind("ranks-and-threads")
    assert finding.state == state
    assert text in finding.text
    assert finding.interval.value == pytest.approx(1.6 / threads)
    # two independent times, each known to a factor of 1.1
    assert finding.interval.high / finding.interval.value == pytest.approx(1.1**2**0.5)


def test_ranks_against_processes_of_numpy(write):
    points = training("n=4", 1.6)
    points[3]["against_numpy"] = ratio(0.5, 0.45, 0.55)
    (finding,) = findings_of(write, points).kind("ranks-and-numpy")
    assert finding.state == "slower"
    assert finding.text.endswith(
        "strong scaling: a step with 2 ranks takes 2.0 times as long as with NumPy’s processes"
        " (1.8 to 2.2)."
    )


@pytest.mark.parametrize(
    ("shares", "state", "text"),
    [
        ((0.7, 0.6, 0.2), "small", "up to n=16, where it takes 60 %; at 1 larger of 3"),
        ((0.7, 0.2, 0.6), "some", "at 2 of 3 sizes, 60 % at n=64, the largest of them"),
        ((0.7, 0.6, 0.6), "everywhere", "at all 3 sizes, still 60 % at n=64"),
        ((0.5, 0.2, 0.1), "nowhere", "at most half of a step at all 3 sizes, most at n=4, 50 %"),
        ((0.7,), "everywhere", "takes 70 % of a step at n=4, the one size with a time"),
    ],
)
def test_where_communication_outweighs_work(write, shares, state, text):
    sizes = ("n=4", "n=16", "n=64")
    points = [
        gloo(n, "strong", 2, 1.6, communication_share=share, compute_s=2e-4)
        for n, share in zip(sizes, shares, strict=False)
    ]
    findings = findings_of(write, [*map(one, sizes), *points])
    (finding,) = findings.kind("communication")
    assert finding.state == state
    assert text in finding.text
    first = findings.kind("share")[0]
    assert first.state == ("outweighs" if shares[0] > 0.5 else "less")
    assert first.text.endswith(
        "; without it, a step takes 625 µs, and the same work without messages 200 µs."
    )


def test_work_that_took_longer_than_a_step_is_left_out(write):
    points = [one(), gloo("n=4", "strong", 2, 1.6, communication_share=0.0, compute_s=1.0)]
    (finding,) = findings_of(write, points).kind("share")
    assert finding.text.endswith("collectives take 0 % of a step, no more than its work.")


@pytest.mark.parametrize(
    ("copy_bytes_s", "state", "text"),
    [
        (4e6, "slower", "is 1.00 MB/s (909 kB/s to 1.10 MB/s), 25 % of the 4.00 MB/s at which"),
        (1e5, "faster", "1000 % of the 100 kB/s at which a rank copies memory: faster than a copy"),
        (None, "measured", "is 1.00 MB/s (909 kB/s to 1.10 MB/s); the smallest, 1 KiB, takes 10.0"),
    ],
)
def test_the_bandwidth_of_the_largest_message_and_the_latency_of_the_smallest(
    write, copy_bytes_s, state, text
):
    """With two ranks the bus bandwidth is message / time: 2 (2 - 1) / 2 is 1."""
    largest = point("bytes=2048", "", 2, "torch-gloo", 2.048e-3, workload=REDUCE)
    smallest = point("bytes=1024", "", 2, "torch-gloo", 1e-5, workload=REDUCE)
    findings = findings_of(write, [largest, smallest], copy_bytes_s=copy_bytes_s)
    (finding,) = findings.kind("bandwidth")
    assert finding.state == state
    assert text in finding.text
    assert "torch-gloo, 2 ranks: at the largest message, 2 KiB, the bus" in finding.text
    assert finding.of["latency"] == smallest["id"]
    assert finding.cells[-1] == largest["id"]


def test_a_latency_that_is_not_known_is_given_as_its_interval(write):
    largest = point("bytes=2048", "", 2, "torch-gloo", 2.048e-3, workload=REDUCE)
    smallest = point("bytes=1024", "", 2, "torch-gloo", 1e-4, workload=REDUCE, width=4.0)
    (finding,) = findings_of(write, [largest, smallest]).kind("bandwidth")
    assert finding.text.endswith("; the smallest, 1 KiB, takes between 25.0 µs and 400 µs.")
    assert finding.of == dict.fromkeys(("smallest", "least", "most"), smallest["id"])


def test_messages_between_gpus_are_not_held_against_a_copy_in_the_memory_of_the_cpu(write):
    largest = point("bytes=2048", "", 2, "torch-nccl", 2.048e-3, workload=REDUCE)
    (finding,) = findings_of(write, [largest], copy_bytes_s=1e5).kind("bandwidth")
    assert finding.state == "measured"
    assert "copy" not in finding.text


def test_a_time_without_that_of_one_rank_gives_no_speedup(write):
    several = point("n=4", "strong", 2, "torch-gloo", 1e-3)
    (finding,) = findings_of(write, [several]).kind("ranks")
    assert "(no time of one rank)" in finding.text


def test_a_point_of_a_computation_without_a_name_has_an_answer(write):
    several = point("n=4", "strong", 2, "torch-gloo", 1e-3, workload="", speedup=around(1.9))
    assert findings_of(write, [several]).all["second-rank"].state == "worth"


def test_a_fault_names_the_rank_and_costs_its_point_alone(write):
    points = training("n=4", 1.6)
    reason = "rank 1: its own work took 4.5 times as long as the others'"
    points[3] |= {"status": "straggler", "reason": reason}
    findings = findings_of(write, points, restarts=1)
    (fault,) = findings.kind("rank-fault")
    assert (fault.state, fault.cells) == ("straggler", (points[3]["id"],))
    assert reason in fault.text
    assert f'data-key="reason" data-cell="{points[3]["id"]}"' in fault.html
    assert findings.all["points"].text == (
        "4 of 5 points with up to 2 ranks have a time, from 2 visits; 1 failed; torchrun started"
        " the group anew 1 times."
    )
    gain = findings.all[f"ranks/{points[3]['id']}"]
    assert (gain.state, gain.has_numbers) == ("absent", False)
    assert findings.kind("ranks-and-threads") == []


def test_skipped_points_are_counted_by_reason(write):
    reasons = ["too late", "5 rows", "too late"]
    skipped = [
        point(f"n={n}", "strong", 2, "torch-gloo", status="skipped", reason=reason)
        for n, reason in enumerate(reasons, 1)
    ]
    texts = [each.text for each in findings_of(write, skipped).kind("skipped-points")]
    assert texts == [
        "2 of 3 points were skipped: too late.",
        "1 of 3 points were skipped: 5 rows.",
    ]


@pytest.mark.parametrize(
    ("changes", "state", "text"),
    [
        ({}, "ok", "5 points were compared with the float64 result of one process; the largest"),
        ({"rel_error": 5e-7}, "ok", "is 50 % of its bound, that of train_data_parallel/n=4/strong"),
        ({"status": "mismatch", "rel_error": 1.0}, "mismatch", "; 1 do not agree and have no tim"),
    ],
)
def test_verification_counts_points(write, changes, state, text):
    points = training("n=4", 1.6)
    points[3] |= changes
    finding = findings_of(write, points).all["points-verified"]
    assert finding.state == state
    assert text in finding.text


def test_an_interrupted_measurement_says_so(write):
    finding = findings_of(write, training("n=4", 1.6), complete=False).all["points"]
    assert finding.state == "interrupted"
    assert finding.text.endswith("; the measurement was interrupted.")


def test_the_summary_has_one_statement_on_ranks(write):
    alone = " ".join(summary(Findings(load(write(cluster(training("n=4", 1.6)))))))
    assert alone.split()[:4] == ["5", "of", "5", "points"]
    assert alone.count("a second rank is worth it at n=4, the one size") == 1
    both = small_file() | {"scaling": group(training("n=4", 1.6))}
    lines = list(summary(Findings(load(write(both)))))
    (place,) = (n for n, line in enumerate(lines) if "a second rank is worth it" in line)
    assert lines[-1].startswith("  This machine") or "disturbed" in lines[-1]
    assert place < len(lines) - 1
    over = cluster(training("n=4", 1.6), oversubscribed=True)
    assert any("More ranks than cores" in line for line in summary(Findings(load(write(over)))))


def test_the_facts_of_a_group(write):
    scaling = load(write(cluster(training("n=4", 1.6)))).scaling
    node = scaling.nodes[0]
    far = node.model_copy(update={"interface": "eth0", "interface_bits_s": 1e11})
    scaling = scaling.model_copy(
        update={"nodes": [far, far, node], "threads": [1, 1, 2], "cores": [[0, 1], []]}
    )
    texts = {fact.key: fact.text for fact in group_facts(scaling)}
    assert texts == {
        "scaling.world": "2",
        "scaling.nodes": "3 × Chip, 8 cores, 16.0 GiB, 2 ranks",
        "scaling.backends": "gloo, shared memory",
        "scaling.link": "eth0, 100 Gbit/s; within one machine",
        "scaling.threads": "1 on each of 2 ranks; 2 on rank 2",
        "scaling.cores": "rank 0: 0, 1; rank 1: any",
        "scaling.copy": "1.00 GB/s",
        "scaling.visits": "2",
        "scaling.spent": "12.0 s",
    }
