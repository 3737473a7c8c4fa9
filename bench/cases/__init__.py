"""What is compared on what: a case, its contenders and their variants, and the cells of a run."""
