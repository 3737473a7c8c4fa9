"""Checks of the exercises of the chapter on what PyTorch is."""

from tutorial.exercises import expect


def slope_at(answer):
    """The section "Addition one: gradients" does this for one function.

    The tensor must be of floats and need a gradient: `torch.tensor(float(x),
    requires_grad=True)`.

    After `backward()`, the derivative is in `.grad` of the tensor you started from. `item()`
    makes it a Python number.
    """
    expect("f = x^3, x = 2.0", answer(lambda x: x**3, 2.0), 12.0)
    expect("f = 3 exp(x), x = -1.0", answer(lambda x: 3 * x.exp(), -1.0), 1.1036383)
    expect("f = |x|, x = -5.0", answer(abs, -5.0), -1.0)
    expect("f = x^2, x = 3", answer(lambda x: x**2, 3), 6.0)


def who_is_faster(answer):
    """Above 1, NumPy takes longer, so PyTorch is faster.

    The whole interval is above a number if its lower end is. It is below a number if its upper
    end is.
    """
    for low, high, wanted in (
        (1.2, 1.4, "PyTorch"),
        (0.3, 0.5, "NumPy"),
        (0.9, 1.3, "neither"),
        (1.02, 1.3, "neither"),
        (0.7, 0.97, "neither"),
        (1.06, 1.07, "PyTorch"),
        (0.93, 0.95, "NumPy"),
    ):
        expect(f"interval {low} to {high}", answer(low, high), wanted)
