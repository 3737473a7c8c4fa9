# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     name: python3
#   accelerator: GPU
# ---

# %% [markdown]
# # Measure on a free GPU
#
# No GPU at hand? A free notebook service, such as Colab or Kaggle, lends one for a few hours. This
# notebook measures NumPy and PyTorch there, shows the answers, and gives you the result file to
# compare with your own machine. The run takes three minutes; installing and building the pages come
# on top.
#
# First choose a machine with a GPU, such as a T4: in Colab, *Runtime → Change runtime type*. Then
# fill in the address of the project below, and run all cells.

# %%
import html
import subprocess
import sys
from pathlib import Path

import torch

REPOSITORY = ""  # the address that `git clone` takes
OPTIONS = []  # of the run, such as ["--budget", "300"]

print(torch.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU")

# %% [markdown]
# Get the project, unless this notebook already lies in it:

# %%
PROJECT = next(
    (folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "bench").is_dir()),
    Path.cwd() / "numpy-vs-pytorch",
)
if not PROJECT.is_dir():
    subprocess.run(["git", "clone", "--depth", "1", REPOSITORY, str(PROJECT)], check=True)

# %% [markdown]
# Install what it needs. The PyTorch that is here was built for this GPU, so it must stay: with a
# constraint on its version, pip stops with an error instead of replacing it.

# %%
constraint = Path("installed.txt")
constraint.write_text(f"torch=={torch.__version__}\n")
pip = [sys.executable, "-m", "pip", "install", "-q", "-e", str(PROJECT), "-c", str(constraint)]
subprocess.run(pip, check=True)

# %% [markdown]
# Measure. The last lines are the answers.

# %%
pytest = [sys.executable, "-m", "pytest", "bench/", "--benchmark-only", "--machine", "free-gpu"]
with subprocess.Popen(
    [*pytest, *OPTIONS], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
) as run:
    for line in run.stdout:
        print(line, end="")

# %% [markdown]
# The first page of the report:

# %%
from IPython.display import HTML, display

page = (PROJECT / "reports" / "site" / "index.html").read_text(encoding="utf-8")
display(HTML(f'<iframe srcdoc="{html.escape(page)}" width="100%" height="1000"></iframe>'))

# %% [markdown]
# Take the result file home:

# %%
result = max((PROJECT / "reports" / "results" / "free-gpu").glob("*.json"))
try:
    from google.colab import files

    files.download(str(result))
except ImportError:
    print(result)

# %% [markdown]
# On your own machine, after a run of your own, two commands say how much sooner the work is done on
# that GPU, and build the pages of both:
#
#     python -m reports compare reports/results/MINE/RUN.json free-gpu.json
#     python -m reports build reports/results/MINE/RUN.json free-gpu.json
