"""What is here: cores, processor, memory, GPUs, precision, and what data sheets promise."""
