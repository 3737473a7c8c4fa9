"""Which points a group measures, and why it refuses others."""

import pytest

from bench.scaling.point import CPU, FSDP, GLOO, NCCL, NUMPY, Group, agreed, points, rank_counts
from bench.scaling.workload import workloads

TWO = Group(world=2, per_node=2, places=2)
NODES = Group(world=4, per_node=2, places=2)


def one(group=TWO, **wanted):
    """Return the only point of a full run that has these fields."""
    chosen = [
        point
        for point in points(group, rank_counts(group, full=True), full=True)
        if all(getattr(point, name) == value for name, value in wanted.items())
    ]
    return chosen[0]


@pytest.mark.parametrize(
    ("world", "full", "counts"),
    [
        (1, False, [1, 2]),  # the second is refused with a reason
        (2, False, [1, 2]),
        (7, False, [1, 2, 6, 7]),  # 240 rows do not divide among 7
        (8, False, [1, 2, 8]),
        (8, True, [1, 2, 4, 8]),
    ],
)
def test_the_numbers_of_ranks_on_one_node(world, full, counts):
    assert rank_counts(Group(world, world, world), full=full) == counts


def test_on_several_nodes_the_ranks_of_one_are_measured_too():
    assert rank_counts(Group(world=16, per_node=4, places=4), full=False) == [1, 2, 4, 16]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([Group(3, 1, 2), Group(3, 2, 2)], "nodes with 1 and 2; .*same --nproc-per-node"),
        ([Group(4, 2, 2, cuda=True), Group(4, 2, 8)], "a GPU for each rank expected on all nodes"),
    ],
)
def test_nodes_that_differ_are_no_group(groups, message):
    with pytest.raises(ValueError, match=message):
        agreed(groups)


def test_the_node_with_the_fewest_cores_counts():
    assert agreed([Group(4, 2, 8), Group(4, 2, 1)]).oversubscribed


def test_a_default_run_measures_the_telling_sizes_alone():
    telling = {size.label for size in workloads()["all_reduce"].sizes if size.telling}
    chosen = points(TWO, [1, 2], full=False)
    assert {p.size.label for p in chosen if p.workload == "all_reduce"} == telling
    full = points(TWO, [1, 2], full=True)
    assert len({p.size.label for p in full if p.workload == "all_reduce"}) > len(telling)


def test_all_points_of_a_case_are_neighbours():
    cases = [point.case for point in points(TWO, [1, 2], full=True)]
    runs = [case for case, before in zip(cases, [None, *cases], strict=False) if case != before]
    assert len(runs) == len(set(runs))
    assert runs[0][0] == "train_data_parallel"  # the most telling first


def test_gloo_with_one_rank_is_the_process_that_communicates_with_none():
    chosen = points(TWO, [1, 2], full=True)
    assert not [p for p in chosen if p.contender == GLOO and p.ranks == 1]
    assert [p for p in chosen if p.contender == CPU and p.ranks == 1]
    assert not [p for p in chosen if p.ranks == 1 and not p.mode]  # nothing to reduce


def test_gpus_use_nccl_and_all_of_them_shard_the_weights():
    group = Group(world=4, per_node=4, places=4, cuda=True)
    chosen = points(group, [1, 2, 4], full=True)
    assert {NUMPY, GLOO}.isdisjoint(p.contender for p in chosen)
    assert {p.ranks for p in chosen if p.contender == NCCL} == {1, 2, 4}
    assert {p.ranks for p in chosen if p.contender == FSDP} == {4}


def test_a_point_is_compared_with_one_rank_and_with_as_many_of_numpy():
    point = one(workload="matmul_sharded", ranks=2, contender=GLOO)
    same = f"matmul_sharded/{point.size.label}/strong/float32"
    assert point.baseline == f"{same}/ranks=1/torch-cpu"
    assert point.rival == f"{same}/ranks=2/numpy"
    assert one(workload="matmul_sharded", ranks=1, contender=CPU).baseline == ""
    assert one(workload="all_reduce", ranks=2, contender=GLOO).baseline == ""


def test_weak_scaling_is_compared_with_strong_scaling_of_one_rank():
    point = one(workload="train_data_parallel", mode="weak", ranks=2, contender=GLOO)
    assert "/strong/" in point.baseline
    assert (point.total, point.amount.examples) == (2, 2 * point.size.params["batch"])


@pytest.mark.parametrize(
    ("group", "wanted", "reason"),
    [
        (Group(1, 1, 1), {"ranks": 2}, "this machine has one core; 2 ranks would share it"),
        (Group(1, 1, 4), {"ranks": 2}, "2 ranks expected, the group has 1"),
        (Group(8, 8, 2), {"ranks": 8, "contender": GLOO}, "8 ranks on 2 cores would measure"),
        (Group(7, 7, 7), {"ranks": 7, "mode": "strong"}, "rows do not divide among 7 ranks"),
        (NODES, {"ranks": 4, "contender": NUMPY}, "4 ranks lie on 2 nodes"),
    ],
)
def test_a_point_is_refused_with_a_reason(group, wanted, reason):
    assert reason in one(group, **wanted).refused(group, oversubscribe=False)


def test_more_ranks_than_cores_are_measured_if_that_is_asked_for():
    group = Group(8, 8, 2)
    point = one(group, workload="all_reduce", ranks=8, contender=GLOO)
    assert group.oversubscribed
    assert not point.refused(group, oversubscribe=True)


def test_weak_scaling_needs_no_rows_that_divide():
    group = Group(7, 7, 7)
    point = one(group, workload="train_data_parallel", mode="weak", ranks=7, contender=GLOO)
    assert not point.refused(group, oversubscribe=False)
