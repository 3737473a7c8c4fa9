# %% [markdown]
# # Glossary
#
# all terms of the tutorial
#
# {{ opening() }}
#
# This chapter lists the words of the tutorial, each with the chapter that explains it. In the pages
# of the other chapters, the first use of a word links to this page.
#
# **What you will know at the end:**
#
# - what each term means, in a sentence or two
# - where it is explained with code that runs
#
# ## A to D
#
# **accelerator** · a processor beside the main one that does the same computation on many numbers
# at once, most often a GPU.
# {{ chapter("gpu") }}
#
# **all-reduce** · an operation of several processes. After it, each process holds the sum (or mean,
# or maximum) of the values of all processes.
# {{ chapter("several_processes") }}
#
# **arithmetic intensity** · the number of operations that a computation does for each byte that it
# moves between memory and processor.
# {{ chapter("matmul") }}
#
# **asynchronous** · a call is asynchronous if it returns before its work is done. Code that reads
# the result waits.
# {{ chapter("timing") }}
#
# **autocast** · a region of code in which PyTorch decides for each operation whether a lower
# precision is safe.
# {{ chapter("precision") }}
#
# **autograd** · the part of PyTorch that records operations and computes gradients from this
# record.
# {{ chapter("autograd") }}
#
# **bandwidth** · the number of bytes moved per second.
# {{ chapter("roofline") }}
#
# **BLAS** · Basic Linear Algebra Subprograms: the interface of libraries that multiply matrices,
# such as OpenBLAS and MKL.
# {{ chapter("matmul") }}
#
# **broadcasting** · the rule for operations on arrays of different shapes: line the axes up from
# the last one, and stretch an axis of length one without a copy.
# {{ chapter("views") }}
#
# **buffer** · a tensor that belongs to the state of an `nn.Module` but is not a parameter: no
# optimiser changes it.
# {{ chapter("saving") }}
#
# **checkpoint** · a file from which a training run can continue as if it had not stopped. It holds
# the states of the model, the optimiser and everything else that the next step depends on.
# {{ chapter("checkpoints") }}
#
# **compute-bound** · limited by arithmetic, not by memory: the arithmetic intensity is above the
# ridge point.
# {{ chapter("matmul") }}
#
# **contender** · what runs a case in this suite: NumPy, or PyTorch on a device in one of its
# variants.
# {{ chapter("what_is_pytorch") }}
#
# **contiguous** · stored in memory without gaps, in the order in which the elements are indexed.
# {{ chapter("views") }}
#
# **crossover** · the size at which the faster side changes.
# {{ chapter("reductions") }}
#
# **CUDA graph** · a recorded sequence of launches that a GPU runs again as one.
# {{ chapter("fusion") }}
#
# **device** · the hardware that computes, such as the CPU or a GPU. A tensor is on one device, and
# PyTorch computes with it on that device.
# {{ chapter("what_is_pytorch") }}
#
# **dispatch** · finding the kernel for an operation from the dtypes and the devices of its
# arguments. It is a part of the time of every call.
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
# **event file** · the file that a training run writes for TensorBoard: a sequence of records.
# {{ chapter("tensorboard") }}
#
# **finite differences** · derivatives estimated from values of a function a small step apart. The
# central difference takes a step to either side.
# {{ chapter("autograd") }}
#
# **forward mode** · computing derivatives together with the values, for one direction of the inputs
# at a time.
# {{ chapter("autograd_in_depth") }}
#
# **fusion** · doing several operations in one pass over memory instead of several passes.
# {{ chapter("fusion") }}
#
# **gradient** · the derivatives of one number, such as a loss, by every element of a tensor.
# {{ chapter("autograd") }}
#
# **graph** · the record of the operations that made a tensor: nodes, and which node sends its
# gradient to which. `backward` goes through it from the end. (In a static graph, operations that are
# still to run.)
# {{ chapter("autograd") }}
#
# **graph break** · a place where `torch.compile` cannot follow a program and returns to Python.
# {{ chapter("dynamic_graph") }}
#
# **im2col** · storing the patches of an image as columns, so that a convolution becomes a matrix
# product.
# {{ chapter("convolution") }}
#
# **interval** · in this suite, a range around an estimate. About nineteen of twenty such ranges
# contain the true value.
# {{ chapter("what_is_pytorch") }}
#
# **Jacobian** · the matrix of the derivatives of every output by every input.
# {{ chapter("autograd") }}
#
# **kernel** · a compiled function that does one operation on whole arrays, for one dtype and one
# device.
# {{ chapter("matmul") }}
#
# **launch** · putting work into the queue of a device such as a GPU. The call returns at once, and
# takes some time itself.
# {{ chapter("timing") }}
#
# **leaf** · a tensor that no recorded operation made. `backward` stores gradients in the leaves
# that require them.
# {{ chapter("autograd") }}
#
# **learning rate** · the number that controls the size of a step against the gradient.
# {{ chapter("training_ladder") }}
#
# **logits** · the scores that a network gives to the classes, before a softmax. They can be any
# real numbers.
# {{ chapter("training_ladder") }}
#
# **loss** · the error of a model, the number that training makes small.
# {{ chapter("training_ladder") }}
#
# ## M to R
#
# **machine epsilon** · the distance from one to the next larger number of a dtype.
# {{ chapter("tensors") }}
#
# **memory-bound** · limited by moving data, not by arithmetic: the arithmetic intensity is below
# the ridge point.
# {{ chapter("matmul") }}
#
# **mini-batch** · the few samples that one training step uses.
# {{ chapter("training_ladder") }}
#
# **nn.Module** · a part of a model: parameters, buffers and the function that uses them.
# {{ chapter("training_ladder") }}
#
# **optimiser** · an object that uses gradients to change parameters, and may keep a state for each
# parameter.
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
# **rank** · the number of a process in a group of processes that train together.
# {{ chapter("several_processes") }}
#
# **reverse mode** · computing the derivatives of one output by all inputs, from the output back.
# This is what `backward` does.
# {{ chapter("autograd_in_depth") }}
#
# **ridge point** · the arithmetic intensity at which a machine's memory and its arithmetic take
# equally long.
# {{ chapter("roofline") }}
#
# **roofline** · a chart of what a machine can attain at each arithmetic intensity.
# {{ chapter("roofline") }}
#
# ## S to Z
#
# **safetensors** · a file format with a header and raw numbers, which cannot contain code.
# {{ chapter("checkpoints") }}
#
# **seed** · the number from which a random generator starts.
# {{ chapter("reproducibility") }}
#
# **speedup** · how many times as fast one side is as the other. In the figures it is NumPy's time
# divided by the time of the contender: above one, the contender is faster.
# {{ chapter("what_is_pytorch") }}
#
# **state dict** · a dictionary of the tensors of an `nn.Module`, by name. The state dict of an
# optimiser holds its state and its settings.
# {{ chapter("saving") }}
#
# **static graph** · a graph of operations that is complete before there are any data.
# {{ chapter("dynamic_graph") }}
#
# **stream** · a queue of a GPU's work. The work of one queue runs in order.
# {{ chapter("gpu") }}
#
# **strides** · the steps in memory from one element to the next along each axis. NumPy counts them
# in bytes, PyTorch in elements.
# {{ chapter("views") }}
#
# **synchronise** · to wait until a device has done all work in its queue.
# {{ chapter("timing") }}
#
# **tensor** · PyTorch's array: it has a shape, a dtype and a device, and can require a gradient.
# {{ chapter("what_is_pytorch") }}
#
# **TF32** · a mode of NVIDIA's tensor cores, which multiplies float32 numbers with a shorter
# significand.
# {{ chapter("precision") }}
#
# **tie** · a verdict: the whole interval of a speedup is within 10 % of one.
# {{ chapter("what_is_pytorch") }}
#
# **unsettled** · a verdict: the interval of a speedup is too wide to tell which side is faster.
# {{ chapter("what_is_pytorch") }}
#
# **vector-Jacobian product** · a vector times a Jacobian. `backward` computes it without building
# the Jacobian.
# {{ chapter("autograd") }}
#
# **view** · an array or a tensor whose elements are in the memory of another one.
# {{ chapter("views") }}
#
# **warm-up** · calls before the clock is read, so that work that happens only at first is not
# timed.
# {{ chapter("timing") }}
#
# **workload** · one computation of this suite, written for both libraries.
# {{ chapter("what_is_pytorch") }}
#
# ## Where to read on
#
# - The [glossary of NumPy](https://numpy.org/doc/stable/glossary.html) explains the words of
#   arrays.
# - {{ chapter("common_mistakes") }} lists what goes wrong.
