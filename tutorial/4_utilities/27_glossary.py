# %% [markdown]
# # What do the words mean?
#
# The words of this tutorial, each with the chapter that explains it. In the pages of the other
# chapters the first use of a word leads here.
#
# **What you will know at the end:**
#
# - what is meant by each term, in one sentence
# - where it is explained with code that runs
#
# ## A to D
#
# **accelerator** · a processor beside the main one that computes many things alike at once, most
# often a GPU.
# {{ chapter("gpu") }}
#
# **all-reduce** · an operation of several processes after which each holds the sum (or mean, or
# maximum) of what all of them held.
# {{ chapter("several_processes") }}
#
# **arithmetic intensity** · the operations that a computation does for each byte that it moves
# between memory and processor.
# {{ chapter("matmul") }}
#
# **asynchronous** · of a call: it returns before its work is done; whoever reads the result waits.
# {{ chapter("timing") }}
#
# **autocast** · a region of code in which PyTorch chooses for each operation whether a lower
# precision is safe.
# {{ chapter("precision") }}
#
# **autograd** · the part of PyTorch that records operations and computes gradients from the
# record.
# {{ chapter("autograd") }}
#
# **bandwidth** · bytes moved in a second.
# {{ chapter("roofline") }}
#
# **BLAS** · Basic Linear Algebra Subprograms: the interface of libraries that multiply matrices,
# such as OpenBLAS and MKL.
# {{ chapter("matmul") }}
#
# **broadcasting** · the rule by which arrays of unlike shapes meet: axes are lined up from the last
# one, and an axis of length one is stretched without a copy.
# {{ chapter("views") }}
#
# **buffer** · a tensor that belongs to the state of an `nn.Module` and is not a parameter: no
# optimiser changes it.
# {{ chapter("saving") }}
#
# **checkpoint** · a file from which a training run can go on as if it had not stopped: the states
# of the model, the optimiser and all else that the next step depends on.
# {{ chapter("checkpoints") }}
#
# **compute-bound** · limited by arithmetic rather than by memory: its arithmetic intensity is above
# the ridge point.
# {{ chapter("matmul") }}
#
# **contender** · who runs a case in this suite: NumPy, or PyTorch on a device in one of its ways.
# {{ chapter("what_is_pytorch") }}
#
# **contiguous** · laid out in memory in the order in which its elements are indexed, without gaps.
# {{ chapter("views") }}
#
# **crossover** · the size at which the faster side changes.
# {{ chapter("reductions") }}
#
# **CUDA graph** · a recorded sequence of launches that a GPU replays as one.
# {{ chapter("fusion") }}
#
# **device** · what computes, such as the CPU or a GPU; a tensor lives on one, and what is computed
# from it is computed there.
# {{ chapter("what_is_pytorch") }}
#
# **dispatch** · finding the kernel for an operation, given the dtypes and the devices of its
# arguments; a part of the price of every call.
# {{ chapter("training_ladder") }}
#
# **dtype** · the type of each element of an array or a tensor, such as float32.
# {{ chapter("tensors") }}
#
# ## E to L
#
# **epoch** · one pass over all the training data.
# {{ chapter("training_ladder") }}
#
# **event file** · what a training run writes for TensorBoard to read: records, one after the
# other.
# {{ chapter("tensorboard") }}
#
# **finite differences** · derivatives estimated from a function's values a small step apart; the
# central difference takes a step to either side.
# {{ chapter("autograd") }}
#
# **forward mode** · computing derivatives along with the values, one direction of the inputs at a
# time.
# {{ chapter("autograd_in_depth") }}
#
# **fusion** · one pass over memory where several operations would make several.
# {{ chapter("fusion") }}
#
# **gradient** · the derivatives of one number, such as a loss, by every element of a tensor.
# {{ chapter("autograd") }}
#
# **graph break** · a place where `torch.compile` cannot follow a program and returns to Python.
# {{ chapter("dynamic_graph") }}
#
# **im2col** · laying out the patches of an image as columns, so that a convolution becomes a
# matrix product.
# {{ chapter("convolution") }}
#
# **interval** · in this suite a range around an estimate. Of many such ranges about nineteen in
# twenty hold the true value.
# {{ chapter("what_is_pytorch") }}
#
# **Jacobian** · the matrix of the derivatives of every output by every input.
# {{ chapter("autograd") }}
#
# **kernel** · a compiled function that does one operation on whole arrays, for one dtype and one
# device.
# {{ chapter("matmul") }}
#
# **launch** · putting work into the queue of a device such as a GPU; the call returns at once and
# has a price of its own.
# {{ chapter("timing") }}
#
# **leaf** · a tensor that no recorded operation made; `backward` leaves gradients in the leaves
# that require them.
# {{ chapter("autograd") }}
#
# **learning rate** · the number that controls how large a step against the gradient is.
# {{ chapter("training_ladder") }}
#
# **logits** · the scores that a network gives to the classes, before a softmax; any real numbers.
# {{ chapter("training_ladder") }}
#
# **loss** · the number that training makes small: the error of a model.
# {{ chapter("training_ladder") }}
#
# ## M to R
#
# **machine epsilon** · the distance from one to the next larger number of a dtype.
# {{ chapter("tensors") }}
#
# **memory-bound** · limited by moving data rather than by arithmetic: its arithmetic intensity is
# below the ridge point.
# {{ chapter("matmul") }}
#
# **mini-batch** · the few samples of one training step.
# {{ chapter("training_ladder") }}
#
# **nn.Module** · a part of a model: parameters, buffers and the function that uses them.
# {{ chapter("training_ladder") }}
#
# **optimiser** · an object that changes parameters by their gradients, and may keep a state for
# each of them.
# {{ chapter("training_ladder") }}
#
# **parameter** · a tensor of an `nn.Module` that training changes.
# {{ chapter("training_ladder") }}
#
# **pinned memory** · memory of the host that the operating system may not move, so that a GPU can
# copy from it by itself.
# {{ chapter("data") }}
#
# **profiler** · a tool that records which operations ran, when and for how long.
# {{ chapter("profiler") }}
#
# **rank** · the number of a process among those that train together.
# {{ chapter("several_processes") }}
#
# **reverse mode** · computing the derivatives of one output by all inputs, from the output back;
# what `backward` does.
# {{ chapter("autograd_in_depth") }}
#
# **ridge point** · the arithmetic intensity at which a machine's memory and its arithmetic are
# equally the limit.
# {{ chapter("roofline") }}
#
# **roofline** · a chart of what a machine can attain at each arithmetic intensity.
# {{ chapter("roofline") }}
#
# ## S to Z
#
# **safetensors** · a file format of a header and raw numbers, in which no code can hide.
# {{ chapter("checkpoints") }}
#
# **seed** · the number from which a random generator starts.
# {{ chapter("reproducibility") }}
#
# **speedup** · how many times as fast one side is as the other. In the figures it is the time of
# NumPy over the time of the contender: above one, the contender is faster.
# {{ chapter("what_is_pytorch") }}
#
# **state dict** · a dictionary of the tensors of an `nn.Module`, by name; that of an optimiser
# holds its state and its settings.
# {{ chapter("saving") }}
#
# **static graph** · a graph of operations that is built whole before any data are there.
# {{ chapter("dynamic_graph") }}
#
# **stream** · a queue of a GPU's work; what is in one queue runs in order.
# {{ chapter("gpu") }}
#
# **strides** · the steps in memory from one element to the next along each axis: NumPy counts
# bytes, PyTorch elements.
# {{ chapter("views") }}
#
# **synchronise** · to wait until a device has done all work in its queue.
# {{ chapter("timing") }}
#
# **tape** · the record of operations that autograd goes through backwards; also called the graph.
# {{ chapter("autograd") }}
#
# **tensor** · PyTorch's array: it has a shape, a dtype and a device, and can require a gradient.
# {{ chapter("what_is_pytorch") }}
#
# **TF32** · a mode of NVIDIA's tensor cores that takes float32 and multiplies with a shorter
# significand.
# {{ chapter("precision") }}
#
# **tie** · a verdict: the whole interval of a speedup lies within 10 % of one.
# {{ chapter("what_is_pytorch") }}
#
# **unsettled** · a verdict: the interval of a speedup holds both answers, so nobody can tell.
# {{ chapter("what_is_pytorch") }}
#
# **vector-Jacobian product** · a vector times a Jacobian, which is what `backward` computes,
# without building the Jacobian.
# {{ chapter("autograd") }}
#
# **view** · an array or a tensor that has its elements in the memory of another one.
# {{ chapter("views") }}
#
# **warm-up** · calls before the clock is read, so that what happens only at first is not timed.
# {{ chapter("timing") }}
#
# **workload** · one computation of this suite, written for both libraries.
# {{ chapter("what_is_pytorch") }}
#
# ## Where to read on
#
# - The [glossary of NumPy](https://numpy.org/doc/stable/glossary.html) has the words of arrays.
# - {{ chapter("common_mistakes") }} has what goes wrong.
