"""Both bodies of every workload are right: against each other and against slow, plain code."""

import ast
import pickle
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU, contenders
from bench.timing.verify import tolerance
from bench.variant import AMP
from bench.workload import Workload, discover, draw, named, size
from bench.workloads.parts import digits
from tests.inprocess import verifications

SMALL = {
    f"{workload.name}-{params.label}": (workload, params)
    for workload in discover().values()
    for params in {s.params.get(workload.curve, ""): s for s in reversed(workload.sizes)}.values()
}


def case_of(workload: Workload, params: dict | None = None, dtype: str = "float64") -> Case:
    chosen = size(**params) if params else workload.sizes[0]
    return Case(workload=workload, size=chosen, dtype=dtype, threads=1)


def variant_of(workload, name):
    return next(variant for variant in workload.variants if variant.name == name)


BOTH = [(name, dtype) for name, (workload, _) in SMALL.items() for dtype in workload.dtypes]


@pytest.mark.parametrize(("name", "dtype"), BOTH)
def test_every_contender_agrees_with_the_other_library(name, dtype):
    workload, params = SMALL[name]
    case = Case(workload=workload, size=params, dtype=dtype, threads=1)
    chosen = [
        who
        for who in contenders(workload, ("cpu",))
        if who.suits(case) and not who.unavailable(case) and not who.variant.compiles
    ]
    assert {check.reason for check in verifications(case, chosen).values()} == {""}


@pytest.mark.parametrize("workload", discover().values(), ids=lambda w: w.name)
def test_a_file_says_its_shapes_and_source_and_has_four_sizes_or_answers_a_question(workload):
    docstring = ast.get_docstring(ast.parse(workload.sources[0].read_text()))
    assert "Shapes" in docstring
    assert "Source:" in docstring
    for curve in {s.params.get(workload.curve, "") for s in workload.sizes}:
        small = [s for s in workload.sizes if not s.large]
        group = [s for s in small if s.params.get(workload.curve, "") == curve]
        assert len(group) in (2, 3) if workload.is_question else len(group) >= 4
        assert not workload.is_question or any(s.telling for s in group)


@pytest.mark.parametrize("workload", discover().values(), ids=lambda w: w.name)
def test_sizes_grow_along_the_axis_and_so_does_the_cost(workload):
    for curve in {s.params.get(workload.curve, "") for s in workload.sizes}:
        group = [s for s in workload.sizes if s.params.get(workload.curve, "") == curve]
        cases = [Case(workload=workload, size=s, dtype="float32", threads=1) for s in group]
        assert all(case.cost.reduction >= 1 for case in cases)
        for smaller, larger in pairwise(cases):
            assert smaller.axis_value < larger.axis_value
            work = [case.cost.flops or case.cost.elements for case in (smaller, larger)]
            assert work[0] < work[1]


def test_inputs_are_the_same_at_every_call_and_in_either_dtype():
    case = case_of(discover()["matmul"])
    first, again = case.inputs(), case.inputs()
    single = replace(case, dtype="float32").inputs()
    assert np.array_equal(first["a"], again["a"])
    assert np.array_equal(first["a"].astype("float32"), single["a"])
    assert not np.array_equal(first["a"], first["b"])


def plain_convolution(x, w, b, stride, padding):
    n, _, h, _ = x.shape
    k, _, r, _ = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    o = (h + 2 * padding - r) // stride + 1
    y = np.empty((n, k, o, o))
    for i in range(o):
        for j in range(o):
            window = x[:, :, i * stride : i * stride + r, j * stride : j * stride + r]
            y[:, :, i, j] = np.einsum("ncuv,kcuv->nk", window, w) + b
    return y


@pytest.mark.parametrize(("stride", "padding", "r"), [(1, 0, 3), (1, 1, 3), (2, 3, 7), (3, 2, 2)])
def test_conv2d_equals_the_plain_sum(stride, padding, r):
    workload = discover()["conv2d"]
    params = {"n": 3, "c": 2, "h": 11, "k": 4, "r": r, "stride": stride, "padding": padding}
    inputs = case_of(workload, params).inputs()
    assert np.allclose(workload.numpy(**inputs), plain_convolution(**inputs), rtol=1e-12)


@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 1), (2, 3)])
def test_conv2d_backward_is_the_adjoint_of_conv2d(stride, padding):
    """Three inner products are equal: grad_y with y, grad_x with x, and grad_w with w."""
    params = {"n": 3, "c": 2, "h": 9, "k": 4, "r": 3, "stride": stride, "padding": padding}
    inputs = case_of(discover()["conv2d_backward"], params).inputs()
    grad_x, grad_w = discover()["conv2d_backward"].numpy(**inputs)
    grad_y = inputs.pop("grad_y")
    y = discover()["conv2d"].numpy(**inputs, b=np.zeros(4))
    assert np.isclose((grad_y * y).sum(), (grad_x * inputs["x"]).sum(), rtol=1e-12)
    assert np.isclose((grad_y * y).sum(), (grad_w * inputs["w"]).sum(), rtol=1e-12)


TRAINING = {"train_mlp": {"hidden": 4, "batch": 8}, "train_cnn": {"channels": 2, "batch": 8}}
BODIES = [
    (name, contender) for name in TRAINING for contender in contenders(discover()[name], ("cpu",))
]


def epoch(contender, case):
    def run(**inputs):
        body = contender.body(case)
        return contender.bring_back(body(**contender.place(inputs)))

    return run


@pytest.mark.parametrize(("name", "contender"), BODIES, ids=lambda v: getattr(v, "name", v))
def test_every_gradient_equals_central_finite_differences(name, contender):
    case = case_of(discover()[name], TRAINING[name])
    inputs = case.inputs()
    one = inputs | {"x": inputs["x"][:1], "y": inputs["y"][:1], "lr": 1.0}
    names = [key for key in one if key not in {"x", "y", "lr"}]
    run = epoch(contender, case)
    _, *ends = run(**one)

    def loss_at(key, place, step):
        moved = one[key].copy()
        moved[place] += step
        return epoch(NUMPY, case)(**one | {key: moved})[0][0]

    h = 1e-5
    for key, end in zip(names, ends, strict=True):
        gradient = one[key] - end  # one step of SGD with a learning rate of 1
        expected = np.empty_like(gradient)
        for place in np.ndindex(gradient.shape):
            expected[place] = (loss_at(key, place, h) - loss_at(key, place, -h)) / (2 * h)
        assert np.abs(gradient - expected).max() <= 1e-8 * max(1, np.abs(expected).max())


@pytest.mark.parametrize(("name", "contender"), BODIES, ids=lambda v: getattr(v, "name", v))
def test_the_losses_of_a_float64_epoch_agree_to_1e_minus_10(name, contender):
    case = case_of(discover()[name])
    inputs = case.inputs()
    losses = epoch(contender, case)(**inputs)[0]
    baseline = epoch(NUMPY, case)(**inputs)[0]
    assert losses.dtype == "float64"
    assert len(losses) == len(inputs["x"])
    assert np.abs(losses / baseline - 1).max() <= 1e-10
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("name", TRAINING)
def test_a_trained_network_reads_held_out_digits(name):
    for params in discover()[name].sizes[:2]:
        case = Case(workload=discover()[name], size=params, dtype="float32", threads=1)
        quality = case.workload.quality(epoch(NUMPY, case), case.inputs())
        assert quality["accuracy"] >= 0.95
        assert quality["losses"][-1] < quality["losses"][0] / 2


def test_integers_must_be_equal_in_every_digit():
    workload = discover()["matmul_integer"]

    def off_by_one(a, b):
        c = a @ b
        c[0, 0] += 1
        return c

    case = case_of(replace(workload, torch=off_by_one), dtype="int64")
    assert tolerance(case) == 0
    assert "exceeds the bound 0" in verifications(case)["torch-cpu"].reason


def test_a_body_with_a_wrong_gradient_is_a_mismatch():
    workload = discover()["train_mlp"]

    def ascending(lr, **inputs):
        return workload.numpy(lr=-lr, **inputs)

    case = case_of(replace(workload, numpy=ascending))
    assert "exceeds the bound" in verifications(case)["numpy"].reason


def test_the_numpy_convolution_never_loops_over_pixels():
    text = Path(discover()["conv2d"].sources[1]).read_text()
    loops = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For)]
    assert {ast.unparse(loop.iter) for loop in loops if "range" in ast.unparse(loop.iter)} <= {
        "range(r)",
        "(slice(i, i + step) for i in range(0, n, step))",
    }


@pytest.mark.parametrize("name", discover())
def test_a_case_is_pickled_as_the_name_of_its_workload(name):
    for params in discover()[name].sizes:
        case = Case(workload=discover()[name], size=params, dtype="float32", threads=1)
        again = pickle.loads(pickle.dumps(case))  # noqa: S301 - just made
        assert again.id == case.id
        assert again.workload is discover()[name]


def test_a_workload_with_make_in_another_module_is_not_found():
    with pytest.raises(LookupError, match="must define the workload 'other'"):
        named("bench.workloads.matmul", "other")


def test_a_batch_larger_than_the_images_repeats_them_in_order():
    x, y = digits.batches(2000)
    pixels, labels = digits.load()
    assert (x.shape, y.shape) == ((4, 2000, 64), (4, 2000))
    for times in range(5):
        rows = slice(times * digits.TRAIN, (times + 1) * digits.TRAIN)
        assert np.array_equal(x.reshape(-1, 64)[rows], pixels[: digits.TRAIN])
        assert np.array_equal(y.reshape(-1)[rows], labels[: digits.TRAIN])


@pytest.mark.parametrize("batch", [0, 2**16 + 1])
def test_a_batch_of_no_images_or_too_many_is_an_error(batch):
    with pytest.raises(ValueError, match=f"from 1 to 65536 images.*got {batch}"):
        digits.batches(batch)


@pytest.mark.parametrize("name", TRAINING)
def test_training_under_autocast_rounds_to_bfloat16_and_learns_the_same(name):
    case = case_of(discover()[name], TRAINING[name] | {"batch": 32}, "float32")
    inputs = TORCH_CPU.place(case.inputs())
    losses, *weights = variant_of(case.workload, "amp").body(**inputs)
    plain, *_ = case.workload.torch(**inputs)
    assert {w.dtype for w in (losses, *weights)} == {torch.float32}
    apart = (losses - plain).abs().max() / plain.abs().max()
    assert 1e-5 < apart < tolerance(case, AMP)
    assert (losses[-1] - plain[-1]).abs() < 0.1 * plain[0]  # the cast weights are not those of old
    assert not torch.is_autocast_enabled("cpu")


def test_each_storage_that_autograd_keeps_is_counted_once():
    workload = discover()["autograd_overhead"]
    saved = {}
    for mode in ("forward", "inference", "tape"):
        case = case_of(workload, {"mode": mode, "n": 8}, "float32")
        inputs = TORCH_CPU.place(case.inputs())
        saved[mode] = workload.quality(workload.torch, inputs)["saved_bytes"]
    weights, activations = 8 * 8 * 8 * 4, (8 + 1) * 64 * 8 * 4  # x and the output of each layer
    assert saved == {"forward": 0, "inference": 0, "tape": weights + activations}


def test_central_differences_keep_two_thirds_of_the_digits_and_no_more():
    workload = discover()["gradient_cost"]
    case = case_of(workload, {"p": 32})
    inputs = TORCH_CPU.place(case.inputs())
    exact = workload.torch(**inputs)
    finite = variant_of(workload, "finite")
    error = (finite.body(**inputs) - exact).abs().max() / exact.abs().max()
    assert tolerance(case) < error < tolerance(case, finite)


def test_inputs_are_uniform_and_large_ones_are_float32():
    few, many = draw(np.random.default_rng(0), 2, 3, low=0), draw(np.random.default_rng(0), 10**6)
    assert few.shape == (2, 3)
    assert few.dtype == np.float64
    assert few.min() >= 0
    assert many.dtype == np.float32
    assert -1 <= many.min() < -0.999
    assert 0.999 < many.max() <= 1
    assert abs(many.mean()) < 0.01
