# %% [markdown]
# # Glossary
#
# all terms of the tutorial
#
# {{ opening() }}
#
# This chapter lists the words of the tutorial, each with the chapter that explains it best. In the
# pages of the other chapters, the first use of a word links to this page.
#
# **What you will know at the end:**
#
# - what each term means, in a sentence or two
# - where it is explained with code that runs
#
# ## Words of the measured pages
#
# - *workload*: one computation, written for NumPy and for PyTorch. Its *sizes* lie on one or more
#   *curves*; a workload on one curve in one dtype is a *computation*.
# - *case*: a workload at one size, in one dtype, on one number of cores (*threads*). A *cell* is one
#   contender in one case.
# - *contender*: a way to run a case: NumPy, or PyTorch on a device, plain or in a *variant*.
# - *visit*: one measurement of a case by new processes. A *block* is several calls in a row,
#   timed together. It is *disturbed* if another process used its core meanwhile.
# - *at two speeds*: of a cell whose blocks have two typical times and few between.
# - *bound*: the largest error that verification accepts. *ridge*: the arithmetic intensity at which
#   memory and arithmetic take equally long.
#
# What follows `torch-cpu` or `torch-cuda` in a name is the variant:
#
# - another number format: `-bf16` and `-fp16` compute in sixteen bits, `-tf32` rounds the factors of
#   products, `-amp` chooses the format for each operation;
# - another way to run: `-compile` by `torch.compile`, `-graph` as a CUDA graph, `-channels-last`
#   with the channels of an image stored together;
# - with copies: `-transfer` from the host's memory and back, `-pinned` from pinned memory;
# - another program: `-tensors` with gradients by hand in tensors, `-autograd` with gradients by
#   autograd, and no variant with `nn` (layers, losses, optimisers); `-hand`, `-forward` and
#   `-finite` compute a gradient by hand, by forward mode and by finite differences; `-stacked`
#   has NumPy join the arrays of a list first.
#
# Several ranks are `torch-gloo`, `torch-nccl` or `torch-nccl-fsdp`, by what carries their messages.
# `torch-threads` is one process that uses several threads instead.
#
# ## A to D
#
# **accelerator** · a processor beside the main one (the host), with its own memory, that does the
# same computation on many numbers at once. Most are GPUs.
# {{ chapter("gpu") }}
#
# **adapter** · a small added matrix, the product of two narrow ones, which is trained in place of a
# frozen weight.
# {{ chapter("fine_tuning") }}
#
# **all-reduce** · an operation of several processes. After it, each process holds the sum (or mean,
# or maximum) of the values of all processes.
# {{ chapter("several_processes") }}
#
# **arithmetic intensity** · the number of operations that a computation does for each byte that it
# moves between memory and processor.
# {{ chapter("matmul") }}
#
# **asynchronous** · returning before the work is done. Only code that reads the result waits.
# {{ chapter("timing") }}
#
# **attention** · a mean of values in which a value counts more if its key is similar to the query.
# {{ chapter("attention") }}
#
# **autocast** · a region of code in which PyTorch decides for each operation whether a lower
# precision is safe.
# {{ chapter("precision") }}
#
# **autograd** · the part of PyTorch that records operations and computes gradients from this
# record.
# {{ chapter("autograd") }}
#
# **backend** · a part that can be exchanged for another. That of `torch.compile` turns a graph into
# code. That of a process group carries the messages.
# {{ chapter("dynamic_graph") }}
#
# **bandwidth** · the number of bytes moved per second.
# {{ chapter("roofline") }}
#
# **batch** · items that are processed together, such as the images of one training step, or a stack
# of matrices in one call.
# {{ chapter("whole_program") }}
#
# **batch normalisation** · a layer that gives each of its inputs mean zero and variance one. In
# training it uses the numbers of the batch, after `eval()` its running means.
# {{ chapter("saving") }}
#
# **bias** · the vector that a layer adds after it has multiplied by its weights.
# {{ chapter("training_ladder") }}
#
# **BLAS** · Basic Linear Algebra Subprograms: the interface of libraries that multiply matrices,
# such as OpenBLAS and MKL.
# {{ chapter("matmul") }}
#
# **bootstrap** · a way to estimate an interval: draw from the measured values again and again, and
# see how much the result changes.
# {{ chapter("measuring") }}
#
# **broadcasting** · the rule for operations on arrays of different shapes: line the axes up from
# the last one, and stretch an axis of length one without a copy.
# {{ chapter("views") }}
#
# **buffer** · a tensor that belongs to the state of an `nn.Module` but is not a parameter: no
# optimiser changes it.
# {{ chapter("saving") }}
#
# **cache** · a small, fast memory in the processor that holds recently used data.
# {{ chapter("views") }}
#
# **checkpoint** · a file from which a training run can continue as if it had not stopped. It holds
# the states of the model, the optimiser and everything else that the next step depends on.
# (Checkpointing in autograd is something else: computing values again instead of keeping them.)
# {{ chapter("checkpoints") }}
#
# **collective** · a function that every process of a group must call, such as an all-reduce.
# {{ chapter("several_processes") }}
#
# **compute-bound** · limited by arithmetic, not by memory: the arithmetic intensity is above the
# ridge point.
# {{ chapter("matmul") }}
#
# **condition number** · how much a small relative error of the input can grow in the solution of a
# linear system.
# {{ chapter("linear_algebra") }}
#
# **contender** · a way to compute a workload in this suite: NumPy, or PyTorch on a device in one of
# its variants. A *cell* is one contender in one case.
# {{ chapter("what_is_pytorch") }}
#
# **contiguous** · stored in memory without gaps, in the order in which the elements are indexed.
# {{ chapter("views") }}
#
# **convolution** · an operation that slides a small array of weights over an image and takes an
# inner product at each place.
# {{ chapter("convolution") }}
#
# **coverage** · the share of intervals that contain the true value.
# {{ chapter("measuring") }}
#
# **cross-entropy** · the usual loss of a classifier: minus the logarithm of the probability of the
# right class, averaged over the batch.
# {{ chapter("training_ladder") }}
#
# **crossover** · the size at which the faster side changes.
# {{ chapter("five_numbers") }}
#
# **CUDA graph** · a recorded sequence of launches that a GPU runs again as one.
# {{ chapter("fusion") }}
#
# **data-parallel** · a training in which each of several processes computes a share of every batch.
# {{ chapter("several_processes") }}
#
# **DataLoader** · an object that makes batches of the items of a dataset, in an order, and perhaps
# with workers.
# {{ chapter("data") }}
#
# **dataset** · an object with a length that returns one item for each index.
# {{ chapter("data") }}
#
# **degrees of freedom** · how many values an estimate of a variance rests on, less one for the
# mean.
# {{ chapter("measuring") }}
#
# **device** · the hardware that computes, such as the CPU or a GPU. A tensor is on one device, and
# PyTorch computes with it on that device.
# {{ chapter("what_is_pytorch") }}
#
# **dispatch** · finding the kernel for an operation from the dtypes and the devices of its
# arguments. It is a part of the time of every call.
# {{ chapter("training_ladder") }}
#
# **dropout** · a layer that sets random entries to zero in training, and nothing in prediction.
# {{ chapter("whole_program") }}
#
# **dtype** · the type of each element of an array or a tensor, such as float32.
# {{ chapter("tensors") }}
#
# ## E to L
#
# **eager** · running each operation when its line runs, without a compiler.
# {{ chapter("fusion") }}
#
# **early stopping** · ending a training when the loss on validation data no longer improves, with
# the best weights so far.
# {{ chapter("training_in_practice") }}
#
# **elementwise** · computing each element of the result from the elements at the same place.
# {{ chapter("fusion") }}
#
# **embedding** · a table with a vector for each symbol. Training changes the vectors.
# {{ chapter("attention") }}
#
# **epoch** · one pass over all the training data.
# {{ chapter("training_ladder") }}
#
# **event file** · the file that a training run writes for TensorBoard: a sequence of records.
# {{ chapter("tensorboard") }}
#
# **exported program** · one graph of a model with its weights, which runs without the code of the
# model.
# {{ chapter("export") }}
#
# **feature** · one of the numbers that describe an item inside a network, from which the next layer
# computes.
# {{ chapter("whole_program") }}
#
# **fine-tuning** · training a model further, for a task of your own, after somebody trained it on
# much data.
# {{ chapter("fine_tuning") }}
#
# **finite differences** · derivatives estimated from values of a function a small step apart. The
# central difference takes a step to either side.
# {{ chapter("autograd") }}
#
# **FLOP** · one floating-point operation, such as an addition. FLOP/s is a rate of operations.
# {{ chapter("roofline") }}
#
# **forward mode** · computing derivatives together with the values, for one direction of the inputs
# at a time.
# {{ chapter("autograd_in_depth") }}
#
# **fusion** · doing several operations in one pass over memory instead of several passes.
# {{ chapter("fusion") }}
#
# **gradient** · the derivatives of one number, such as a loss, with respect to every
# element of a tensor.
# {{ chapter("autograd") }}
#
# **graph** · the record of the operations that made a tensor. Its nodes are the operations, and its
# links say which node sends its gradient to which. `backward` goes through it from the end.
# {{ chapter("autograd") }}
#
# **graph break** · a place where `torch.compile` cannot follow a program and returns to Python.
# {{ chapter("dynamic_graph") }}
#
# **guard** · a check that compiled code makes before it runs: shapes and types must be as before.
# (The line `if __name__ == "__main__":` in a program is called a guard too.)
# {{ chapter("fusion") }}
#
# **held-out** · not used for training, so that a model cannot know it by heart.
# {{ chapter("training_ladder") }}
#
# **Hessian** · the matrix of the second derivatives of one number.
# {{ chapter("autograd_in_depth") }}
#
# **hidden layer** · a layer between the first and the last layer of a network.
# {{ chapter("what_is_pytorch") }}
#
# **hook** · a function of yours that PyTorch calls at a certain point, such as when it saves a
# tensor for `backward`.
# {{ chapter("autograd_in_depth") }}
#
# **host** · the computer with the CPU, as seen from a GPU.
# {{ chapter("gpu") }}
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
# **launch** · the call that puts work into the queue of a device such as a GPU. It returns at once,
# but takes some time itself.
# {{ chapter("timing") }}
#
# **layer** · a simple function with parameters, one of those that a network is made of.
# {{ chapter("what_is_pytorch") }}
#
# **leaf** · a tensor that no recorded operation made. `backward` stores gradients in the leaves
# that require them.
# {{ chapter("autograd") }}
#
# **learning rate** · the number that controls the size of a step against the gradient.
# {{ chapter("training_ladder") }}
#
# **least squares** · finding the unknowns that make the sum of squared errors smallest.
# {{ chapter("linear_algebra") }}
#
# **logits** · the scores that a network gives to the classes, before a softmax. They can be any
# real numbers.
# {{ chapter("training_ladder") }}
#
# **loss** · the error of a model, the number that training makes small.
# {{ chapter("what_is_pytorch") }}
#
# ## M to R
#
# **machine epsilon** · the distance from one to the next larger number of a dtype.
# {{ chapter("tensors") }}
#
# **mask** · an array of booleans that selects elements. In attention it says which positions a
# position may see.
# {{ chapter("attention") }}
#
# **memory-bound** · limited by moving data, not by arithmetic: the arithmetic intensity is below
# the ridge point.
# {{ chapter("matmul") }}
#
# **mini-batch** · the batch of one training step.
# {{ chapter("training_ladder") }}
#
# **momentum** · keeping a part of the last step, so that steps in the same direction add up.
# {{ chapter("training_ladder") }}
#
# **nn.Module** · a part of a model: parameters, buffers and the function that uses them.
# {{ chapter("training_ladder") }}
#
# **ONNX** · a file format for models, with their operations and weights, that programs without
# PyTorch can run.
# {{ chapter("ecosystem") }}
#
# **optimiser** · an object that uses gradients to change parameters, and may keep a state for each
# parameter.
# {{ chapter("training_ladder") }}
#
# **parameter** · a tensor of an `nn.Module` that training changes.
# {{ chapter("training_ladder") }}
#
# **pickle** · Python's own format for objects. Loading a pickle may call any function, so never
# load one from a stranger.
# {{ chapter("saving") }}
#
# **pinned memory** · memory of the host that the operating system may not move, so that a GPU can
# copy from it by itself.
# {{ chapter("data") }}
#
# **profiler** · a tool that records which operations ran, when and for how long.
# {{ chapter("profiler") }}
#
# **promotion** · the rule that finds the dtype of a result from two different dtypes.
# {{ chapter("tensors") }}
#
# **rank** · one of a group of processes that work together; also its number in the group.
# {{ chapter("several_processes") }}
#
# **reduction** · an operation that takes many numbers and returns few, such as a sum.
# {{ chapter("reductions") }}
#
# **reverse mode** · computing the derivatives of one output by all inputs, from the output back.
# This is what `backward` does.
# {{ chapter("autograd_in_depth") }}
#
# **ridge point** · the arithmetic intensity at which a machine's memory and its arithmetic take
# equally long.
# {{ chapter("matmul") }}
#
# **roofline** · a chart of what a machine can attain at each arithmetic intensity.
# {{ chapter("roofline") }}
#
# **runtime** · a program that runs models, such as ONNX Runtime.
# {{ chapter("ecosystem") }}
#
# ## S to Z
#
# **safetensors** · a file format with a header and raw numbers, which cannot contain code.
# {{ chapter("checkpoints") }}
#
# **sampler** · an object that says in which order a `DataLoader` asks for items.
# {{ chapter("data") }}
#
# **scheduler** · an object that changes the learning rate during a training.
# {{ chapter("training_in_practice") }}
#
# **seed** · the number from which a random generator starts. The same seed gives the same numbers
# again.
# {{ chapter("reproducibility") }}
#
# **self time** · the time of an operation without the operations that it called.
# {{ chapter("profiler") }}
#
# **softmax** · exponentials divided by their sum: it turns logits into probabilities.
# {{ chapter("reductions") }}
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
# **storage** · the block of memory that a tensor and its views share.
# {{ chapter("saving") }}
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
# **tape** · autograd's record of the operations of a computation. `backward()` goes through it from
# the end to the start.
# {{ chapter("autograd") }}
#
# **tensor** · PyTorch's array: it has a shape, a dtype and a device, and can require a gradient.
# {{ chapter("what_is_pytorch") }}
#
# **tensor core** · a unit of NVIDIA's GPUs that multiplies small matrices in few bits.
# {{ chapter("precision") }}
#
# **TF32** · a mode of NVIDIA's tensor cores, which multiplies float32 numbers with a shorter
# significand.
# {{ chapter("precision") }}
#
# **tie** · a verdict: the whole interval of a speedup is within 10 % of one.
# {{ chapter("what_is_pytorch") }}
#
# **unit roundoff** · the largest relative error of one rounding: half the machine epsilon.
# {{ chapter("precision") }}
#
# **unsettled** · a verdict: the interval of a speedup is too wide to tell which side is faster.
# {{ chapter("what_is_pytorch") }}
#
# **vector-Jacobian product** · a vector times a Jacobian. `backward` computes it without building
# the Jacobian.
# {{ chapter("autograd") }}
#
# **verdict** · what the interval of a speedup says: faster, slower, tie or unsettled.
# {{ chapter("comparing_machines") }}
#
# **view** · an array or a tensor whose elements are in the memory of another one.
# {{ chapter("views") }}
#
# **warm-up** · calls before the clock is read, so that work that happens only at first is not
# timed.
# {{ chapter("timing") }}
#
# **weight decay** · pulling every weight a little towards zero at each step.
# {{ chapter("training_in_practice") }}
#
# **worker** · a process that loads items for a `DataLoader`.
# {{ chapter("data") }}
#
# **workload** · one computation of this suite, written for both libraries. A *case* is a workload
# at one size, in one dtype, on one number of threads.
# {{ chapter("what_is_pytorch") }}
#
# **world size** · the number of processes in a group.
# {{ chapter("several_processes") }}
#
# ## Where to read on
#
# - The [glossary of NumPy](https://numpy.org/doc/stable/glossary.html) explains the words of
#   arrays.
# - {{ chapter("common_mistakes") }} lists what goes wrong.
